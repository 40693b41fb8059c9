/**
 * Watching a copy: what may end it early, and who hears how far it is. This module is browser
 * compatible.
 */
import type { Runtime } from '../fd/runtime.js';
import { AbortError } from '../kernel/error.js';
import type { CopyOptions } from './copy-options.js';
import { Engine } from './engine.js';
import { type Limits, Pace, type Paced } from './pace.js';
import { Progress } from './progress.js';
import { Stop } from './stop.js';

export class Watch implements Paced {
  readonly engine: Engine;
  /** A copy has but one direction to end. */
  readonly halfClosed = false;
  readonly #stop = new Stop();
  readonly #pace: Pace | undefined;
  readonly #progress: Progress | undefined;
  #bytes = 0;

  constructor(runtime: Runtime, options: CopyOptions) {
    this.engine = Engine.of(runtime);
    this.engine.enter();
    this.follow(options.signal, () => new AbortError(options.signal?.reason));
    this.#pace = Pace.of(this, limitsOf(options));
    const { onProgress } = options;
    if (onProgress === undefined) return;
    this.#progress = new Progress(runtime.clock, onProgress, (error) => this.fail(error));
  }

  /** How many bytes have arrived. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Aborts when the copy is to end. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** So many have arrived by now. */
  moved(bytes: number): void {
    this.#bytes = bytes;
    this.#pace?.moved();
    this.#progress?.moved(bytes);
  }

  /** Ends the copy when `signal` aborts, with this error. */
  follow(signal: AbortSignal | undefined, error: () => Error): void {
    this.#stop.follow(signal, error);
  }

  /** Ends the copy. */
  fail(error: Error): void {
    this.#stop.now(error);
  }

  /** All that was to arrive has. The last progress is told, and its listener may throw. */
  complete(): void {
    this.#progress?.end();
    if (this.#stop.error !== undefined) throw this.#stop.error;
  }

  /** The copy is over, well or not. */
  end(): void {
    this.#progress?.end();
    this.#pace?.stop();
    this.#stop.release();
    this.engine.leave();
  }

  /** What the copy fails with: why it was ended, or what a call said; and how far it came. */
  failure(error: unknown): unknown {
    const reason = this.#stop.error ?? error;
    return reason instanceof Error ? Object.assign(reason, { bytes: this.#bytes }) : reason;
  }
}

/** A half-close is of no concern here. */
function limitsOf({ idleTimeoutMs, minBytesPerSecond }: CopyOptions): Limits {
  return { idleTimeoutMs, minBytesPerSecond };
}
