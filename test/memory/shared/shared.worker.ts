// The other side of a test in shared.test.ts: takes turns with the thread that made the memory.
import { workerData } from 'node:worker_threads';
import { SharedMemory } from '../../../src/index.js';

const [fd, doorbell] = workerData as [number, number];
const shared = SharedMemory.open({ fd }, { doorbell: { fd: doorbell } });
const words = new Int32Array(shared.buffer);
for (let turn = 0; turn < 100; turn += 2) {
  await shared.wait(0, turn);
  using _held = await shared.lock(1);
  words[2] = (words[2] as number) + 1;
  Atomics.store(words, 0, turn + 2);
  shared.notify();
}
shared.close();
