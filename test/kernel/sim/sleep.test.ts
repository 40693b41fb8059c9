import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EBADF, EDEADLK, EINTR, EINVAL, ESRCH } from '../../../src/kernel/errno.js';
import { SimKernel } from '../../../src/sim.js';
import { failsWith, pattern, string, succeeds, text } from '../../helpers/claims.js';

/** A kernel whose tasks run when told, and a blocking pipe. */
function scene() {
  const tasks: (() => void)[] = [];
  const kernel = new SimKernel({ schedule: (task) => tasks.push(task) });
  const run = () => {
    for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) task();
  };
  const ends = new Int32Array(2);
  succeeds(kernel.pipe2(0, ends), 0);
  const [reader, writer] = [ends[0] as number, ends[1] as number];
  const results: number[] = [];
  const done = (result: number) => results.push(result);
  return { kernel, tasks, run, reader, writer, results, done };
}

test('sleep: a plain call that would sleep answers what has moved, or −EDEADLK', () => {
  const { kernel, reader, writer } = scene();
  failsWith(kernel.read(reader, new Uint8Array(1)), EDEADLK);
  succeeds(kernel.write(writer, new Uint8Array(100_000)), 65536);
  failsWith(kernel.write(writer, new Uint8Array(1)), EDEADLK);
});

test('sleep: an offloaded read sleeps until there is data, and fills the memory when done', () => {
  const { kernel, run, reader, writer, results, done } = scene();
  const bytes = new Uint8Array(8);
  assert.ok(kernel.offload('read', [reader, bytes], done) > 0);
  run();
  assert.deepEqual(results, []);
  succeeds(kernel.write(writer, text('now')), 3);
  assert.deepEqual([results.length, bytes[0]], [0, 0]);
  run();
  assert.deepEqual(results, [3]);
  assert.equal(string(bytes.subarray(0, 3)), 'now');
});

test('sleep: a vector is filled piece by piece, up to the answer', () => {
  const { kernel, run, reader, writer, results, done } = scene();
  const pieces = [new Uint8Array(2), new Uint8Array(0), new Uint8Array(4).fill(0x7e)];
  kernel.offload('readv', [reader, pieces], done);
  run();
  succeeds(kernel.write(writer, text('abc')), 3);
  run();
  assert.deepEqual(results, [3]);
  assert.deepEqual(pieces.map(string), ['ab', '', 'c~~~']);
});

test('sleep: an offloaded write goes on until all is in, with the bytes of the beginning', () => {
  const { kernel, run, reader, writer, results, done } = scene();
  const sent = pattern(200_001);
  const memory = sent.slice();
  kernel.offload('write', [writer, memory], done);
  memory.fill(0);
  const received: number[] = [];
  const bytes = new Uint8Array(5000);
  while (results.length === 0 || received.length < sent.length) {
    run();
    received.push(...bytes.subarray(0, succeeds(kernel.read(reader, bytes))));
  }
  assert.deepEqual(results, [sent.length]);
  assert.deepEqual(Uint8Array.from(received), sent);
});

test('sleep: an interrupt is EINTR, or the count of what has moved; later −ESRCH', () => {
  const { kernel, run, reader, writer, results, done } = scene();
  const reading = kernel.offload('read', [reader, new Uint8Array(1)], done);
  run();
  succeeds(kernel.interrupt(reading), 0);
  run();
  const writing = kernel.offload('write', [writer, new Uint8Array(100_000)], done);
  run();
  succeeds(kernel.interrupt(writing), 0);
  run();
  const queued = kernel.offload('read', [reader, new Uint8Array(1)], done);
  succeeds(kernel.interrupt(queued), 0);
  run();
  assert.deepEqual(results, [-EINTR, 65536, -EINTR]);
  failsWith(kernel.interrupt(writing), ESRCH);
});

test('sleep: one write wakes one reader, and who leaves some of it wakes the next', () => {
  const { kernel, run, reader, writer, results, done } = scene();
  for (let count = 0; count < 3; count++) {
    kernel.offload('read', [reader, new Uint8Array(2)], done);
  }
  run();
  succeeds(kernel.write(writer, text('abc')), 3);
  run();
  assert.deepEqual(results, [2, 1]);
  succeeds(kernel.close(writer), 0);
  run();
  assert.deepEqual(results, [2, 1, 0]);
});

test('sleep: the call keeps its description while it sleeps', () => {
  const { kernel, run, reader, writer, results, done } = scene();
  kernel.offload('read', [reader, new Uint8Array(2)], done);
  run();
  succeeds(kernel.close(reader), 0);
  succeeds(kernel.write(writer, text('ab')), 2);
  run();
  assert.deepEqual(results, [2]);
});

test('sleep: what cannot be decoded is refused at once, a bad descriptor when it is made', () => {
  const { kernel, run, results, done } = scene();
  failsWith(kernel.offload('read', ['x' as unknown as number, new Uint8Array(1)], done), EBADF);
  failsWith(kernel.offload('dup' as 'read', [0, new Uint8Array(1)], done), EINVAL);
  kernel.offload('read', [77, new Uint8Array(1)], done);
  run();
  assert.deepEqual(results, [-EBADF]);
});
