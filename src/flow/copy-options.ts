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
  argument.record(options, 'options');
  const { offset, limit, signal, onProgress } = options;
  if (offset !== undefined) argument.size(offset, 'offset');
  if (limit !== undefined && limit !== Number.POSITIVE_INFINITY) argument.size(limit, 'limit');
  argument.abortSignal(signal, 'signal');
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw new argument.InvalidArgumentType('onProgress', 'a function', onProgress);
  }
  for (const name of FLAGS) {
    if (options[name] !== undefined) argument.boolean(options[name], name);
  }
  for (const name of AMOUNTS) checkAmount(options[name], name);
}

const FLAGS = ['shutdown', 'closeTarget'] as const;
const AMOUNTS = ['idleTimeoutMs', 'minBytesPerSecond', 'bytesPerTurn'] as const;

function checkAmount(value: unknown, name: string): void {
  if (value === undefined) return;
  if (typeof value !== 'number') {
    throw new argument.InvalidArgumentType(name, 'of type number', value);
  }
  if (!(value > 0)) throw new argument.ArgumentOutOfRange(name, 'above 0', value);
}
