/** A worker whose calls sleep for ever, more of them than there are threads: see workers.ts. */
import process from 'node:process';
import { parentPort } from 'node:worker_threads';
import { linux } from '../../../src/kernel/linux.js';

/** A socket on which the test never writes. */
const SILENT = 3;
const never = () => {
  throw new Error('nobody wrote');
};
for (let index = 0; index < 10; index++) {
  linux.offload('read', [SILENT, new Uint8Array(100)], never);
}

parentPort?.postMessage('up');
parentPort?.once('message', () => process.exit(0));
