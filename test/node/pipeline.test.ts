import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { type Command, open, type Pipeline, pipe, pipeline } from '../../src/index.js';
import { openFiles } from '../helpers/flows.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-pipeline-'));
after(() => rmSync(folder, { recursive: true }));

const said = async (running: Pipeline) =>
  text(running.stdout as NonNullable<typeof running.stdout>);

test('children are joined by pipes, and nothing stays open', async () => {
  const before = openFiles();
  const commands = [
    ['seq', '200000'],
    ['sort', '-n'],
    ['tail', '-n', '1'],
  ] as const;
  const running = pipeline(commands, { stdout: 'pipe', capacity: 1 << 18 });
  assert.equal(await said(running), '200000\n');
  const { code, children } = await running;
  assert.equal(code, 0);
  assert.deepEqual(
    children.map(({ command, code, signal }) => [command, code, signal]),
    commands.map((command) => [command, 0, null]),
  );
  assert.deepEqual(
    children.map(({ pid }) => pid),
    running.children.map(({ pid }) => pid),
  );
  assert.deepEqual(openFiles(), before);
});

test('each child has one end of one pipe, of the capacity asked for, and no other', async () => {
  const script =
    'import os, fcntl; print(fcntl.fcntl(0, 1032), len(os.listdir("/proc/self/fd")), ' +
    '*[os.readlink(f"/proc/self/fd/{n}") for n in (0, 1)])';
  const python = ['python3', '-c', script] as const;
  const running = pipeline([['sleep', '0'], python, ['cat']], {
    stdout: 'pipe',
    capacity: 1 << 17,
  });
  const [capacity, count, input, output] = (await said(running)).trim().split(' ');
  await running;
  assert.equal(capacity, `${1 << 17}`);
  assert.ok(input?.startsWith('pipe:') && output?.startsWith('pipe:') && input !== output);
  using alone = pipe();
  const [program, ...parameters] = python;
  const stdio = [alone.reader.fd, 'pipe', 'inherit'] as const;
  const { stdout } = spawnSync(program, parameters, { stdio: [...stdio], encoding: 'utf8' });
  assert.equal(count, stdout.split(' ')[1]);
});

test('pipefail: the last code that is not 0, and 128 more for a signal', async () => {
  const codes = async (...commands: string[]) =>
    (await pipeline(commands.map((command): Command => ['sh', '-c', command]))).code;
  assert.equal(await codes('exit 0', 'exit 0'), 0);
  assert.equal(await codes('exit 3', 'exit 0'), 3);
  assert.equal(await codes('exit 3', 'exit 4', 'exit 0'), 4);
  assert.equal(await codes('kill -KILL $$', 'exit 0'), 137);
  assert.equal(await codes('exit 5'), 5);
});

test('a reader that ends ends its writer by SIGPIPE', async () => {
  const running = pipeline([['yes'], ['head', '-n', '2']], { stdout: 'pipe' });
  assert.equal(await said(running), 'y\ny\n');
  const { code, children } = await running;
  assert.equal(code, 141);
  assert.equal(children[0]?.signal, 'SIGPIPE');
});

test('the ends are what was asked for', async () => {
  const output = await open(join(folder, 'output'), 'w');
  const { reader, writer } = pipe();
  const running = pipeline([['cat'], ['tr', 'a-z', 'A-Z']], { stdin: reader, stdout: output });
  reader.close();
  await writer.write(Buffer.from('by descriptor'));
  writer.close();
  assert.equal((await running).code, 0);
  output.close();
  assert.equal(readFileSync(join(folder, 'output'), 'utf8'), 'BY DESCRIPTOR');
  const piped = pipeline([['cat'], ['cat']], { stdin: 'pipe', stdout: 'pipe' });
  piped.stdin?.end('by stream');
  assert.equal(await said(piped), 'by stream');
  const nothing = pipeline([['cat'], ['wc', '-c']], { stdin: 'ignore', stdout: 'pipe' });
  assert.equal((await said(nothing)).trim(), '0');
});

test('taps get what one child says to the next', async () => {
  const before = openFiles();
  const file = await open(join(folder, 'tap'), 'w');
  const full = await open('/dev/full', 'w');
  const running = pipeline(
    [
      ['seq', '100000'],
      ['wc', '-l'],
    ],
    {
      stdout: 'pipe',
      taps: { 0: [file, full] },
    },
  );
  assert.equal((await said(running)).trim(), '100000');
  const { code, taps } = await running;
  assert.equal(code, 0);
  const [next, tapped, lost] = taps[0]?.targets ?? [];
  assert.deepEqual([next?.bytes, tapped?.bytes], [588895, 588895]);
  assert.match(`${lost?.error}`, /ENOSPC/);
  const expected = spawnSync('seq', ['100000']).stdout;
  assert.equal(Buffer.compare(readFileSync(join(folder, 'tap')), expected), 0);
  file.close();
  full.close();
  assert.deepEqual(openFiles(), before);
});

test('a tap does not keep a writer alive whose reader has ended', async () => {
  using file = await open(join(folder, 'short'), 'w');
  const running = pipeline([['yes'], ['head', '-n', '1']], { stdout: 'pipe', taps: { 0: [file] } });
  assert.equal(await said(running), 'y\n');
  assert.equal((await running).children[0]?.signal, 'SIGPIPE');
});

test('an abort ends every child', async () => {
  const before = openFiles();
  const controller = new AbortController();
  const running = pipeline([['sleep', '1000'], ['cat'], ['cat']], {
    signal: controller.signal,
    taps: { 1: [2] },
  });
  await Promise.all(running.children.map((child) => once(child, 'spawn')));
  controller.abort('enough');
  await assert.rejects(running, { name: 'AbortError', cause: 'enough' });
  for (const { exitCode, signalCode } of running.children)
    assert.notEqual(exitCode ?? signalCode, null);
  assert.deepEqual(openFiles(), before);
  const late = pipeline([['sleep', '1000']], { signal: controller.signal });
  await assert.rejects(late, { name: 'AbortError' });
  assert.equal(late.children.length, 0);
});

test('a command that cannot be started ends the others and rejects', async () => {
  const before = openFiles();
  for (const commands of [
    [['no-such-program'], ['cat']],
    [['sleep', '1000'], ['no-such-program'], ['cat']],
    [['sleep', '1000'], ['no-such-program']],
  ] as Command[][]) {
    const running = pipeline(commands, { stdin: 'ignore', taps: {} });
    await assert.rejects(running, { code: 'ENOENT', path: 'no-such-program' });
    for (const child of running.children) {
      assert.ok(child.pid === undefined || (child.exitCode ?? child.signalCode) !== null);
    }
  }
  await assert.rejects(pipeline([['cat'], ['cat']], { capacity: 2 ** 31 }), {
    code: /^E(INVAL|PERM)$/,
  });
  assert.deepEqual(openFiles(), before);
});

test('arguments that make no sense are named', async () => {
  const wrong: [unknown, unknown, RegExp][] = [
    ['cat', {}, /"commands"/],
    [[], {}, /"commands"/],
    [[['cat'], 'cat'], {}, /"commands\[1\]"/],
    [[['cat']], { signal: 1 }, /"signal"/],
    [[['cat'], ['cat']], { taps: { 1: [] } }, /"taps"/],
    [[['cat'], ['cat']], { capacity: 'large' }, /"capacity"/],
  ];
  for (const [commands, options, message] of wrong) {
    await assert.rejects(pipeline(commands as Command[], options as object), { message });
  }
});

test('beside other runners: a pipe of sluice in anybody else’s stdio', async () => {
  using joint = pipe();
  const writing = spawn('seq', ['3'], { stdio: ['ignore', joint.writer, 'inherit'] });
  const running = pipeline([['cat'], ['wc', '-l']], { stdin: joint.reader, stdout: 'pipe' });
  joint[Symbol.dispose]();
  assert.equal((await said(running)).trim(), '3');
  await running;
  if (writing.exitCode === null) await once(writing, 'exit');
});
