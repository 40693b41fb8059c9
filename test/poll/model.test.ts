/** Random programs against what poll(2) says: no wait is missed, none is woken without cause. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Interest } from '../../src/fd/runtime.js';
import { linux } from '../../src/kernel/linux.js';
import { throughThread } from '../helpers/doors.js';
import {
  allDelivered,
  bench,
  close,
  fill,
  isReady,
  READABLE,
  socketPair,
  type Watched,
  WRITABLE,
  watched,
} from './bench.js';

const SOCKETS = 4;
const DEEDS = ['read', 'write', 'fill', 'drain', 'wait', 'reopen', 'turn'] as const;

interface Step {
  readonly deed: (typeof DEEDS)[number];
  readonly at: number;
  readonly interest: Interest;
}

interface Wait {
  readonly fd: number;
  readonly interest: Interest;
  readonly watched: Watched;
}

const step: fc.Arbitrary<Step> = fc.record({
  deed: fc.constantFrom(...DEEDS),
  at: fc.nat(2 * SOCKETS - 1),
  interest: fc.constantFrom(READABLE, WRITABLE),
});

function drain(fd: number): void {
  while (linux.read(fd, new Uint8Array(65536)) > 0);
}

class World {
  readonly #bench = bench();
  readonly #fds = Array.from({ length: SOCKETS }, socketPair).flat();
  #waits: Wait[] = [];

  async take({ deed, at, interest }: Step): Promise<void> {
    const fd = this.#fds[at] as number;
    if (deed === 'read') linux.read(fd, new Uint8Array(1));
    if (deed === 'write') linux.write(fd, new Uint8Array(1));
    if (deed === 'fill') fill(fd);
    if (deed === 'drain') drain(fd);
    if (deed === 'wait' && !isReady(fd, interest)) this.#wait(fd, interest);
    if (deed === 'reopen') await this.#reopen(at - (at % 2));
    if (deed === 'turn') await this.#settle();
  }

  async end(): Promise<void> {
    await this.#settle();
    for (const fd of this.#fds) this.#bench.poller.forget(fd);
    close(...this.#fds);
  }

  #wait(fd: number, interest: Interest): void {
    const wait = watched(this.#bench.poller.wait(fd, interest));
    this.#waits.push({ fd, interest, watched: wait });
  }

  /** Both ends are closed and their numbers are taken by a new pair. */
  async #reopen(at: number): Promise<void> {
    const pair = this.#fds.slice(at, at + 2);
    for (const fd of pair) this.#bench.poller.forget(fd);
    close(...pair);
    this.#fds.splice(at, 2, ...socketPair());
    await null;
    const gone = this.#waits.filter(({ fd }) => pair.includes(fd));
    for (const { watched } of gone) assert.notEqual(watched.state, 'pending', 'closed');
    this.#waits = this.#waits.filter((wait) => !gone.includes(wait));
  }

  async #settle(): Promise<void> {
    await allDelivered(this.#bench.poller);
    for (const { fd, interest, watched } of this.#waits) {
      if (isReady(fd, interest)) assert.equal(watched.state, 'ready', `missed ${fd} ${interest}`);
    }
    this.#waits = this.#waits.filter(({ watched }) => watched.state === 'pending');
  }
}

test('no wait is missed, whatever is read, written, closed and reopened', async () => {
  const run = async (steps: Step[]) => {
    const world = new World();
    try {
      for (const one of steps) await world.take(one);
    } finally {
      await world.end();
    }
  };
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 60 }), run), { numRuns: 300 });
});

throughThread(import.meta.url);
