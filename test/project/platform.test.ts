/**
 * Where there is no addon: another platform, an architecture without one, a machine without a
 * compiler.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

/** Run inside the package, so that 'sluice' means this one. */
function node(parameters: string[], environment: NodeJS.ProcessEnv = {}) {
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env;
  const env = { ...inherited, ...environment };
  return spawnSync(process.execPath, parameters, { encoding: 'utf8', env });
}

const CALLS = `
  const sluice = await import('sluice');
  const sys = await import('sluice/sys');
  const { createRuntime, fault, trace } = await import('sluice/sim');
  const clock = { now: Date.now, timer: () => () => {}, yield: async () => {}, random: () => 0 };
  const calls = {
    'a call': () => sys.pipe(),
    'a call as a promise': () => sys.promises.fsync(0),
    'a mapping': () => sys.mmap(null, 1, sys.PROT_READ, sys.MAP_PRIVATE, 0, 0),
    'the kernel': () => sluice.linux.dup(0),
    'the kernel, traced': () => trace(sluice.linux, () => {}).dup(0),
    'the kernel, made to fail': () => fault(sluice.linux, {}).dup(0),
    pipe: () => sluice.pipe(),
    open: () => sluice.open('package.json'),
    adopt: () => sluice.adopt(0),
    ioSignals: () => sluice.ioSignals(0),
    'another runtime': () => createRuntime({ kernel: sluice.linux, clock }).socketPair(),
  };
  for (const [name, call] of Object.entries(calls)) {
    await Promise.resolve().then(call).then(
      () => console.log(name, 'worked'),
      ({ code, message, cause }) => {
        if (code !== 'ERR_SLUICE_UNSUPPORTED_PLATFORM') console.log(name, code, message);
        else console.log(message, cause === undefined ? 'no cause' : cause.code);
      },
    );
  }
  console.log(Object.keys(calls).length, 'calls');
`;

/** All calls failed in the same way, which is answered. */
function failure(stdout: string): string {
  const lines = stdout.trim().split('\n');
  assert.equal(lines.pop(), '11 calls', stdout);
  assert.equal(new Set(lines).size, 1, stdout);
  return lines[0] as string;
}

test('elsewhere importing works, and a call throws ERR_SLUICE_UNSUPPORTED_PLATFORM', () => {
  const elsewhere = "Object.defineProperty(process, 'platform', { value: 'darwin' });";
  const { stdout, stderr, status } = node(['--input-type=module', '-e', elsewhere + CALLS]);
  assert.equal(status, 0, stderr);
  const expected = 'sluice calls Linux, and this is darwin: use sluice/sim here no cause';
  assert.equal(failure(stdout), expected);
});

test('elsewhere sluice/sim works: its kernel, and the flows on it', () => {
  const code = `
    Object.defineProperty(process, 'platform', { value: 'darwin' });
    const { createRuntime, Scheduler, SimKernel } = await import('sluice/sim');
    const scheduler = new Scheduler();
    const kernel = new SimKernel(scheduler);
    const { pipe, copy } = createRuntime({ kernel, clock: scheduler.clock });
    const [from, to] = [pipe(), pipe()];
    kernel.write(from.writer.fd, new Uint8Array(5));
    console.log((await scheduler.run(copy(from.reader, to.writer, { limit: 5 }))).bytes);`;
  const missing = { SLUICE_ADDON: '/nonexistent/sluice.node' };
  const { stdout, stderr } = node(['--input-type=module', '-e', code], missing);
  assert.equal(stdout, '5\n', stderr);
});

test('where no addon can be loaded it is the same, and the cause is told', () => {
  const missing = { SLUICE_ADDON: '/nonexistent/sluice.node' };
  const { stdout, stderr, status } = node(['--input-type=module', '-e', CALLS], missing);
  assert.equal(status, 0, stderr);
  const expected = `sluice: no addon for linux ${process.arch} MODULE_NOT_FOUND`;
  assert.equal(failure(stdout), expected);
});

test('without a compiler the build says which one it looked for, and how to get one', () => {
  const { stderr, status } = node(['scripts/build.mjs'], { CC: 'no-such-compiler' });
  assert.equal(status, 1);
  assert.match(stderr, /^sluice: no C compiler: 'no-such-compiler' was not found\. Install one/m);
  assert.match(stderr, /apt-get install gcc/);
});
