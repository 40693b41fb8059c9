/**
 * Telling somebody how far a flow is: at most ten times a second, and the last. This module is
 * browser compatible.
 */
import type { Clock } from '../kernel/clock.js';

const INTERVAL_MS = 100;

export class Progress {
  readonly #clock: Clock;
  readonly #listener: (bytes: number) => void;
  readonly #failed: (error: Error) => void;
  #cancel: (() => void) | undefined = undefined;
  #bytes = 0;
  #told = 0;
  #toldAt = Number.NEGATIVE_INFINITY;

  /** What `listener` throws goes to `failed`: nobody else would hear of it. */
  constructor(clock: Clock, listener: (bytes: number) => void, failed: (error: Error) => void) {
    this.#clock = clock;
    this.#listener = listener;
    this.#failed = failed;
  }

  /** So many bytes have arrived by now. */
  moved(bytes: number): void {
    this.#bytes = bytes;
    if (this.#cancel !== undefined) return;
    const due = this.#toldAt + INTERVAL_MS - this.#clock.now();
    if (due <= 0) this.#tell();
    else this.#cancel = this.#clock.timer(due, () => this.#tell());
  }

  /** The flow is over, well or not. */
  end(): void {
    this.#cancel?.();
    if (this.#told !== this.#bytes) this.#tell();
  }

  #tell(): void {
    this.#cancel = undefined;
    this.#told = this.#bytes;
    this.#toldAt = this.#clock.now();
    try {
      this.#listener(this.#bytes);
    } catch (error) {
      this.#failed(error as Error);
    }
  }
}
