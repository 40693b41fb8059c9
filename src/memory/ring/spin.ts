/**
 * Looking again for a while before sleeping. This module is browser compatible.
 *
 * It pays where the other end is at work on another processor: its answer comes in less time than a
 * sleep and a wake-up take. Where both share one it does harm, because the other end cannot run
 * meanwhile. So who has looked in vain looks less often: after 1, 2, 4 … 64 sleeps.
 */
import type { Clock } from '../../kernel/clock.js';

/** The clock costs as much as some attempts. */
const ATTEMPTS_PER_LOOK = 16;
const MOST_SLEEPS = 64;

export class Spin {
  readonly #clock: Clock;
  readonly #ms: number;
  /** How many sleeps come after the next time in vain, and how many are left of the last. */
  #penalty = 1;
  #sleeps = 0;

  constructor(clock: Clock, microseconds = 0) {
    this.#clock = clock;
    this.#ms = microseconds / 1000;
  }

  /** Tries for the time that was asked for; answers whether it was done. */
  until(attempt: () => boolean): boolean {
    if (this.#ms === 0) return false;
    if (this.#sleeps > 0) {
      this.#sleeps--;
      return false;
    }
    if (this.#tried(attempt)) {
      this.#penalty = 1;
      return true;
    }
    this.#sleeps = this.#penalty;
    this.#penalty = Math.min(2 * this.#penalty, MOST_SLEEPS);
    return false;
  }

  #tried(attempt: () => boolean): boolean {
    const end = this.#clock.now() + this.#ms;
    do {
      for (let tries = 0; tries < ATTEMPTS_PER_LOOK; tries++) if (attempt()) return true;
    } while (this.#clock.now() < end);
    return false;
  }
}
