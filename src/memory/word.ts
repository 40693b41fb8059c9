/**
 * Waiting until a word of shared memory changes. `Atomics.wait` cannot: it stops the thread, and
 * refuses memory that is no SharedArrayBuffer, and its notify reaches no other process. This module
 * is browser compatible.
 */
import type { Clock } from '../kernel/clock.js';
import { AbortError } from '../kernel/error.js';
import type { Doorbell, Listener } from './doorbell.js';

/** How a wait ended, in the words of `Atomics.waitAsync`. */
export type WaitResult = 'ok' | 'not-equal' | 'timed-out';

export interface WaitOptions {
  /** Ends the wait with an AbortError. */
  readonly signal?: AbortSignal | undefined;
  /** Ends the wait with 'timed-out'. */
  readonly timeoutMs?: number | undefined;
}

/** Resolves when the word is no longer what was expected, by a change after which somebody rang. */
export function waitForChange(
  words: Int32Array,
  index: number,
  expected: number,
  bell: Doorbell,
  clock: Clock,
  { signal, timeoutMs }: WaitOptions,
): Promise<WaitResult> {
  if (signal?.aborted) return Promise.reject(new AbortError(signal.reason));
  if (Atomics.load(words, index) !== expected) return Promise.resolve('not-equal');
  return new Promise((resolve, reject) => {
    const isSame = () => Atomics.load(words, index) === expected;
    const wait = new WordWait(isSame, bell, { resolve, reject });
    wait.begin(clock, signal, timeoutMs);
  });
}

interface Settle {
  resolve(result: WaitResult): void;
  reject(error: Error): void;
}

class WordWait implements Listener {
  readonly #isSame: () => boolean;
  readonly #bell: Doorbell;
  readonly #settle: Settle;
  #signal: AbortSignal | undefined;
  #stopTimer: (() => void) | undefined;
  #over = false;
  readonly #onAbort = () => {
    if (this.#end()) this.#settle.reject(new AbortError(this.#signal?.reason));
  };

  constructor(isSame: () => boolean, bell: Doorbell, settle: Settle) {
    this.#isSame = isSame;
    this.#bell = bell;
    this.#settle = settle;
  }

  begin(clock: Clock, signal: AbortSignal | undefined, timeoutMs: number | undefined): void {
    this.#bell.add(this);
    if (this.#over) return;
    this.#signal = signal;
    signal?.addEventListener('abort', this.#onAbort);
    if (timeoutMs !== undefined) this.#stopTimer = clock.timer(timeoutMs, () => this.#timedOut());
  }

  rung(): void {
    if (!this.#over && !this.#isSame() && this.#end()) this.#settle.resolve('ok');
  }

  failed(error: Error): void {
    if (this.#end()) this.#settle.reject(error);
  }

  #timedOut(): void {
    if (this.#end()) this.#settle.resolve('timed-out');
  }

  /** Answers whether it was not over yet. */
  #end(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#bell.delete(this);
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#stopTimer?.();
    return true;
  }
}
