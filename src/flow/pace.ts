/**
 * The limits of a relay in time. Nothing is done per byte but to note the time; a timer looks at
 * that note when it could be due, so a connection that rests wakes nobody before. This module is
 * browser compatible.
 */
import type { Clock } from '../kernel/clock.js';
import { SluiceError } from '../kernel/error.js';

/** Milliseconds, and bytes a second. */
export interface Limits {
  readonly idleTimeoutMs?: number | undefined;
  readonly halfCloseTimeoutMs?: number | undefined;
  readonly minBytesPerSecond?: number | undefined;
}

/** What is paced. */
export interface Paced {
  readonly engine: { readonly runtime: { readonly clock: Clock } };
  /** All bytes delivered so far, both ways. */
  readonly bytes: number;
  readonly halfClosed: boolean;
  fail(error: Error): void;
}

/** A minimum rate is judged over so long a time: a pause is not yet slowness. */
const RATE_WINDOW_MS = 10_000;

export class Pace {
  readonly #paced: Paced;
  readonly #clock: Clock;
  readonly #limits: Limits;
  #movedAt: number;
  #stopIdle: (() => void) | undefined = undefined;
  #stopRate: (() => void) | undefined = undefined;

  constructor(paced: Paced, limits: Limits) {
    this.#paced = paced;
    this.#limits = limits;
    this.#clock = paced.engine.runtime.clock;
    this.#movedAt = this.#clock.now();
    this.#armIdle();
    this.#armRate();
  }

  /** Undefined where there is no limit: most relays, and the clock is never asked. */
  static of(paced: Paced, limits: Limits): Pace | undefined {
    const { idleTimeoutMs, halfCloseTimeoutMs, minBytesPerSecond } = limits;
    const any = idleTimeoutMs ?? halfCloseTimeoutMs ?? minBytesPerSecond;
    return any === undefined ? undefined : new Pace(paced, limits);
  }

  /** Bytes were delivered. */
  moved(): void {
    this.#movedAt = this.#clock.now();
  }

  /** One side has ended: from now on the other limit holds. */
  halfClosed(): void {
    if (this.#limits.halfCloseTimeoutMs === undefined) return;
    this.#stopIdle?.();
    this.#movedAt = this.#clock.now();
    this.#armIdle();
  }

  stop(): void {
    this.#stopIdle?.();
    this.#stopRate?.();
  }

  get #idleMs(): number | undefined {
    const { idleTimeoutMs, halfCloseTimeoutMs } = this.#limits;
    return this.#paced.halfClosed ? (halfCloseTimeoutMs ?? idleTimeoutMs) : idleTimeoutMs;
  }

  #armIdle(): void {
    const idleMs = this.#idleMs;
    if (idleMs === undefined) return;
    const left = this.#movedAt + idleMs - this.#clock.now();
    this.#stopIdle = this.#clock.timer(Math.max(left, 0), () => this.#judgeIdle(idleMs));
  }

  #judgeIdle(idleMs: number): void {
    if (this.#clock.now() - this.#movedAt < idleMs) {
      this.#armIdle();
      return;
    }
    const when = this.#paced.halfClosed ? ' after one side had ended' : '';
    this.#exceeded('ERR_SLUICE_IDLE', `no byte moved for ${idleMs} ms${when}`);
  }

  #armRate(): void {
    const least = this.#limits.minBytesPerSecond;
    if (least === undefined) return;
    const before = this.#paced.bytes;
    this.#stopRate = this.#clock.timer(RATE_WINDOW_MS, () => this.#judgeRate(before, least));
  }

  #judgeRate(before: number, least: number): void {
    const rate = ((this.#paced.bytes - before) / RATE_WINDOW_MS) * 1000;
    if (rate >= least) this.#armRate();
    else this.#exceeded('ERR_SLUICE_SLOW', `${rate} bytes a second moved, fewer than ${least}`);
  }

  #exceeded(code: 'ERR_SLUICE_IDLE' | 'ERR_SLUICE_SLOW', message: string): void {
    this.#paced.fail(new SluiceError(code, message));
  }
}
