/**
 * From the answer of a call to an `Error`, and back to the caller.
 * This module is browser compatible.
 */
import { EINTR, errnoMessage, errnoName } from './errno.js';

/** What is known about the call that failed. */
export interface SystemErrorContext {
  /** The name of the call: 'splice'. */
  readonly syscall: string;
  readonly fd?: number | undefined;
  readonly path?: string | undefined;
}

/**
 * A call that Linux refused, in the shape of Node's own system errors: `code` 'EPIPE', `errno` −32,
 * `syscall` 'splice', and `fd` or `path` when known.
 */
export class SystemError extends Error {
  override readonly name = 'SystemError';
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;
  /** Absent where it is not known: declared only, so that no property is made. */
  declare readonly fd?: number;
  declare readonly path?: string;
  /** Of a flow, or of descriptors that are passed: how many bytes had reached the target. */
  declare readonly bytes?: number;

  constructor(errno: number, context: SystemErrorContext) {
    const code = errnoName(-errno);
    const where = context.path === undefined ? '' : ` '${context.path}'`;
    super(`${code}: ${errnoMessage(-errno)}, ${context.syscall}${where}`);
    this.code = code;
    this.errno = errno;
    this.syscall = context.syscall;
    if (context.fd !== undefined) this.fd = context.fd;
    if (context.path !== undefined) this.path = context.path;
  }
}

/** The mistakes that sluice itself names. */
export type SluiceErrorCode =
  | 'ERR_SLUICE_ADOPT'
  | 'ERR_SLUICE_CLOSED'
  | 'ERR_SLUICE_FDS_TRUNCATED'
  | 'ERR_SLUICE_IDLE'
  | 'ERR_SLUICE_MAPPING'
  | 'ERR_SLUICE_MAPPING_LOST'
  | 'ERR_SLUICE_NO_CONNECTION'
  | 'ERR_SLUICE_PEER_GONE'
  | 'ERR_SLUICE_RING'
  | 'ERR_SLUICE_RING_CORRUPT'
  | 'ERR_SLUICE_SIGNAL'
  | 'ERR_SLUICE_SIGPIPE'
  | 'ERR_SLUICE_SLOW'
  | 'ERR_SLUICE_SOURCE_TRUNCATED'
  | 'ERR_SLUICE_STUCK'
  | 'ERR_SLUICE_UNSEALED'
  | 'ERR_SLUICE_UNSUPPORTED'
  | 'ERR_SLUICE_UNSUPPORTED_PLATFORM';

export class SluiceError extends Error {
  override readonly name = 'SluiceError';
  readonly code: SluiceErrorCode;
  /** Of a flow, or of descriptors that are passed: how many bytes had reached the target. */
  declare readonly bytes?: number;

  constructor(code: SluiceErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * The caller's AbortSignal ended the wait or the transfer, in the shape of Node's own;
 * `cause` is its reason.
 */
export class AbortError extends Error {
  override readonly name = 'AbortError';
  readonly code = 'ABORT_ERR';
  /** Of a flow, or of descriptors that are passed: how many bytes had reached the target. */
  declare readonly bytes?: number;

  constructor(reason?: unknown) {
    super('The operation was aborted', { cause: reason });
  }
}

/** Throws the AbortError of a signal that has aborted. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new AbortError(signal.reason);
}

/** The answer itself when n ≥ 0; otherwise throws the `SystemError` it stands for. */
export function check(result: number, syscall: string, fd?: number, path?: string): number {
  if (result >= 0) return result;
  throw new SystemError(result, { syscall, fd, path });
}

/**
 * Repeats a call that a signal interrupted. Never for close: the number is free after the first.
 */
export function retry(call: () => number): number {
  let result = call();
  while (result === -EINTR) result = call();
  return result;
}
