/**
 * A part of a file to a socket by sendfile(2), without ever stalling the event loop.
 */

import { type Runtime, WRITABLE } from '../fd/runtime.js';
import { EAGAIN, EINTR, EOPNOTSUPP } from '../kernel/errno.js';
import { check, SluiceError, throwIfAborted } from '../kernel/error.js';
import { RWF_NOWAIT, STATFS_FIELDS, STATFS_TYPE } from '../kernel/flags.js';

/**
 * What one call moves at most, and so for how long at most one client has the thread for itself.
 */
const PIECE_BYTES = 2 * 1024 * 1024;

/**
 * File systems whose pages are their only copy, so that reading never waits; RWF_NOWAIT is unknown
 * there.
 */
const IN_MEMORY = [0x01021994n /* TMPFS_MAGIC */, 0x858458f6n /* RAMFS_MAGIC */];

export interface SendOptions {
  readonly offset: number;
  readonly length: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Sends `length` bytes of the regular file `source` from `offset` on into `target`, and resolves
 * when the socket has taken the last.
 *
 * Precondition: `target` is a stream socket with O_NONBLOCK set, and nobody else writes to it
 * meanwhile.
 *
 * Rejects with ERR_SLUICE_SOURCE_TRUNCATED when the file ends early: the promise of a length is
 * broken then, and the connection is good for nothing but a reset.
 */
export async function sendFile(
  runtime: Runtime,
  source: number,
  target: number,
  { offset, length, signal }: SendOptions,
): Promise<void> {
  const end = offset + length;
  let position = offset;
  let turnEnd = position + PIECE_BYTES;
  while (position < end) {
    throwIfAborted(signal);
    const count = Math.min(end, turnEnd) - position;
    const moved = await sendPiece(runtime, source, target, position, count, signal);
    if (moved === 0) throw truncated(position - offset, length);
    if (moved === -EAGAIN) await runtime.poller.wait(target, WRITABLE, signal);
    else if (moved !== -EINTR) position += check(moved, 'sendfile', target);
    if (position === turnEnd && position < end) await runtime.clock.yield();
    if (position === turnEnd || moved === -EAGAIN) turnEnd = position + PIECE_BYTES;
  }
}

/** A file that is shorter than was promised. */
export function truncated(sent: number, length: number): SluiceError {
  return new SluiceError(
    'ERR_SLUICE_SOURCE_TRUNCATED',
    `the file ended after ${sent} of ${length} bytes`,
  );
}

/**
 * Reading a file sleeps while the disk does, whatever O_NONBLOCK says of file or socket. So only
 * what is in memory is sent from this thread.
 */
function sendPiece(
  { kernel, offload }: Runtime,
  source: number,
  target: number,
  position: number,
  count: number,
  signal: AbortSignal | undefined,
): number | Promise<number> {
  if (isCached(kernel, source, position, count)) {
    return kernel.sendfile(target, source, position, count);
  }
  return offload('sendfile', [target, source, position, count], signal);
}

const probe = new Uint8Array(1);

/**
 * Whether the first and the last page of the piece are in memory. A guess: pages between may be
 * missing, and the size of a piece bounds what that costs.
 */
function isCached(
  kernel: Runtime['kernel'],
  source: number,
  position: number,
  count: number,
): boolean {
  const first = kernel.preadv2(source, [probe], position, RWF_NOWAIT);
  if (first === -EOPNOTSUPP) return isInMemory(kernel, source);
  const end = position + count - 1;
  if (first === -EAGAIN || pageOf(end) === pageOf(position)) return first !== -EAGAIN;
  return kernel.preadv2(source, [probe], end, RWF_NOWAIT) !== -EAGAIN;
}

/** The smallest page there is: with larger ones a probe may be one too many. */
function pageOf(position: number): number {
  return Math.floor(position / 4096);
}

function isInMemory(kernel: Runtime['kernel'], source: number): boolean {
  const statfs = new BigInt64Array(STATFS_FIELDS);
  return kernel.fstatfs(source, statfs) === 0 && IN_MEMORY.includes(statfs[STATFS_TYPE] as bigint);
}
