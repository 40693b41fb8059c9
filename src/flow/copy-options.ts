/**
 * What a copy may be asked, and what it answers. This module is browser compatible.
 */
import * as argument from '../kernel/argument.js';
import type { Method } from './route.js';

export interface CopyOptions {
  /**
   * Where to begin in the source, in bytes; the file offset of its description stays then. Without,
   * the copy begins at the file offset and moves it.
   */
  readonly offset?: number | undefined;
  /**
   * How many bytes at most. Of a regular file it is a promise: one that is shorter is an error,
   * ERR_SLUICE_SOURCE_TRUNCATED.
   */
  readonly limit?: number | undefined;
  /** Told of all bytes that have arrived, at most ten times a second, and at the end. */
  readonly onProgress?: ((bytes: number) => void) | undefined;
  /** Ends the copy with ERR_SLUICE_IDLE when no byte has arrived for so long. */
  readonly idleTimeoutMs?: number | undefined;
  /**
   * Ends the copy with ERR_SLUICE_SLOW when fewer bytes than this arrive each second, over ten
   * seconds: a peer that takes one byte now and then is never idle, and would hold its descriptors
   * for ever.
   */
  readonly minBytesPerSecond?: number | undefined;
  /** Ends the copy with an AbortError. */
  readonly signal?: AbortSignal | undefined;
  /** When all has arrived, ends the sending direction of the target where it is a connection. */
  readonly shutdown?: boolean | undefined;
  /**
   * Closes the target in the end. Where the copy failed and the target is a TCP connection, its
   * peer sees a reset: it must not take what it has for the whole.
   */
  readonly closeTarget?: boolean | undefined;
  /** How many bytes are moved before others have their turn of the event loop: 2 MiB without. */
  readonly bytesPerTurn?: number | undefined;
}

export interface CopyResult<How extends string = Method> {
  /** How many bytes have arrived. */
  readonly bytes: number;
  /** What moved most of them; where there were none, what found that out. */
  readonly method: How;
  /** How many each method has moved. */
  readonly methods: Readonly<Partial<Record<How, number>>>;
  readonly durationMs: number;
}

/** Throws a TypeError or RangeError that names the option. */
export function checkOptions(options: CopyOptions): void {
  argument.checkOptions(options, CHECKS);
}

const CHECKS: argument.Checks<CopyOptions> = {
  offset: argument.count,
  limit: argument.limit,
  onProgress: argument.callback,
  idleTimeoutMs: argument.timeoutMs,
  minBytesPerSecond: argument.positive,
  signal: argument.abortSignal,
  shutdown: argument.boolean,
  closeTarget: argument.boolean,
  bytesPerTurn: argument.positiveCount,
};
