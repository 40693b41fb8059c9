// What moves by reference and what is copied, and splices that sleep.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EINTR, EPIPE } from '../../../src/kernel/errno.js';
import { SimKernel } from '../../../src/sim.js';
import { pattern, string, succeeds, text } from '../../helpers/claims.js';
import { receive } from '../../helpers/transfer.js';

function pipeOf(kernel: SimKernel): [reader: number, writer: number] {
  const ends = new Int32Array(2);
  succeeds(kernel.pipe2(0, ends), 0);
  return [ends[0] as number, ends[1] as number];
}

/** Which pages the pipes refer to, slot by slot. */
function pagesOf(kernel: SimKernel): unknown[] {
  return kernel.inspect().objects.map((object) => {
    assert.ok(object.kind === 'pipe');
    return object.state.slots.map(({ page }) => page);
  });
}

test('zero-copy: splice moves references, tee shares them, neither copies a byte', () => {
  const kernel = new SimKernel();
  const [from, writer] = pipeOf(kernel);
  const [middle, to] = pipeOf(kernel);
  const [, copy] = pipeOf(kernel);
  succeeds(kernel.write(writer, pattern(8192)), 8192);
  succeeds(kernel.splice(from, null, to, null, 8192, 0), 8192);
  succeeds(kernel.tee(middle, copy, 8192, 0), 8192);
  const { counters, pagesInUse } = kernel.inspect();
  assert.deepEqual(counters.write, { calls: 1, bytesCopied: 8192, pagesPassed: 0 });
  assert.deepEqual(counters.splice, { calls: 1, bytesCopied: 0, pagesPassed: 2 });
  assert.deepEqual(counters.tee, { calls: 1, bytesCopied: 0, pagesPassed: 2 });
  assert.equal(pagesInUse, 2);
  assert.deepEqual(pagesOf(kernel), [[], [0, 1], [0, 1]]);
  assert.deepEqual(kernel.inspect().pages, [{ references: 2 }, { references: 2 }]);
  receive(kernel, middle);
  assert.deepEqual(kernel.inspect().pages, [{ references: 1 }, { references: 1 }]);
});

test('zero-copy: vmsplice gives the memory itself, also that of JavaScript', () => {
  const kernel = new SimKernel();
  const [reader, writer] = pipeOf(kernel);
  const bytes = text('before');
  succeeds(kernel.vmsplice(writer, [bytes], 0), 6);
  bytes.set(text('after!'));
  assert.equal(string(receive(kernel, reader)), 'after!');
  assert.deepEqual(kernel.inspect().counters.vmsplice, {
    calls: 1,
    bytesCopied: 0,
    pagesPassed: 1,
  });
});

test('splice: part of a slot leaves both parts readable, and nothing of a page is lost', () => {
  const kernel = new SimKernel();
  const [from, writer] = pipeOf(kernel);
  const [reader, to] = pipeOf(kernel);
  succeeds(kernel.write(writer, text('headtail')), 8);
  succeeds(kernel.splice(from, null, to, null, 4, 0), 4);
  assert.deepEqual(pagesOf(kernel), [[0], [0]]);
  assert.equal(string(receive(kernel, reader)), 'head');
  succeeds(kernel.write(writer, text('!')), 1);
  assert.equal(string(receive(kernel, from)), 'tail!');
  assert.equal(kernel.inspect().pagesInUse, 0);
});

/** A kernel whose tasks run when told. */
function stepped() {
  const tasks: (() => void)[] = [];
  const kernel = new SimKernel({ schedule: (task) => tasks.push(task) });
  const run = () => {
    for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) task();
  };
  const results: number[] = [];
  return { kernel, run, results, done: (result: number) => results.push(result) };
}

test('sleep: a splice waits for data, then for room, and is woken for each', () => {
  const { kernel, run, results, done } = stepped();
  const [from, writer] = pipeOf(kernel);
  const [reader, to] = pipeOf(kernel);
  succeeds(kernel.write(to, new Uint8Array(65536)), 65536);
  kernel.offload('splice', [from, null, to, null, 100, 0], done);
  run();
  succeeds(kernel.write(writer, text('moved')), 5);
  run();
  assert.deepEqual(results, []);
  receive(kernel, reader);
  run();
  assert.deepEqual(results, [5]);
  assert.equal(string(receive(kernel, reader)), 'moved');
});

test('sleep: tee and vmsplice wait too, and end with EINTR, 0 or EPIPE', () => {
  const { kernel, run, results, done } = stepped();
  const [from, writer] = pipeOf(kernel);
  const [reader, to] = pipeOf(kernel);
  const ticket = kernel.offload('tee', [from, to, 100, 0], done);
  kernel.offload('tee', [from, to, 100, 0], done);
  kernel.offload('vmsplice', [from, [new Uint8Array(8)], 0], done);
  run();
  kernel.interrupt(ticket);
  run();
  succeeds(kernel.close(writer), 0);
  run();
  assert.deepEqual(results.splice(0), [-EINTR, 0, 0]);
  succeeds(kernel.write(to, new Uint8Array(65536)), 65536);
  kernel.offload('vmsplice', [to, [text('more')], 0], done);
  run();
  succeeds(kernel.close(reader), 0);
  run();
  assert.deepEqual(results, [-EPIPE]);
});
