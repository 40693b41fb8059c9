/** A worker with pending waits, some of them about to be woken: see workers.ts. */
import process from 'node:process';
import { parentPort, workerData } from 'node:worker_threads';
import { READABLE } from '../../src/fd/runtime.js';
import { linux } from '../../src/kernel/linux.js';
import { realClock } from '../../src/node/clock.js';
import { createPoller } from '../../src/poll/poller.js';

const poller = createPoller(linux, realClock);
const [silent] = process.stdin.fd === 0 ? [0] : [0];

async function rouse(): Promise<never> {
  for (;;) {
    await poller.wait(workerData, READABLE);
    poller.forget(workerData);
  }
}

void rouse();
void poller.wait(silent as number, READABLE).catch(() => {});
parentPort?.postMessage('up');
parentPort?.once('message', () => process.exit(0));
