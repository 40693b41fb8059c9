/**
 * Time that passes when nothing else is left to do, so that nobody waits for it. This module is
 * browser compatible.
 */
import type { Clock } from '../clock.js';
import { mulberry32 } from '../random.js';

/** What a clock runs its callbacks by. */
export interface Turns {
  /** Runs a task later, before or after others. */
  schedule(task: () => void): void;
  /** Runs a task after all that are to run by now. */
  scheduleLast(task: () => void): void;
}

/** The timer of a call: a time, and what is due then. */
interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/**
 * The clock of a `Scheduler`: for `createRuntime`, and for the timeouts of a `SimKernel`.
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import { Scheduler } from 'sluice/sim';
 *
 * const scheduler = new Scheduler();
 * const { clock } = scheduler;
 * await scheduler.run(new Promise<void>((resolve) => clock.timer(3_600_000, resolve)));
 * equal(clock.now(), 3_600_000);
 * ```
 */
export class VirtualClock implements Clock {
  readonly #turns: Turns;
  /** In the order in which they were set. */
  readonly #timers = new Set<Timer>();
  /** Their time has come, and each is a task. */
  readonly #due = new Set<Timer>();
  #now = 0;
  /** At least 0 and below 1, from the seed. */
  readonly random: () => number;

  /** @param seed of `random` */
  constructor(turns: Turns, seed: number) {
    this.#turns = turns;
    this.random = mulberry32(seed);
  }

  /** Milliseconds since the clock was made. */
  now(): number {
    return this.#now;
  }

  /**
   * Has `callback` run once, as a task, when so many milliseconds have passed. The answer calls it
   * off.
   */
  timer(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.#now + Math.max(delayMs, 0), callback };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
      this.#due.delete(timer);
    };
  }

  /** Resolves after all that is ready by now has had its chance. */
  yield(): Promise<void> {
    return new Promise((resolve) => this.#turns.scheduleLast(resolve));
  }

  /** How many timers are set. */
  get timers(): number {
    return this.#timers.size + this.#due.size;
  }

  /** Lets so much time pass: what is due by then becomes a task. */
  advance(ms: number): void {
    this.#pass(this.#now + ms);
  }

  /** Lets time pass up to the next timer, if there is one; answers whether there is. */
  advanceToNext(): boolean {
    if (this.#timers.size === 0) return false;
    let next = Number.POSITIVE_INFINITY;
    for (const { at } of this.#timers) next = Math.min(next, at);
    this.#pass(next);
    return true;
  }

  #pass(until: number): void {
    const due = [...this.#timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
    this.#now = Math.max(this.#now, until);
    for (const timer of due) {
      this.#timers.delete(timer);
      this.#due.add(timer);
      this.#turns.schedule(() => this.#run(timer));
    }
  }

  /** It may have been called off since it became a task. */
  #run(timer: Timer): void {
    if (this.#due.delete(timer)) timer.callback();
  }
}
