import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { quote } from '../../src/cli/quote.js';
import * as f from '../../src/kernel/flags.js';
import { linux } from '../../src/kernel/linux.js';
import { pattern } from '../helpers/claims.js';
import { MAIN } from './program.js';

const GNU = '/usr/bin/tee';
const NEEDS_GNU = existsSync(GNU) ? false : 'needs tee of GNU coreutils';
const INPUT = pattern(300_000);

const folder = mkdtempSync(join(tmpdir(), 'sluice-cli-tee-'));
after(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, 'input'), INPUT);

type Output = 'file' | 'pipe' | 'full' | 'nobody reads';

interface Run {
  readonly parameters: readonly string[];
  readonly input?: string;
  readonly output?: Output;
  /** It ends before its input does: how much has been written by then is chance. */
  readonly ended?: boolean;
}

interface Outcome {
  readonly status: number;
  readonly output: Buffer;
  readonly said: string;
  readonly files: Record<string, Buffer>;
}

const RUNS: readonly Run[] = [
  { parameters: [] },
  { parameters: [], output: 'pipe' },
  { parameters: ['one'] },
  { parameters: ['one', 'two', 'three'], output: 'pipe' },
  { parameters: ['there'] },
  { parameters: ['-a', 'there', 'new'] },
  { parameters: ['--append', '-i', 'there'], output: 'pipe' },
  { parameters: ['-', 'one'] },
  { parameters: ['--', '-a', '--output-error'] },
  { parameters: ['missing/one', 'a b/x', "it's/x", '', 'one'] },
  { parameters: ['--output-error=exit', 'missing/one', 'never'] },
  { parameters: ['.', 'one'] },
  { parameters: ['/dev/full', 'one'] },
  { parameters: ['-a', '/dev/full', 'one'] },
  { parameters: ['--output-error=warn', '/dev/full', 'one'] },
  { parameters: ['--output-error=exit', '/dev/full'], ended: true },
  { parameters: ['--output-error=exit-nopipe', '/dev/full'], output: 'pipe', ended: true },
  { parameters: ['one'], output: 'full' },
  { parameters: ['one'], output: 'nobody reads', ended: true },
  { parameters: ['-p', 'one'], output: 'nobody reads' },
  { parameters: ['--output-error', 'one'], output: 'nobody reads' },
  { parameters: ['--output-error=warn', 'one'], output: 'nobody reads' },
  { parameters: ['--output-error=exit', 'one'], output: 'nobody reads', ended: true },
  { parameters: ['--output-error=exit-nopipe', 'one'], output: 'nobody reads' },
  { parameters: ['-p'], output: 'nobody reads' },
  { parameters: ['one'], input: '.' },
  { parameters: ['one'], input: '/dev/null' },
  { parameters: ['one'], input: '/proc/version' },
];

for (const run of RUNS) {
  const words = ['tee', ...run.parameters.map(quote)].join(' ');
  const title = `${words} into ${run.output ?? 'file'}, from ${run.input ?? 'file'}: as GNU tee`;
  test(title, { skip: NEEDS_GNU }, async () => {
    const theirs = await perform([GNU], run);
    const ours = await perform([process.execPath, MAIN, 'tee'], run);
    assert.deepEqual(ours.said, theirs.said.replaceAll(/^(.*\/)?tee:/gm, 'sluice: tee:'));
    assert.equal(ours.status, theirs.status);
    assert.deepEqual(Object.keys(ours.files), Object.keys(theirs.files));
    const pairs = [[ours.output, theirs.output] as const];
    for (const [name, content] of Object.entries(ours.files)) {
      pairs.push([content, theirs.files[name] as Buffer]);
    }
    for (const [left, right] of pairs) {
      const length = run.ended ? Math.min(left.length, right.length) : undefined;
      assert.equal(Buffer.compare(left.subarray(0, length), right.subarray(0, length)), 0);
    }
  });
}

/** Runs the program in a folder of its own, where a file is there already. */
async function perform([program = '', ...first]: readonly string[], run: Run): Promise<Outcome> {
  const cwd = join(folder, 'cwd');
  mkdirSync(cwd);
  writeFileSync(join(cwd, 'there'), 'before');
  const input = openSync(run.input ?? join(folder, 'input'), 'r');
  const output = openOutput(run.output);
  const stdio = [input, output ?? 'pipe', 'pipe'] as const;
  const child = spawn(program, [...first, ...run.parameters], { cwd, stdio: [...stdio] });
  closeSync(input);
  if (output !== undefined) closeSync(output);
  const pieces: Buffer[] = [];
  let said = '';
  child.stdout?.on('data', (piece: Buffer) => pieces.push(piece));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const [code, signal] = await once(child, 'close');
  const names = readdirSync(cwd).sort();
  const files = Object.fromEntries(names.map((name) => [name, readFileSync(join(cwd, name))]));
  rmSync(cwd, { recursive: true });
  const written = run.output === undefined ? readFileSync(join(folder, 'output')) : undefined;
  return {
    status: signal === 'SIGPIPE' ? 141 : code,
    output: written ?? Buffer.concat(pieces),
    said,
    files,
  };
}

/** Undefined where a pipe is read to its end. */
function openOutput(output: Output = 'file'): number | undefined {
  if (output === 'file') return openSync(join(folder, 'output'), 'w');
  if (output === 'full') return openSync('/dev/full', 'w');
  if (output === 'pipe') return undefined;
  const fds = new Int32Array(2);
  linux.pipe2(0, fds);
  const [reader, writer] = fds as unknown as [number, number];
  linux.close(reader);
  return writer;
}

test('an option or a mode that there is not: status 2', () => {
  for (const parameters of [['--bogus'], ['--output-error=bad'], ['-z', 'file']]) {
    const { status, stderr } = spawnSync(process.execPath, [MAIN, 'tee', ...parameters]);
    assert.equal(status, 2);
    assert.match(`${stderr}`, /^sluice: tee: /);
  }
});

test('-i: an interrupt is ignored; without it ends the command', async () => {
  for (const parameters of [['-i'], []]) {
    const child = spawn(process.execPath, [MAIN, 'tee', ...parameters]);
    child.stdin.write('first');
    await once(child.stdout, 'data');
    child.kill('SIGINT');
    child.stdin.on('error', () => {});
    child.stdin.end('second');
    const rest: Buffer[] = [];
    child.stdout.on('data', (piece: Buffer) => rest.push(piece));
    const [code, signal] = await once(child, 'close');
    if (parameters.length === 0) assert.equal(signal, 'SIGINT');
    else assert.deepEqual([code, `${Buffer.concat(rest)}`], [0, 'second']);
  }
});

test('F5 the descriptions of a shell stay as they are, and every byte arrives', async () => {
  const [input, output] = [new Int32Array(2), new Int32Array(2)];
  for (const fds of [input, output]) linux.pipe2(f.O_CLOEXEC, fds);
  const [inputReader, inputWriter] = input as unknown as [number, number];
  const [outputReader, outputWriter] = output as unknown as [number, number];
  const child = spawn(process.execPath, [MAIN, 'tee', 'f'], {
    cwd: folder,
    stdio: [inputReader, outputWriter, 'inherit'],
  });
  const sent = pattern(50_000);
  assert.equal(linux.write(inputWriter, sent), sent.length);
  linux.close(inputWriter);
  assert.deepEqual(await once(child, 'exit'), [0, null]);
  for (const fd of [inputReader, outputWriter]) {
    assert.equal(linux.fcntl(fd, f.F_GETFL) & f.O_NONBLOCK, 0);
  }
  const received = new Uint8Array(sent.length);
  assert.equal(linux.read(outputReader, received), sent.length);
  assert.equal(Buffer.compare(received, sent), 0);
  assert.equal(Buffer.compare(readFileSync(join(folder, 'f')), sent), 0);
  for (const fd of [inputReader, outputReader, outputWriter]) linux.close(fd);
});
