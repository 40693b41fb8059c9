import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../src/sim.js';

/** Time that goes on when it is told to. The event loop's turns are real. */
export class VirtualClock implements Clock {
  #now = 0;
  readonly #timers = new Map<object, { at: number; callback: () => void }>();

  now(): number {
    return this.#now;
  }

  timer(delayMs: number, callback: () => void): () => void {
    const key = {};
    this.#timers.set(key, { at: this.#now + delayMs, callback });
    return () => this.#timers.delete(key);
  }

  yield(): Promise<void> {
    return nextTurn();
  }

  random(): number {
    return 0.5;
  }

  /** How many timers are set. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Lets so much time pass, and each timer run at its own. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#timers].filter(([, { at }]) => at <= end);
      const next = due.sort(([, left], [, right]) => left.at - right.at)[0];
      if (next === undefined) break;
      this.#timers.delete(next[0]);
      this.#now = Math.max(this.#now, next[1].at);
      next[1].callback();
    }
    this.#now = end;
  }
}
