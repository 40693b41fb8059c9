import assert from 'node:assert/strict';
import {
  type ChildProcess,
  type ChildProcessByStdio,
  type ChildProcessWithoutNullStreams,
  execFileSync,
  execSync,
  fork,
  type SpawnOptions,
  type SpawnSyncReturns,
  spawn,
  spawnSync,
} from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, type readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { test } from 'node:test';
import { pipe } from '../../src/index.js';
import { string } from '../helpers/claims.js';

type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles where the value has exactly this type. */
function exactly<Expected>() {
  return <Actual>(_value: Actual, _same: Same<Actual, Expected>): void => {};
}

test('spawn() without an Fd has the types that Node gives it', async () => {
  const piped = spawn('true');
  exactly<ChildProcessWithoutNullStreams>()(piped, true);
  const withArguments = spawn('true', ['x']);
  exactly<ChildProcessWithoutNullStreams>()(withArguments, true);
  const output = spawn('true', [], { stdio: ['ignore', 'pipe', 'inherit'] });
  exactly<ChildProcessByStdio<null, Readable, null>>()(output, true);
  const numbers = spawn('true', [], { stdio: ['ignore', 2, 'ignore'] });
  exactly<ChildProcess>()(numbers, true);
  const options: SpawnOptions = { stdio: 'ignore' };
  const general = spawn('true', [], options);
  exactly<ChildProcess>()(general, true);
  const children: ChildProcess[] = [piped, withArguments, output, numbers, general];
  await Promise.all(children.map((child) => once(child, 'exit')));
});

test('spawn() takes an Fd, with arguments and without, and only borrows it', async () => {
  using p = pipe();
  const first = spawn('echo', ['one'], { stdio: ['ignore', p.writer, 'inherit'] });
  exactly<ChildProcess>()(first, true);
  await once(first, 'exit');
  const second = spawn('pwd', { cwd: '/', stdio: ['ignore', p.writer, 'inherit'] });
  exactly<ChildProcess>()(second, true);
  await once(second, 'exit');
  await p.writer.write(Buffer.from('three'));
  const buffer = new Uint8Array(100);
  assert.equal(string(buffer.subarray(0, await p.reader.read(buffer))), 'one\n/\nthree');
});

/** As this version of Node's types has it. */
type Bytes = Exclude<ReturnType<typeof readFileSync>, string>;

test('the calls that wait for the child have the types that Node gives them', () => {
  exactly<SpawnSyncReturns<Bytes>>()(spawnSync('true'), true);
  exactly<SpawnSyncReturns<string>>()(spawnSync('true', [], { encoding: 'utf8' }), true);
  exactly<SpawnSyncReturns<Bytes>>()(spawnSync('true', { stdio: ['ignore', 2, 2] }), true);
  exactly<string>()(execFileSync('echo', ['x'], { encoding: 'utf8', stdio: 'pipe' }), true);
  exactly<Bytes>()(execFileSync('true', { stdio: ['ignore', 'pipe', 'inherit'] }), true);
  exactly<string>()(execSync('true', { encoding: 'utf8' }), true);
  exactly<Bytes>()(execSync('true'), true);
});

test('so do they with an Fd, as text or as bytes', async () => {
  using p = pipe();
  const stdio = ['ignore', 'pipe', p.writer] as const;
  const spawned = spawnSync('sh', ['-c', 'echo 1 >&2; echo out'], { stdio, encoding: 'utf8' });
  exactly<SpawnSyncReturns<string>>()(spawned, true);
  assert.equal(spawned.stdout, 'out\n');
  const bytes = spawnSync('pwd', { cwd: '/', stdio: ['ignore', p.writer, 'inherit'] });
  exactly<SpawnSyncReturns<Bytes>>()(bytes, true);
  const text = execFileSync('sh', ['-c', 'echo 2 >&2; echo out'], { stdio, encoding: 'utf8' });
  exactly<string>()(text, true);
  assert.equal(text, 'out\n');
  exactly<Bytes>()(execFileSync('pwd', { cwd: '/', stdio }), true);
  exactly<Bytes>()(execSync('echo 3 >&2', { stdio }), true);
  exactly<string>()(execSync('echo 4 >&2', { stdio, encoding: 'latin1' }), true);
  const buffer = new Uint8Array(100);
  const said = string(buffer.subarray(0, await p.reader.read(buffer)));
  assert.equal(said, '1\n/\n2\n3\n4\n');
});

test('fork() takes an Fd, with arguments and without', async () => {
  using p = pipe();
  const file = join(mkdtempSync(join(tmpdir(), 'sluice-fork-')), 'child.mjs');
  writeFileSync(file, 'console.log(process.argv[2] ?? "none"); process.disconnect();');
  const stdio = ['ignore', p.writer, 'inherit', 'ipc'] as const;
  const first = fork(file, ['given'], { stdio });
  exactly<ChildProcess>()(first, true);
  await once(first, 'exit');
  const second = fork(file, { stdio });
  exactly<ChildProcess>()(second, true);
  await once(second, 'exit');
  rmSync(dirname(file), { recursive: true });
  const buffer = new Uint8Array(100);
  assert.equal(string(buffer.subarray(0, await p.reader.read(buffer))), 'given\nnone\n');
});
