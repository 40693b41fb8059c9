/**
 * What a tee may be asked, and what it answers. This module is browser compatible.
 */
import * as argument from '../../kernel/argument.js';
import type { TeeMethod } from './branch.js';

export interface TeeOptions {
  /** Rejects with an AbortError. */
  readonly signal?: AbortSignal | undefined;
  /** Takes at most so many bytes from the source. */
  readonly limit?: number | undefined;
  /** Told of all bytes that every target has, at most ten times a second, and at the end. */
  readonly onProgress?: ((bytes: number) => void) | undefined;
  /** Ends everything with ERR_SLUICE_IDLE when no target has got a byte for so long. */
  readonly idleTimeoutMs?: number | undefined;
  /**
   * Ends everything with ERR_SLUICE_SLOW when the slowest target gets fewer bytes than this each
   * second, over ten seconds.
   */
  readonly minBytesPerSecond?: number | undefined;
  /**
   * What a target that fails means: 'drop' (as without) goes on with the others; 'abort' ends
   * everything. A function decides for each.
   */
  readonly onTargetError?: Fate | ((error: Error, target: number) => Fate) | undefined;
  /**
   * 'wait' (as without): the slowest target sets the pace. 'drop': one that is too slow has failed.
   */
  readonly onSlowTarget?: 'wait' | 'drop' | undefined;
  /**
   * How long the others wait until one target has its piece, of at most 1 MiB: 10 seconds without.
   */
  readonly slowTargetTimeoutMs?: number | undefined;
}

/** What becomes of the whole when one target fails. */
export type Fate = 'drop' | 'abort';

export interface TeeTargetResult {
  /** How many bytes it has. */
  readonly bytes: number;
  readonly method: TeeMethod;
  /** Why it got no more. */
  readonly error?: Error;
}

export interface TeeResult {
  /** How many bytes were taken from the source: what each target has that did not fail. */
  readonly bytes: number;
  /** In the order in which they were given. */
  readonly targets: readonly TeeTargetResult[];
}

/** What a tee rejects with: the error itself, and how far everything has come. */
export type TeeFailure = Error & { readonly bytes: number; readonly result: TeeResult };

/** Throws a TypeError or RangeError that names the argument. */
export function checkTeeArguments(targets: unknown, options: TeeOptions): void {
  if (!Array.isArray(targets)) throw new argument.InvalidArgumentType('targets', LIST, targets);
  if (targets.length === 0) throw new argument.ArgumentOutOfRange('targets', LIST, targets);
  argument.checkOptions(options, CHECKS);
}

const LIST = 'an array of at least one target';
const FATES = ['drop', 'abort'];

const CHECKS: argument.Checks<TeeOptions> = {
  signal: argument.abortSignal,
  limit: argument.limit,
  onProgress: argument.callback,
  idleTimeoutMs: argument.timeoutMs,
  minBytesPerSecond: argument.positive,
  onTargetError(value, name) {
    if (typeof value !== 'function') argument.choice(value, name, FATES);
  },
  onSlowTarget: (value, name) => argument.choice(value, name, ['wait', 'drop']),
  slowTargetTimeoutMs: argument.timeoutMs,
};
