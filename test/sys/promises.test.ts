import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as sys from 'sluice/sys';
import type { SystemError } from '../../src/kernel/error.js';
import { SLEEPING_CALLS, type SleepingCall } from '../../src/kernel/kernel.js';
import { pattern } from '../helpers/claims.js';

type Call = (...parameters: unknown[]) => unknown;
type PromisedCall = (...parameters: unknown[]) => Promise<unknown>;

const BUFFER = new Uint8Array(8);
const PAGE = sys.mmap(null, 4096, sys.PROT_READ, sys.MAP_PRIVATE | sys.MAP_ANONYMOUS, -1, 0);

/** Parameters of the right types; no descriptor is open, so each call fails without sleeping. */
const RIGHT: Record<SleepingCall, readonly unknown[]> = {
  read: [-1, BUFFER],
  write: [-1, BUFFER],
  readv: [-1, [BUFFER]],
  writev: [-1, [BUFFER]],
  pread: [-1, BUFFER, 0],
  pwrite: [-1, BUFFER, 0],
  preadv: [-1, [BUFFER], 0],
  pwritev: [-1, [BUFFER], 0],
  preadv2: [-1, [BUFFER], 0, 0],
  pwritev2: [-1, [BUFFER], 0, 0],
  fcntl: [-1, sys.F_OFD_SETLKW, { type: sys.F_WRLCK, whence: sys.SEEK_SET, start: 0, len: 1 }],
  splice: [-1, null, -1, null, 1, 0],
  tee: [-1, -1, 1, 0],
  vmsplice: [-1, [BUFFER], 0],
  accept4: [-1, 0],
  connect: [-1, { family: 'inet', address: '127.0.0.1', port: 1 }],
  send: [-1, BUFFER, 0],
  recv: [-1, BUFFER, 0],
  sendmsg: [-1, [BUFFER], null, 0],
  recvmsg: [-1, [BUFFER], 1, 0],
  openat: [-1, 'relative', 0, 0],
  openat2: [-1, 'relative', { flags: 0 }],
  fallocate: [-1, 0, 0, 1],
  sendfile: [-1, -1, null, 1],
  copy_file_range: [-1, null, -1, null, 1, 0],
  fsync: [-1],
  fdatasync: [-1],
  msync: [PAGE, sys.MS_SYNC],
};

const WRONG = [
  undefined,
  null,
  {},
  [],
  'x',
  '\0',
  true,
  1.5,
  Number.NaN,
  2 ** 53,
  -1,
  -1n,
  2n ** 64n,
];

/** What a caller can see of an outcome. */
function seen(outcome: unknown): unknown {
  if (!(outcome instanceof Error)) return outcome;
  const { name, message, code, errno, syscall, fd, path } = outcome as SystemError;
  return { name, message, code, errno, syscall, fd, path };
}

function now(call: Call, parameters: readonly unknown[]): unknown {
  try {
    return call(...parameters);
  } catch (error) {
    return error;
  }
}

function functionOf<Shape>(module: object, name: string): Shape {
  return Reflect.get(module, name) as Shape;
}

for (const name of SLEEPING_CALLS) {
  test(`sys.promises.${name}() answers what sys.${name}() does, right or wrong`, async () => {
    const here = functionOf<Call>(sys, name);
    const there = functionOf<PromisedCall>(sys.promises, name);
    const cases = [RIGHT[name]];
    for (const index of RIGHT[name].keys()) {
      for (const wrong of WRONG) cases.push(RIGHT[name].with(index, wrong));
    }
    for (const parameters of cases) {
      const later = await there(...parameters).catch((error: unknown) => error);
      assert.deepEqual(seen(later), seen(now(here, parameters)));
    }
    const bad = there(...RIGHT[name], { signal: 'none' });
    await assert.rejects(bad, { code: 'ERR_INVALID_ARG_TYPE', message: /options\.signal/ });
    const aborted = there(...RIGHT[name], { signal: AbortSignal.abort('before') });
    await assert.rejects(aborted, { name: 'AbortError', code: 'ABORT_ERR', cause: 'before' });
  });
}

test('sys.promises: every sleeping call is there, and nothing else', () => {
  assert.deepEqual(Object.keys(sys.promises).sort(), [...SLEEPING_CALLS].sort());
});

test('sys.promises: a connection is accepted, with the address of its peer', async () => {
  const listener = sys.socket(sys.AF_INET, sys.SOCK_STREAM | sys.SOCK_CLOEXEC, 0);
  sys.bind(listener, { family: 'inet', address: '127.0.0.1', port: 0 });
  sys.listen(listener, 1);
  const accepting = sys.promises.accept4(listener, sys.SOCK_CLOEXEC);
  const client = sys.socket(sys.AF_INET, sys.SOCK_STREAM | sys.SOCK_CLOEXEC, 0);
  assert.equal(await sys.promises.connect(client, sys.getsockname(listener)), 0);
  const { fd, address } = await accepting;
  assert.deepEqual(address, sys.getsockname(client));
  for (const one of [listener, client, fd]) sys.close(one);
});

test('sys.promises: views of any kind are filled, in place', async () => {
  const file = sys.memfd_create('views', sys.MFD_CLOEXEC);
  assert.equal(await sys.promises.write(file, pattern(64)), 64);
  const floats = new Float64Array(4);
  const shared = new SharedArrayBuffer(16);
  const plain = new ArrayBuffer(16);
  assert.equal(await sys.promises.preadv(file, [floats, shared, plain], 0), 64);
  const seenBytes = [floats.buffer, shared, plain].flatMap((buffer) => [...new Uint8Array(buffer)]);
  assert.deepEqual(seenBytes, [...pattern(64)]);
  sys.close(file);
});

test('sys.promises: an abort rejects with AbortError and wakes the call', async () => {
  const [reader, writer] = sys.pipe2(sys.O_CLOEXEC);
  const controller = new AbortController();
  const reading = sys.promises.read(reader, BUFFER, { signal: controller.signal });
  controller.abort('enough');
  await assert.rejects(reading, { name: 'AbortError', code: 'ABORT_ERR', cause: 'enough' });
  for (const fd of [reader, writer]) sys.close(fd);
});

test('sys.promises: an abort of a call that is over does not change its result', async () => {
  const [reader, writer] = sys.pipe2(sys.O_CLOEXEC);
  const controller = new AbortController();
  const writing = sys.promises.write(writer, BUFFER, { signal: controller.signal });
  while (sys.ioctl(reader, sys.FIONREAD) === 0);
  controller.abort();
  assert.equal(await writing, BUFFER.length);
  for (const fd of [reader, writer]) sys.close(fd);
});

test('sys.promises: openat makes files with 0o666 where no mode is given', async () => {
  const flags = sys.O_TMPFILE | sys.O_RDWR | sys.O_CLOEXEC;
  const [here, there] = [
    sys.openat(sys.AT_FDCWD, '.', flags),
    await sys.promises.openat(sys.AT_FDCWD, '.', flags),
  ];
  assert.equal(sys.fstat(there).mode, sys.fstat(here).mode);
  for (const fd of [here, there]) sys.close(fd);
});
