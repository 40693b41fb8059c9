/**
 * Who waits at an end of a ring, in order; each may be called off. This module is browser
 * compatible.
 */
import { AbortError } from '../../kernel/error.js';

/** One who waits; it is settled once, and leaves the queue by it. */
export interface Waiter<Task, Result> {
  readonly task: Task;
  succeed(result: Result): void;
  fail(error: unknown): void;
}

export class Queue<Task, Result> {
  readonly #waiters = new Set<Waiter<Task, Result>>();
  readonly #onAbort: () => void;

  /** `onAbort` runs when a waiter has left by its signal. */
  constructor(onAbort: () => void) {
    this.#onAbort = onAbort;
  }

  get size(): number {
    return this.#waiters.size;
  }

  get first(): Waiter<Task, Result> | undefined {
    for (const waiter of this.#waiters) return waiter;
    return undefined;
  }

  add(task: Task, signal: AbortSignal | undefined): Promise<Result> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        signal?.removeEventListener('abort', abort);
        this.#waiters.delete(waiter);
      };
      const abort = () => {
        waiter.fail(new AbortError(signal?.reason));
        this.#onAbort();
      };
      const waiter: Waiter<Task, Result> = {
        task,
        succeed(result) {
          leave();
          resolve(result);
        },
        fail(error) {
          leave();
          reject(error);
        },
      };
      signal?.addEventListener('abort', abort);
      this.#waiters.add(waiter);
    });
  }

  failAll(error: unknown): void {
    for (const waiter of this.#waiters) waiter.fail(error);
  }
}
