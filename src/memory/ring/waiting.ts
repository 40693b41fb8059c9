/**
 * How both ends of a ring wait. This module is browser compatible.
 */
import * as argument from '../../kernel/argument.js';
import type { Clock } from '../../kernel/clock.js';
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

/** Tries for so many microseconds; answers whether it was done. */
export function spin({ now }: Clock, microseconds: number, attempt: () => boolean): boolean {
  const end = now() + microseconds / 1000;
  do {
    // The clock costs as much as some attempts.
    for (let tries = 0; tries < 16; tries++) if (attempt()) return true;
  } while (now() < end);
  return false;
}
