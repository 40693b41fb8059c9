/** A worker that listens to the I/O signals of a descriptor, and says so at the first. */
import process from 'node:process';
import { parentPort, workerData } from 'node:worker_threads';
import { linux } from '../../src/kernel/linux.js';
import { offload } from '../../src/kernel/offload.js';
import { realClock } from '../../src/node/clock.js';
import { createIoSignals } from '../../src/poll/io-signals.js';
import { createPoller } from '../../src/poll/poller.js';

const ioSignals = createIoSignals(
  {
    kernel: linux,
    clock: realClock,
    poller: createPoller(linux, realClock),
    offload: (name, parameters, signal) => offload(linux, name, parameters, signal),
  },
  process.pid,
);

let count = 0;
for await (const _ of ioSignals(workerData)) if (count++ === 0) parentPort?.postMessage('heard');
