/**
 * Who waits for something, in order; each may be called off. This module is browser
 * compatible.
 */
import { AbortError } from '../kernel/error.js';

/** One who waits; it is settled once, and leaves the queue by it. */
export class Waiter<Task, Result> {
  readonly task: Task;
  readonly #waiters: Set<Waiter<Task, Result>>;
  readonly #resolve: (result: Result) => void;
  readonly #reject: (error: unknown) => void;
  #leave: (() => void) | undefined;

  constructor(
    task: Task,
    waiters: Set<Waiter<Task, Result>>,
    resolve: (result: Result) => void,
    reject: (error: unknown) => void,
  ) {
    this.task = task;
    this.#waiters = waiters;
    this.#resolve = resolve;
    this.#reject = reject;
    waiters.add(this);
  }

  succeed(result: Result): void {
    this.#settle();
    this.#resolve(result);
  }

  fail(error: unknown): void {
    this.#settle();
    this.#reject(error);
  }

  /** Fails when the signal aborts; `then` runs after it. */
  follow(signal: AbortSignal, then: () => void): void {
    const abort = () => {
      this.fail(new AbortError(signal.reason));
      then();
    };
    signal.addEventListener('abort', abort);
    this.#leave = () => signal.removeEventListener('abort', abort);
  }

  #settle(): void {
    this.#waiters.delete(this);
    this.#leave?.();
  }
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
      const waiter = new Waiter(task, this.#waiters, resolve, reject);
      if (signal !== undefined) waiter.follow(signal, this.#onAbort);
    });
  }

  failAll(error: unknown): void {
    for (const waiter of this.#waiters) waiter.fail(error);
  }
}
