import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { Gate } from '../../src/cli/relay/gate.js';

const GATE = new URL('../../src/cli/relay/gate.js', import.meta.url).href;
const ROUNDS = 20_000;

/** Counts without Atomics while it is alone; answers how often it passed while another was. */
const BODY = `
  let wrong = 0;
  for (let round = 0; round < ${ROUNDS}; round++) {
    if (round % 3 === 0) gate.alone(() => { cells[0] = 1; cells[1]++; cells[0] = 0; });
    else gate.pass(() => { if (Atomics.load(cells, 0) !== 0) wrong++; });
  }`;
const THREAD = `
  const { parentPort, workerData } = require('node:worker_threads');
  import('${GATE}').then(({ Gate }) => {
    const gate = new Gate(workerData.gate);
    const cells = new Int32Array(workerData.cells);${BODY}
    parentPort.postMessage(wrong);
  });`;

test('Gate: who is alone is alone, among three threads', async () => {
  const cells = new SharedArrayBuffer(8);
  const workerData = { gate: new Gate().memory, cells };
  const threads = [1, 2, 3].map(() => new Worker(THREAD, { eval: true, workerData }));
  const answers = await Promise.all(threads.map((thread) => once(thread, 'message')));
  assert.deepEqual(answers, [[0], [0], [0]]);
  assert.deepEqual([...new Int32Array(cells)], [0, 3 * Math.ceil(ROUNDS / 3)]);
});

test('Gate: an error in either opens it again', () => {
  const gate = new Gate();
  const fail = () => {
    throw new Error('no');
  };
  assert.throws(() => gate.alone(fail), /no/);
  assert.throws(() => gate.pass(fail), /no/);
  assert.equal(
    gate.alone(() => 1),
    1,
  );
  assert.deepEqual([...new Int32Array(gate.memory)], [0, 0]);
});
