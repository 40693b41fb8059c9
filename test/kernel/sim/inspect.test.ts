import assert from 'node:assert/strict';
import { test } from 'node:test';
import { F_GETFL, O_NONBLOCK, O_WRONLY } from '../../../src/kernel/flags.js';
import { SimKernel } from '../../../src/sim.js';
import { succeeds, text } from '../../helpers/claims.js';

test('inspect: tables, descriptions and a pipe with its slots, as JSON', () => {
  const kernel = new SimKernel();
  const ends = new Int32Array(2);
  succeeds(kernel.pipe2(O_NONBLOCK, ends), 0);
  succeeds(kernel.dup(1), 2);
  succeeds(kernel.write(1, text('hello')), 5);
  const child = kernel.fork();
  succeeds(child.close(0), 0);
  const snapshot = kernel.inspect();
  assert.deepEqual(JSON.parse(JSON.stringify(snapshot)), snapshot);
  assert.deepEqual(
    snapshot.processes.map(({ descriptors }) => descriptors.map(({ fd }) => fd)),
    [
      [0, 1, 2],
      [1, 2],
    ],
  );
  const flags = kernel.fcntl(1, F_GETFL);
  assert.equal(flags, O_WRONLY | O_NONBLOCK);
  assert.deepEqual(snapshot.descriptions, [
    { object: 0, flags: O_NONBLOCK, offset: '0', references: 1 },
    { object: 0, flags, offset: '0', references: 4 },
  ]);
  const slot = { page: 0, offset: 0, length: 5, isMergeable: true, isPacket: false };
  assert.deepEqual(snapshot.objects, [
    { kind: 'pipe', state: { inode: 1, slotLimit: 16, readers: 1, writers: 1, slots: [slot] } },
  ]);
  assert.deepEqual([snapshot.pages, snapshot.pagesInUse], [[{ references: 1 }], 1]);
  assert.deepEqual(snapshot.counters.write, { calls: 1, bytesCopied: 5, pagesPassed: 0 });
});

test('inspect: nothing is left of a machine whose descriptors are closed', () => {
  const kernel = new SimKernel();
  succeeds(kernel.pipe2(0, new Int32Array(2)), 0);
  succeeds(kernel.write(1, new Uint8Array(65536)), 65536);
  for (const fd of [0, 1]) succeeds(kernel.close(fd), 0);
  const { descriptions, objects, pagesInUse } = kernel.inspect();
  assert.deepEqual([descriptions, objects, pagesInUse], [[], [], 0]);
});
