// Processes that share memory: atomics, waits, and one that would harm the others.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { SharedMemory, socketPair } from '../../../src/index.js';
import { compileC, withoutCompiler } from '../../helpers/compiler.js';
import { nodePeer } from './peers.js';

const skip = withoutCompiler();
const PAGE = 4096;

/** SLUICE_HANDOFFS=1000000: as many as the issue asks, and how long they took is printed. */
const HANDOFFS = Number(process.env.SLUICE_HANDOFFS ?? 100_000);

/** Tries to take away the memory that it was given, and prints each way that has done anything. */
const SHRINKER = `
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGE = 4096 };
static int tried;
static long size;

static long size_now(void) {
  struct stat now;
  fstat(3, &now);
  return now.st_size;
}

static void way(const char *name, long result) {
  tried++;
  if (result >= 0 || size_now() != size) printf("%s\\n", name);
}

int main(int count, char **parameter) {
  char own[64], theirs[64];
  (void)count;
  size = size_now();
  snprintf(own, sizeof own, "/proc/self/fd/3");
  snprintf(theirs, sizeof theirs, "/proc/%s/fd/%s", parameter[1], parameter[2]);
  const int again = open(own, O_RDWR);
  char *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, 3, 0);
  if (again < 0 || map == MAP_FAILED) return 1;

  way("ftruncate to nothing", ftruncate(3, 0));
  way("ftruncate by a byte", ftruncate(3, size - 1));
  way("ftruncate by a page", ftruncate(3, size - PAGE));
  way("ftruncate of a new description", ftruncate(again, 0));
  way("truncate by its own name", truncate(own, 0));
  way("truncate by the name that the creator has", truncate(theirs, PAGE));
  way("open with O_TRUNC", open(own, O_RDWR | O_TRUNC));
  way("open the creator's with O_TRUNC", open(theirs, O_WRONLY | O_TRUNC));
  way("creat", creat(own, 0600));
  way("collapse the first page", fallocate(3, FALLOC_FL_COLLAPSE_RANGE, 0, PAGE));
  way("take the seals off", fcntl(3, F_ADD_SEALS, 0));
  const int sealing = fcntl(3, F_ADD_SEALS, F_SEAL_WRITE);
  way("seal it against its users", sealing);
  if (tried != 12) return 2;

  way("ftruncate to more", ftruncate(3, size + 1));
  way("fallocate after the end", fallocate(3, 0, size, PAGE));
  way("insert a page", fallocate(3, FALLOC_FL_INSERT_RANGE, 0, PAGE));
  way("write after the end", pwrite(3, "x", 1, size));

  /* Content can be taken, as it can be overwritten. Nobody dies of that. */
  memset(map, 7, size);
  if (fallocate(3, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE) != 0) return 3;
  if (madvise(map + PAGE, PAGE, MADV_REMOVE) != 0) return 4;
  return puts("done"), 0;
}
`;

test('S1: a hostile peer takes nothing away, in none of 12 ways', { skip }, (t) => {
  using shared = SharedMemory.create(16 * PAGE);
  const program = compileC(t, SHRINKER);
  const others = [process.pid, shared.fd.fd].map(String);
  const stdio = ['ignore', 'pipe', 'inherit', ...shared.stdio] as const;
  const printed = execFileSync(program, others, { stdio: [...stdio], encoding: 'utf8' });
  assert.equal(printed, 'done\n');
  assert.equal(shared.damaged, false);
  const pages = Array.from({ length: 16 }, (_, index) => shared.bytes[index * PAGE]);
  assert.deepEqual(pages, [0, 0, ...Array(14).fill(7)]);
});

test('S3: 2 x 10^6 additions of two processes are exact', async () => {
  using shared = SharedMemory.create(64);
  const words = new Int32Array(shared.buffer);
  const peers = [nodePeer(shared, 'add', 1_000_000), nodePeer(shared, 'add', 1_000_000)];
  assert.deepEqual(await Promise.all(peers.map(({ ended }) => ended)), [0, 0]);
  assert.equal(words[0], 2_000_000);
  assert.ok((words[1] as number) <= 2_000_000);
});

test(`S3: ${HANDOFFS} hand-offs between two processes, none is lost`, async (t) => {
  using shared = SharedMemory.create(64);
  const words = new Int32Array(shared.buffer);
  const { ended } = nodePeer(shared, 'hand', HANDOFFS, 1);
  const start = performance.now();
  for (let value = 0; value < HANDOFFS; value = Atomics.load(words, 0)) {
    if (value % 2 !== 0) await shared.wait(0, value);
    else {
      Atomics.store(words, 0, value + 1);
      shared.notify();
    }
  }
  const seconds = (performance.now() - start) / 1000;
  assert.equal(await ended, 0);
  assert.equal(words[0], HANDOFFS);
  t.diagnostic(`${HANDOFFS} in ${seconds.toFixed(1)} s`);
});

test('shared: it is handed over through a Unix socket, with its doorbell', async () => {
  using shared = SharedMemory.create(64);
  const words = new Int32Array(shared.buffer);
  const [here, there] = socketPair();
  const program = fileURLToPath(new URL('./received.program.js', import.meta.url));
  const stdio = ['ignore', 'inherit', 'inherit', there] as const;
  const child = spawn(process.execPath, [program], { stdio: [...stdio] });
  const exit = once(child, 'exit');
  there.close();
  await here.sendFds(shared.stdio);
  Atomics.store(words, 0, 21);
  shared.notify();
  assert.equal(await shared.wait(2, 0), 'ok');
  assert.equal(words[2], 42);
  assert.deepEqual(await exit, [0, null]);
  here.close();
});

test('shared: only who waits keeps the program alive', () => {
  const index = new URL('../../../src/index.js', import.meta.url).href;
  const program = `
    import { SharedMemory } from '${index}';
    const shared = SharedMemory.create(64);
    console.log(await shared.wait(0, 0, { timeoutMs: 1 }));
  `;
  const parameters = ['--input-type=module', '-e', program];
  const stdout = execFileSync(process.execPath, parameters, { encoding: 'utf8', timeout: 60_000 });
  assert.equal(stdout, 'timed-out\n');
});
