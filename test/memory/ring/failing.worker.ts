/** A worker that cannot open its end, for its descriptors come in another order; then it exits. */
import { parentPort, workerData } from 'node:worker_threads';
import { RingSender } from '../../../src/index.js';

try {
  RingSender.open([...workerData].reverse());
} catch (error) {
  parentPort?.postMessage((error as Error).message);
}
parentPort?.once('message', () => process.exit());
