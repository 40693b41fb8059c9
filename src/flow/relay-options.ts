/**
 * What a relay may be asked, and what it answers. This module is browser compatible.
 */
import * as argument from '../kernel/argument.js';

export interface RelayOptions {
  /** Ends the relay with an AbortError; both sides see a reset. */
  readonly signal?: AbortSignal | undefined;
  /** Ends the relay with ERR_SLUICE_IDLE when no byte has moved for so long, in milliseconds. */
  readonly idleTimeoutMs?: number | undefined;
  /** The same, in the place of `idleTimeoutMs`, once one side has ended. */
  readonly halfCloseTimeoutMs?: number | undefined;
  /**
   * Ends the relay with ERR_SLUICE_SLOW when fewer bytes move, both ways together, over ten
   * seconds. A client that sends one byte now and then is never idle. Leave it out for connections
   * that may rest.
   */
  readonly minBytesPerSecond?: number | undefined;
}

/** What arrived. An error that ends a relay early carries `sent` and `received` as well. */
export interface RelayResult {
  /** Bytes of the first connection that the second has taken. */
  readonly sent: number;
  /** Bytes of the second connection that the first has taken. */
  readonly received: number;
  /** Whether it ended by a reset, or another death of a connection, that the other was shown. */
  readonly reset: boolean;
}

/** Throws a TypeError or RangeError that names the option. */
export function checkRelayOptions(options: RelayOptions): void {
  argument.checkOptions(options, CHECKS);
}

const CHECKS: argument.Checks<RelayOptions> = {
  signal: argument.abortSignal,
  idleTimeoutMs: argument.timeoutMs,
  halfCloseTimeoutMs: argument.timeoutMs,
  minBytesPerSecond: argument.positive,
};
