// Ends with shared memory in every state: see `workers` in test/helpers/doors.ts.
import { parentPort } from 'node:worker_threads';
import { SharedMemory } from '../../../src/index.js';
import { close } from '../../../src/sys.js';

const made = SharedMemory.create(4096);
const again = SharedMemory.open(made.fd, { doorbell: made.doorbell });
const closed = SharedMemory.create(4096);
void closed.wait(0, 0).catch(() => undefined);
await closed.lock(1);
closed.close();
const given = SharedMemory.create(4096);
close(given.fd.release());
given.close();
const unused = SharedMemory.create(4096);
unused.doorbell?.close();

void again.wait(0, 0);
await made.lock(1);
void again.lock(1); // sleeps on a thread
parentPort?.once('message', () => process.exit());
parentPort?.postMessage('ready');
