// Waiting for a word of shared memory: the pieces, on the sim kernel in many orders of events, and
// on Linux. Two processes of Linux: processes.test.ts.
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import type { Runtime } from '../../../src/fd/runtime.js';
import { ENOSPC } from '../../../src/kernel/errno.js';
import { fault } from '../../../src/kernel/fault.js';
import type { Kernel } from '../../../src/kernel/kernel.js';
import { linux } from '../../../src/kernel/linux.js';
import { createBell, Doorbell } from '../../../src/memory/doorbell.js';
import { type WaitOptions, type WaitResult, waitForChange } from '../../../src/memory/word.js';
import { realClock } from '../../../src/node/clock.js';
import { Scheduler, SimKernel } from '../../../src/sim.js';
import { succeeds } from '../../helpers/claims.js';
import { runtimeOf } from '../../helpers/runtime.js';
import { turns } from '../../helpers/turns.js';

const SEEDS = Array.from({ length: 40 }, (_, index) => index + 1);

/** One process at a bell. */
class Ear {
  readonly doorbell: Doorbell;

  constructor(
    readonly runtime: Runtime,
    readonly words: Int32Array,
    readonly fd: number,
  ) {
    this.doorbell = new Doorbell(runtime, { fd });
  }

  wait(index: number, expected: number, options: WaitOptions = {}): Promise<WaitResult> {
    const { words, doorbell, runtime } = this;
    return waitForChange(words, index, expected, doorbell, runtime.clock, options);
  }
}

/** Processes of one machine that share words and a bell. */
function simEars(seed: number, count: number) {
  const scheduler = new Scheduler({ seed });
  const { clock } = scheduler;
  const first = new SimKernel(scheduler);
  const words = new Int32Array(8);
  const bell = createBell(runtimeOf(first, clock));
  const others = Array.from({ length: count - 1 }, () => first.fork());
  const ears = [first, ...others].map((kernel) => new Ear(runtimeOf(kernel, clock), words, bell));
  return { scheduler, ears, words, kernel: first };
}

function linuxEar(initial = 0): Ear {
  const runtime = runtimeOf(linux, realClock);
  const bell = createBell(runtime);
  if (initial > 0) succeeds(linux.write(bell, new Uint8Array(8).fill(0xff, 1).fill(0xfe, 0, 1)), 8);
  return new Ear(runtime, new Int32Array(8), bell);
}

/** Changes the word whenever it has this remainder, until it has the value. */
async function handOver(ear: Ear, remainder: number, end: number): Promise<void> {
  for (;;) {
    const value = Atomics.load(ear.words, 0);
    if (value >= end) return;
    if (value % 2 === remainder) {
      Atomics.add(ear.words, 0, 1);
      ear.doorbell.ring();
    } else {
      await ear.wait(0, value);
    }
  }
}

/** Waits for each value there is time to see. */
async function watch(ear: Ear, end: number): Promise<void> {
  for (let seen = 0; seen < end; ) {
    await ear.wait(0, seen);
    const value = Atomics.load(ear.words, 0);
    assert.ok(value > seen);
    seen = value;
  }
}

test('S3: no hand-off between processes is lost, in any order of events', async () => {
  for (const seed of SEEDS) {
    const { scheduler, ears } = simEars(seed, 3);
    const [one, other, third] = ears as [Ear, Ear, Ear];
    const all = [
      handOver(one, 0, 40),
      handOver(other, 1, 40),
      watch(third, 40),
      watch(one, 40),
      watch(one, 40),
    ];
    await scheduler.run(Promise.all(all));
    for (const ear of ears) ear.doorbell.close();
  }
});

test('S3: rings, aborts, limits of time and closing at once, in any order of events', async () => {
  for (const seed of SEEDS) {
    const { scheduler, ears, words } = simEars(seed, 2);
    const [one, other] = ears as [Ear, Ear];
    const controller = new AbortController();
    const outcomes = [
      one.wait(1, 0, { signal: controller.signal }),
      one.wait(1, 0, { timeoutMs: 5 }),
      one.wait(2, 0),
      other.wait(2, 0),
      one.wait(3, 0),
    ].map((wait) => wait.catch((error: { code: string }) => error.code));
    scheduler.schedule(() => controller.abort());
    scheduler.schedule(() => {
      Atomics.store(words, 2, 1);
      other.doorbell.ring();
    });
    const seen = await scheduler.run(Promise.all(outcomes.slice(0, 4)));
    assert.deepEqual(seen, ['ABORT_ERR', 'timed-out', 'ok', 'ok'], `seed ${seed}`);
    one.doorbell.close();
    assert.equal(await scheduler.run(outcomes[4] as Promise<unknown>), 'ERR_SLUICE_CLOSED');
  }
});

test('wait: a word that differs is not waited for; close and abort before', async () => {
  const ear = linuxEar();
  assert.equal(await ear.wait(0, 1), 'not-equal');
  const aborted = ear.wait(0, 0, { signal: AbortSignal.abort('early') });
  await assert.rejects(aborted, { code: 'ABORT_ERR', cause: 'early' });
  ear.doorbell.close();
  ear.doorbell.close();
  await assert.rejects(ear.wait(0, 0), { code: 'ERR_SLUICE_CLOSED' });
  linux.close(ear.fd);
});

test('wait: a ring without a change wakes nobody for good', async () => {
  const ear = linuxEar();
  const waiting = ear.wait(0, 0);
  for (let times = 0; times < 3; times++) {
    ear.doorbell.ring();
    await turns(2);
  }
  Atomics.store(ear.words, 0, 7);
  ear.doorbell.ring();
  assert.equal(await waiting, 'ok');
  ear.doorbell.close();
  linux.close(ear.fd);
});

test('wait: a counter that is full loses no ring', async () => {
  const ear = linuxEar(1);
  const waiting = ear.wait(0, 0);
  await turns(2);
  Atomics.store(ear.words, 0, 7);
  ear.doorbell.ring();
  assert.equal(await waiting, 'ok');
  const counter = new BigUint64Array(1);
  succeeds(linux.read(ear.fd, new Uint8Array(counter.buffer)), 8);
  assert.equal(counter[0], 1n);
  ear.doorbell.close();
  linux.close(ear.fd);
});

test('S3: a change at any call of a wait is seen', async () => {
  for (let at = 0, calls = at + 1; at < calls; at++) {
    const ear = linuxEar();
    let count = 0;
    const interrupted = new Proxy(linux, {
      get(target, name: keyof typeof linux) {
        const call = target[name] as (...parameters: unknown[]) => number;
        return (...parameters: unknown[]) => {
          if (count++ === at) {
            Atomics.store(ear.words, 0, 1);
            ear.doorbell.ring();
          }
          return call(...parameters);
        };
      },
    });
    const other = new Ear(runtimeOf(interrupted, realClock), ear.words, ear.fd);
    const result = other.wait(0, 0);
    calls = count;
    if (at < calls) assert.equal(await result, 'ok', `call ${at} of ${calls}`);
    else result.catch(() => {});
    for (const one of [other, ear]) one.doorbell.close();
    linux.close(ear.fd);
  }
});

test('wait: the last who waits leaves, and the next one comes at once', async () => {
  const ear = linuxEar();
  for (let times = 0; times < 3; times++) {
    const controller = new AbortController();
    const aborted = ear.wait(0, 0, { signal: controller.signal });
    await turns(times);
    controller.abort();
    const waiting = ear.wait(0, 0);
    await assert.rejects(aborted, { code: 'ABORT_ERR' });
    await turns(times);
    Atomics.store(ear.words, 0, 1);
    ear.doorbell.ring();
    assert.equal(await waiting, 'ok');
    Atomics.store(ear.words, 0, 0);
  }
  ear.doorbell.close();
  linux.close(ear.fd);
});

test('wait: what epoll refuses rejects the wait, and leaves nothing', async () => {
  for (const nth of [1, 2, 3]) {
    const plan = { faults: [{ call: 'epoll_ctl', nth, errno: ENOSPC }] as const };
    const ear = linuxEar();
    const failing = new Ear(runtimeOf(fault(linux, plan), realClock), ear.words, ear.fd);
    const waits = [failing.wait(0, 0), failing.wait(1, 0)];
    const outcomes = waits.map((wait) => wait.catch((error: { code: string }) => error.code));
    await turns(3);
    Atomics.store(ear.words, 0, 1);
    Atomics.store(ear.words, 1, 1);
    failing.doorbell.ring();
    const expected = [
      ['ENOSPC', 'ok'],
      ['ENOSPC', 'ENOSPC'],
      ['ok', 'ok'],
    ][nth - 1];
    assert.deepEqual(await Promise.all(outcomes), expected);
    for (const one of [failing, ear]) one.doorbell.close();
    linux.close(ear.fd);
  }
});

test('S5: a peer that fills the counter for ever stops nobody', async () => {
  const ear = linuxEar(1);
  const refilling: Kernel = {
    ...linux,
    read: (fd, memory) => {
      const result = linux.read(fd, memory);
      linux.write(fd, new Uint8Array(8).fill(0xff, 1).fill(0xfe, 0, 1));
      return result;
    },
  };
  const ringer = new Ear(runtimeOf(refilling, realClock), ear.words, ear.fd);
  const waiting = ear.wait(0, 0);
  await turns(2);
  Atomics.store(ear.words, 0, 7);
  ringer.doorbell.ring();
  assert.equal(await waiting, 'ok');
  for (const one of [ringer, ear]) one.doorbell.close();
  linux.close(ear.fd);
});

test('S5: a peer that rings without an end stops nobody', async () => {
  const ear = linuxEar();
  let calls = 0;
  let isMad = true;
  const ringing: Kernel = {
    ...linux,
    epoll_wait: (...parameters) => {
      if (isMad) ear.doorbell.ring();
      assert.ok(++calls < 100_000, 'the event loop had no turn');
      return linux.epoll_wait(...parameters);
    },
  };
  const listener = new Ear(runtimeOf(ringing, realClock), ear.words, ear.fd);
  const waiting = listener.wait(0, 0);
  ear.doorbell.ring();
  await turns(10);
  isMad = false;
  Atomics.store(ear.words, 0, 1);
  ear.doorbell.ring();
  assert.equal(await waiting, 'ok');
  for (const one of [listener, ear]) one.doorbell.close();
  linux.close(ear.fd);
});

test('wait: however it ends, no listener, timer or descriptor is kept', async () => {
  let timers = 0;
  const timer = (delayMs: number, callback: () => void) => {
    timers++;
    const stop = realClock.timer(delayMs, callback);
    return () => {
      timers--;
      stop();
    };
  };
  const ear = linuxEar();
  const kept = new Set<number>();
  const keeper = {
    entrust: (fd: number) => kept.add(fd).size,
    reclaim: (fd: number) => Number(kept.delete(fd)),
  };
  const runtime = runtimeOf(linux, { ...realClock, timer });
  const doorbell = new Doorbell(runtime, { fd: ear.fd }, keeper);
  const controller = new AbortController();
  const { signal } = controller;
  const wait = (expected: number, timeoutMs?: number) =>
    waitForChange(ear.words, 0, expected, doorbell, runtime.clock, { signal, timeoutMs });
  const waits = [wait(0, 1e6), wait(0, 1e6)];
  assert.equal(await wait(0, 1), 'timed-out');
  Atomics.store(ear.words, 0, 1);
  ear.doorbell.ring();
  assert.deepEqual(await Promise.all(waits), ['ok', 'ok']);
  const last = wait(1, 1e6);
  assert.equal(kept.size, 1);
  doorbell.close();
  await assert.rejects(last, { code: 'ERR_SLUICE_CLOSED' });
  assert.deepEqual([timers, kept.size, getEventListeners(signal, 'abort').length], [0, 0, 0]);
  ear.doorbell.close();
  linux.close(ear.fd);
});
