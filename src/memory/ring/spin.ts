/**
 * Looking again for a while before sleeping. This module is browser compatible.
 *
 * It pays where the other end is at work on another processor: its answer comes in less time than a
 * sleep and a wake-up take. Where both share one it does harm, because the other end cannot run
 * meanwhile. So who has looked in vain looks less often: after 1, 2, 4 … sleeps.
 */
import type { Clock } from '../../kernel/clock.js';

/**
 * Without being told: about what a sleep and a wake-up take, so at worst it costs as much again.
 */
const MICROSECONDS = 30;
/** The clock costs as much as some attempts. */
const ATTEMPTS_PER_LOOK = 16;
/** Who has asked for it gets it more often: Linux parts two that share a processor by and by. */
const MOST_SLEEPS = { asked: 4, unasked: 64 };

export class Spin {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #mostSleeps: number;
  /** How many sleeps come after the next time in vain, and how many are left of the last. */
  #penalty = 1;
  #sleeps = 0;

  constructor(clock: Clock, microseconds: number | undefined) {
    this.#clock = clock;
    this.#ms = (microseconds ?? MICROSECONDS) / 1000;
    this.#mostSleeps = microseconds === undefined ? MOST_SLEEPS.unasked : MOST_SLEEPS.asked;
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
    this.#penalty = Math.min(2 * this.#penalty, this.#mostSleeps);
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
