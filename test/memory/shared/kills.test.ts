// SLUICE_KILLS=1000: as many as the issue asks. SLUICE_SEED repeats a run.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { SharedMemory } from '../../../src/index.js';
import { compileC, withoutCompiler } from '../../helpers/compiler.js';
import { node, onBothDoors, outcome, workers } from '../../helpers/doors.js';
import { killHolders } from './kills.js';
import { nodePeer, type Peer, startPeer } from './peers.js';

const skip = withoutCompiler();
const KILLS = Number(process.env.SLUICE_KILLS ?? 200);
const SEED = Number(process.env.SLUICE_SEED ?? Date.now() % 2 ** 31);
/** A Node takes long to begin. */
const NODES = Math.ceil(KILLS / 20);

/** What `hold` of peer.program.ts does, by the same rules: it begins a hundred times as fast. */
const HOLDER = `
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static int lock(int fd, short type) {
  struct flock range = {.l_type = type, .l_whence = SEEK_SET, .l_start = 0, .l_len = 4};
  return fcntl(fd, F_OFD_SETLKW, &range);
}

int main(void) {
  const uint64_t one = 1;
  const int fd = open("/proc/self/fd/3", O_RDWR | O_CLOEXEC);
  _Atomic int32_t *words = mmap(NULL, 64, PROT_READ | PROT_WRITE, MAP_SHARED, 3, 0);
  if (fd < 0 || words == MAP_FAILED) return 1;
  for (;;) {
    if (lock(fd, F_WRLCK) != 0) return 2;
    words[0] = getpid();
    words[1]++;
    for (volatile int times = 0; times < 20000; times++);
    words[2] = words[1];
    if (atomic_exchange(&words[3], getpid()) == 0 && write(4, &one, 8) != 8) return 3;
    words[0] = 0;
    if (lock(fd, F_UNLCK) != 0) return 4;
  }
}
`;

async function kill(t: TestContext, count: number, start: (shared: SharedMemory) => Peer) {
  t.diagnostic(`SLUICE_SEED=${SEED}`);
  const { abandoned, longestMs } = await killHolders(SEED, count, start);
  t.diagnostic(`${count} killed, ${abandoned} with the lock; ${longestMs.toFixed(1)} ms at most`);
  assert.ok(longestMs < 1000);
  return abandoned;
}

test(`S4: ${KILLS - NODES} holders in C are killed at any moment`, { skip }, async (t) => {
  const program = compileC(t, HOLDER);
  const abandoned = await kill(t, KILLS - NODES, (shared) => startPeer(shared, program));
  assert.ok(abandoned > 0);
});

test(`S4: ${NODES} holders in Node are killed at any moment`, async (t) => {
  await kill(t, NODES, (shared) => nodePeer(shared, 'hold'));
});

test('S4: a worker that is terminated keeps no lock', async () => {
  using shared = SharedMemory.create(64);
  const numbers = [shared.fd.fd, shared.doorbell?.fd];
  const module = new URL('./holding.worker.js', import.meta.url);
  const worker = new Worker(module, { workerData: numbers });
  await once(worker, 'message');
  const waiting = shared.lock(0);
  await worker.terminate();
  using held = await waiting;
  assert.deepEqual([held.abandoned, held.formerOwner], [true, process.pid]);
});

onBothDoors('S4: workers that end with shared memory in use leave nothing', async (door) => {
  const child = node(workers(new URL('./leaving.worker.js', import.meta.url), 1), door);
  assert.deepEqual(await outcome(child), ['10 workers, 0 descriptors more\n', 0]);
});
