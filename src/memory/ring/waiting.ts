/**
 * How both ends of a ring wait. This module is browser compatible.
 */
import * as argument from '../../kernel/argument.js';
import { throwIfAborted } from '../../kernel/error.js';

export interface WaitOptions {
  /** Ends the wait: the promise rejects with an AbortError. */
  readonly signal?: AbortSignal | undefined;
}

/** Messages of a turn of the event loop, each of them counted as 4 KiB: some thousand. */
export const BYTES_PER_TURN = 1 << 22;

export function signalOf(options: WaitOptions = {}): AbortSignal | undefined {
  const { signal } = argument.options(options);
  argument.abortSignal(signal, 'signal');
  throwIfAborted(signal);
  return signal;
}

/** So long at most: nothing else of this thread runs meanwhile. */
const MOST_SPIN = 10_000;

/** The check of `spin`. */
export function spin(value: unknown, name: string): void {
  if (value === 0 || argument.positive(value, name) <= MOST_SPIN) return;
  throw new argument.ArgumentOutOfRange(name, `from 0 to ${MOST_SPIN}`, value);
}
