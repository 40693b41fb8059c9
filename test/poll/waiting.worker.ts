/** A worker with a wait that never ends and one that always does: see workers.ts. */
import process from 'node:process';
import { parentPort, workerData } from 'node:worker_threads';
import { READABLE } from '../../src/fd/runtime.js';
import { linux } from '../../src/kernel/linux.js';
import { realClock } from '../../src/node/clock.js';
import { createPoller } from '../../src/poll/poller.js';

const poller = createPoller(linux, realClock);
const [busy, silent] = workerData;

async function waitForEver(): Promise<never> {
  for (;;) {
    await poller.wait(busy, READABLE);
    poller.forget(busy);
  }
}

void poller.wait(silent, READABLE);
void waitForEver();
parentPort?.postMessage('up');
parentPort?.once('message', () => process.exit(0));
