/** A worker that opens the receiving end, says so, and waits for the first of many messages. */
import { parentPort, workerData } from 'node:worker_threads';
import { RingReceiver } from '../../../src/index.js';

const receiver = RingReceiver.open(workerData);
parentPort?.postMessage('open');
for await (const _ of receiver);
