import { renameSync } from 'node:fs';
import { workerData } from 'node:worker_threads';

/** Until it is terminated: what is at `door` turns from one thing into the other and back. */
const { door, one, other } = workerData as { door: string; one: string; other: string };

for (;;) {
  renameSync(door, one);
  renameSync(other, door);
  renameSync(door, other);
  renameSync(one, door);
}
