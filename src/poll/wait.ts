/**
 * One wait, until it is settled or its signal aborts. This module is browser compatible.
 */
import type { Interest } from '../fd/runtime.js';
import { AbortError } from '../kernel/error.js';
import type { Waiter } from './registration.js';

export class Wait implements Waiter {
  readonly interest: Interest;
  readonly #signal: AbortSignal | undefined;
  readonly #ended: (error: Error | undefined, aborted: boolean) => void;
  #settled = false;
  readonly #onAbort = () => this.#end(new AbortError(this.#signal?.reason), true);

  constructor(
    interest: Interest,
    signal: AbortSignal | undefined,
    ended: (error: Error | undefined, aborted: boolean) => void,
  ) {
    this.interest = interest;
    this.#signal = signal;
    this.#ended = ended;
    signal?.addEventListener('abort', this.#onAbort);
  }

  settle(error?: Error): void {
    this.#end(error, false);
  }

  #end(error: Error | undefined, aborted: boolean): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#ended(error, aborted);
  }
}
