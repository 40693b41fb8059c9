// Holds a lock until it is terminated.
import { parentPort, workerData } from 'node:worker_threads';
import { SharedMemory } from '../../../src/index.js';

const [fd, doorbell] = workerData as [number, number];
const shared = SharedMemory.open({ fd }, { doorbell: { fd: doorbell } });
await shared.lock(0);
parentPort?.postMessage('holds it');
await shared.wait(1, 0);
