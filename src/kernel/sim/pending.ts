/** Signals that were sent and not yet delivered. This module is browser compatible. */
import { Ring } from './pipe/ring.js';
import type { SignalInfo } from './signals.js';

export class PendingSignals {
  /** By signal; of those that have some. */
  readonly #queues = new Map<number, Ring<SignalInfo>>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  has(signal: number): boolean {
    return this.#queues.has(signal);
  }

  add(info: SignalInfo): void {
    let queue = this.#queues.get(info.signal);
    if (queue === undefined) {
      queue = new Ring();
      this.#queues.set(info.signal, queue);
    }
    queue.push(info);
    this.#count++;
  }

  /** The next in Linux's order: the lowest number, and of one number the oldest. */
  take(): SignalInfo | undefined {
    const lowest = Math.min(...this.#queues.keys());
    const queue = this.#queues.get(lowest);
    if (queue === undefined) return undefined;
    if (queue.count === 1) this.#queues.delete(lowest);
    this.#count--;
    return queue.shift();
  }

  /** Forgets those of one signal. */
  drop(signal: number): void {
    this.#count -= this.#queues.get(signal)?.count ?? 0;
    this.#queues.delete(signal);
  }
}
