/**
 * A program: 10 workers at once run the module that is its argument, as often as the second one
 * says, 10 times without. Once a worker has sent its message it is terminated, or told to exit by
 * itself. Then no descriptor of theirs may be left. Their workerData: [a descriptor that is always
 * readable, one that never is].
 */
import { readdirSync } from 'node:fs';
import process from 'node:process';
import { Worker } from 'node:worker_threads';
import * as f from '../../src/kernel/flags.js';
import { linux } from '../../src/kernel/linux.js';

const AT_ONCE = 10;
const body = new URL(process.argv[2] as string);
const batches = Number(process.argv[3] ?? 10);
const workerData = [1, 0].map((count) => linux.eventfd(count, f.EFD_CLOEXEC | f.EFD_NONBLOCK));

function oneWorker(terminate: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(body, { workerData });
    worker.once('message', () => {
      if (terminate) void worker.terminate();
      else worker.postMessage('exit');
    });
    worker.once('error', reject);
    worker.once('exit', () => resolve());
  });
}

const count = () => readdirSync('/proc/self/fd').length;

await oneWorker(true);
const before = count();
for (let batch = 0; batch < batches; batch++) {
  await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => oneWorker(index % 2 === 0)));
}
console.log(`${batches * AT_ONCE} workers, ${count() - before} descriptors more`);
