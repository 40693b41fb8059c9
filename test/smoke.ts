/**
 * The calls and the poller in any runtime with Node-API: run by the test command in Bun and Deno,
 * whose node:test cannot run the suite.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as sys from 'sluice/sys';
import { READABLE } from '../src/fd/runtime.js';
import { linux } from '../src/kernel/linux.js';
import { realClock } from '../src/node/clock.js';
import { createPoller } from '../src/poll/poller.js';

const [reader, writer] = sys.pipe2(sys.O_CLOEXEC | sys.O_NONBLOCK);
assert.equal(linux.write(writer, new TextEncoder().encode('hello')), 5);
const bytes = new Uint8Array(16);
assert.equal(linux.read(reader, bytes), 5);
assert.equal(new TextDecoder().decode(bytes.subarray(0, 5)), 'hello');

const [next, last] = sys.pipe2(sys.O_CLOEXEC);
assert.equal(linux.write(writer, new Uint8Array(4096)), 4096);
assert.equal(sys.splice(reader, null, last, null, 65536, 0), 4096);
assert.throws(() => sys.splice(reader, null, last, null, 1, 0), { code: 'EAGAIN', errno: -11 });
assert.equal(linux.read(-1, bytes), -9);
assert.equal(linux.read(next, null as unknown as Uint8Array), -14);
assert.equal(linux.fcntl(next, sys.F_GETPIPE_SZ), 65536);
const copy = linux.dup(next);
assert.ok(copy > next);
for (const fd of [reader, writer, next, last, copy]) assert.equal(linux.close(fd), 0);

const address = linux.mmap(
  0,
  4096,
  sys.PROT_READ | sys.PROT_WRITE,
  sys.MAP_PRIVATE | sys.MAP_ANONYMOUS,
  -1,
  0,
);
assert.ok(address > 0);
assert.equal(linux.store(address, new Uint8Array([1, 2, 3])), 3);
const view = linux.view(address, 4096);
assert.ok(view instanceof ArrayBuffer);
assert.deepEqual([...new Uint8Array(view, 0, 3)], [1, 2, 3]);
assert.equal(linux.detach(view), 0);
assert.equal(view.byteLength, 0);
assert.equal(linux.munmap(address, 4096), 0);

/** The door of readiness, which is a thread here. */
const [quiet, loud] = sys.pipe2(sys.O_CLOEXEC | sys.O_NONBLOCK);
const poller = createPoller(linux, realClock);
for (let round = 0; round < 100; round++) {
  const wait = poller.wait(quiet, READABLE);
  assert.equal(linux.write(loud, new Uint8Array(1)), 1);
  await wait;
  assert.equal(linux.read(quiet, bytes), 1);
}
poller.forget(quiet);
for (const fd of [quiet, loud]) assert.equal(linux.close(fd), 0);

/** The whole seam: 10,000 failing calls cost nothing but time. */
for (let index = 0; index < 10_000; index++) assert.equal(linux.dup(-1), -9);
assert.equal(spawnSync('true').status, 0);
console.log('smoke: the calls and the poller work');
