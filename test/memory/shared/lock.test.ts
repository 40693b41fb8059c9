// Robust locks: the pieces, on the sim kernel in many orders of events, and on Linux. Processes
// that are killed at random: kills.test.ts.
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import * as f from '../../../src/kernel/flags.js';
import type { Kernel } from '../../../src/kernel/kernel.js';
import { linux } from '../../../src/kernel/linux.js';
import { LockFile } from '../../../src/memory/lock.js';
import { realClock } from '../../../src/node/clock.js';
import { Scheduler, SimKernel } from '../../../src/sim.js';
import { succeeds } from '../../helpers/claims.js';
import { runtimeOf } from '../../helpers/runtime.js';
import { turns } from '../../helpers/turns.js';

const SEEDS = Array.from({ length: 30 }, (_, index) => index + 1);

/** A description of its own of the file. */
function reopened(kernel: Kernel, fd: number): number {
  return succeeds(kernel.openat(f.AT_FDCWD, `/proc/self/fd/${fd}`, f.O_RDWR | f.O_CLOEXEC, 0));
}

/** Processes of one machine that share words and their locks. */
function simLocks(seed: number, count: number) {
  const scheduler = new Scheduler({ seed });
  const { clock } = scheduler;
  const first = new SimKernel(scheduler);
  const words = new Int32Array(8);
  const fd = succeeds(first.memfd_create('locks', 0));
  const kernels = [first, ...Array.from({ length: count - 1 }, () => first.fork())];
  const files = kernels.map((kernel, index) => {
    const own = reopened(kernel, fd);
    return new LockFile(runtimeOf(kernel, clock), own, words, 100 + index);
  });
  return { scheduler, kernels, files, words, clock };
}

/** Two lock files of one memfd, as two processes have them. */
function linuxLocks() {
  const runtime = runtimeOf(linux, realClock);
  const fd = succeeds(linux.memfd_create('locks', f.MFD_CLOEXEC));
  const words = new Int32Array(8);
  const files = [1, 2].map((pid) => new LockFile(runtime, reopened(linux, fd), words, pid));
  linux.close(fd);
  const close = () => {
    for (const file of files) file.close();
  };
  return { files: files as [LockFile, LockFile], words, close };
}

test('S4: one at a time, in any order of events', async () => {
  for (const seed of SEEDS) {
    const { scheduler, files, words, clock } = simLocks(seed, 3);
    const work = async (file: LockFile) => {
      for (let times = 0; times < 6; times++) {
        const held = await file.lock(2);
        const before = words[0] as number;
        await clock.yield();
        words[0] = before + 1;
        assert.equal(held.abandoned, false);
        held.release();
      }
    };
    const all = files.flatMap((file) => [work(file), work(file)]);
    await scheduler.run(Promise.all(all));
    assert.deepEqual([words[0], words[2]], [36, 0], `seed ${seed}`);
    for (const file of files) file.close();
  }
});

test('S4: a holder that is killed leaves nobody stuck, and the next one is told', async () => {
  for (const seed of SEEDS) {
    const { scheduler, kernels, files, words } = simLocks(seed, 3);
    const [waiting, other, holder] = files as [LockFile, LockFile, LockFile];
    await scheduler.run(holder.lock(1));
    const next = async (file: LockFile) => {
      const held = await file.lock(1);
      held.release();
      return held.formerOwner;
    };
    const both = Promise.all([next(waiting), next(other)]);
    const victim = kernels[2] as SimKernel;
    scheduler.schedule(() => succeeds(victim.kill(victim.pid, f.SIGKILL)));
    const owners = await scheduler.run(both);
    assert.deepEqual(owners.sort(), [0, 102], `seed ${seed}`);
    assert.equal(words[1], 0);
    waiting.close();
    other.close();
  }
});

test('lock: an abort ends the wait in the queue and the wait for Linux', async () => {
  const { files, close } = linuxLocks();
  const [mine, other] = files;
  const held = await other.lock(0);
  const [first, second] = [new AbortController(), new AbortController()];
  const waiting = mine.lock(0, { signal: first.signal });
  const queued = mine.lock(0, { signal: second.signal });
  const last = mine.lock(0);
  await turns(2);
  second.abort('queued');
  await assert.rejects(queued, { code: 'ABORT_ERR', cause: 'queued' });
  first.abort('asleep');
  await assert.rejects(waiting, { code: 'ABORT_ERR', cause: 'asleep' });
  held.release();
  (await last).release();
  const early = mine.lock(0, { signal: AbortSignal.abort('early') });
  await assert.rejects(early, { code: 'ABORT_ERR', cause: 'early' });
  (await other.lock(0)).release();
  close();
});

test('lock: closing ends every wait, and what was held is abandoned', async () => {
  const { files, words, close } = linuxLocks();
  const [mine, other] = files;
  const held = await mine.lock(3);
  const blocking = await other.lock(4);
  const waits = [mine.lock(3), mine.lock(3), mine.lock(4), other.lock(3)];
  const outcomes = waits.map((wait) => wait.catch((error: { code: string }) => error.code));
  await turns(2);
  mine.close();
  mine.close();
  const [queued, behind, asleep, next] = await Promise.all(outcomes);
  assert.deepEqual([queued, behind, asleep], Array(3).fill('ERR_SLUICE_CLOSED'));
  assert.ok(typeof next === 'object');
  assert.deepEqual([next.abandoned, next.formerOwner, words[3]], [true, 1, 2]);
  held.release();
  assert.equal(words[3], 2);
  next.release();
  blocking.release();
  assert.deepEqual([words[3], words[4]], [0, 0]);
  await assert.rejects(mine.lock(3), { code: 'ERR_SLUICE_CLOSED' });
  close();
});

test('lock: words are locked apart, and a release is one release', async () => {
  const { files, words, close } = linuxLocks();
  const [mine, other] = files;
  const [zero, one] = [await mine.lock(0), await other.lock(1)];
  const two = await mine.lock(1 + 1);
  assert.deepEqual([...words.subarray(0, 3)], [1, 2, 1]);
  zero.release();
  const again = await other.lock(0);
  zero.release();
  assert.equal(words[0], 2);
  for (const held of [again, one, two]) held[Symbol.dispose]();
  assert.deepEqual([...words], Array(8).fill(0));
  close();
});

test('lock: those who share do so in one process and in several', async () => {
  const { files, words, close } = linuxLocks();
  const [mine, other] = files;
  const shared = [mine, mine, other].map((file) => file.lock(0, { mode: 'shared' }));
  const [one, two, three] = await Promise.all(shared);
  assert.equal(words[0], 0);
  const events: string[] = [];
  const exclusive = mine.lock(0).then((held) => {
    events.push('exclusive');
    return held;
  });
  const late = mine.lock(0, { mode: 'shared' }).then((held) => {
    events.push('late');
    return held;
  });
  await turns(2);
  one?.release();
  two?.release();
  await turns(2);
  events.push('the last one leaves');
  three?.release();
  (await exclusive).release();
  (await late).release();
  assert.deepEqual(events, ['the last one leaves', 'exclusive', 'late']);
  (await other.lock(0)).release();
  close();
});

test('S4: one at a time, though the queue went empty by an abort', async () => {
  const { files, close } = linuxLocks();
  const [mine] = files;
  const held = await mine.lock(0);
  const { signal, abort } = stopper();
  const queued = mine.lock(0, { signal });
  abort();
  held.release();
  const second = await mine.lock(0);
  await assert.rejects(queued, { code: 'ABORT_ERR' });
  let isIn = false;
  const third = mine.lock(0).then((lock) => {
    isIn = true;
    return lock;
  });
  await turns(2);
  assert.equal(isIn, false);
  second.release();
  (await third).release();
  close();
});

test('lock: an abort right after its turn in the queue has come ends the wait', async () => {
  const { files, close } = linuxLocks();
  const [mine, other] = files;
  const held = await mine.lock(0);
  const theirs = other.lock(0);
  await turns(2);
  const { signal, abort } = stopper();
  const queued = mine.lock(0, { signal });
  held.release();
  abort();
  await assert.rejects(queued, { code: 'ABORT_ERR' });
  (await theirs).release();
  (await mine.lock(0)).release();
  close();
});

test('lock: those who share keep it until the last of them leaves', async () => {
  const { files, close } = linuxLocks();
  const [mine, other] = files;
  const [one, two] = [
    await mine.lock(0, { mode: 'shared' }),
    await mine.lock(0, { mode: 'shared' }),
  ];
  one.release();
  const { signal, abort } = stopper();
  const exclusive = other.lock(0, { signal });
  await turns(2);
  abort();
  await assert.rejects(exclusive, { code: 'ABORT_ERR' });
  two.release();
  (await other.lock(0)).release();
  close();
});

test('lock: behind one that is called off comes the next, and no listener is left', async () => {
  const { files, close } = linuxLocks();
  const [mine] = files;
  const held = await mine.lock(0, { mode: 'shared' });
  const { signal, abort } = stopper();
  const late = new AbortController();
  const exclusive = mine.lock(0, { signal });
  const behind = mine.lock(0, { mode: 'shared', signal: late.signal });
  abort();
  await assert.rejects(exclusive, { code: 'ABORT_ERR' });
  const next = await behind;
  const waiting = mine.lock(0, { signal: late.signal });
  next.release();
  close();
  await assert.rejects(waiting, { code: 'ERR_SLUICE_CLOSED' });
  assert.deepEqual(getEventListeners(late.signal, 'abort'), []);
  held.release();
});

function stopper(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
