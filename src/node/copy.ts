/**
 * `copy` on this machine's kernel, for Node's own objects as well.
 */
import type { FileHandle } from 'node:fs/promises';
import type { Socket } from 'node:net';
import type { ReadableStream, WritableStream } from 'node:stream/web';
import { adopt } from '../fd/adopt.js';
import { Fd } from '../fd/fd.js';
import { copy as copyDescriptors } from '../flow/copy.js';
import { type CopyOptions, type CopyResult, checkOptions } from '../flow/copy-options.js';
import type { Method } from '../flow/route.js';
import { type TracedKind, traced, tracedKind } from '../flow/traced.js';
import { fdSink, fdSource, sinkOf, sourceOf } from './chunks.js';
import { closeObject, destroyObject } from './close.js';
import { copyChunks } from './copy-chunks.js';
import { type Lent, lendSource, lendTarget } from './ends.js';
import { linuxRuntime as runtime } from './runtime.js';

type Borrowed = number | Fd | FileHandle | { readonly fd: number } | Socket;
export type CopySource = Borrowed | NodeJS.ReadableStream | ReadableStream;
export type CopyTarget = Borrowed | NodeJS.WritableStream | WritableStream;

/**
 * Copies everything from `source` to `target`, by the best way that Linux has for the two: inside a
 * file system (copy_file_range), from a file's pages (sendfile), from pipe to pipe or through one
 * (splice), or through a buffer (read and write). It falls back by itself where Linux refuses, and
 * says afterwards which method moved how many bytes.
 *
 * - Neither end is closed, and no flag of theirs is changed: not O_NONBLOCK, which a terminal or a
 *   child's pipe shares with other processes.
 * - The event loop is never blocked, not by a disk either, and has its turn after each
 *   `bytesPerTurn`.
 * - What Node had read from a socket by then goes first; what was written to the target before has
 *   left before. A source that is a stream of Node ends as if it had been read by Node.
 * - A stream that has no descriptor, or one with other bytes in it (TLS, HTTP, a decoded text, a
 *   part of a file), is copied chunk by chunk: `method` is 'stream'.
 * - It is no snapshot. Linux may send the pages of a file themselves, so that a file that is
 *   written to during the copy arrives partly old and partly new, even after the copy has resolved.
 *   Replace files by rename(2).
 * - Sockets of messages (datagrams, SOCK_SEQPACKET) are refused, for their boundaries would be
 *   lost; descriptors that a message carries (SCM_RIGHTS) are dropped by Linux.
 *
 * @param source an `Fd`, a number, a FileHandle, a `net.Socket`, a child's `stdout`,
 *   `process.stdin`, any readable stream of Node or the web
 * @param target the same to write to
 * @param options.offset where to begin, in bytes; as a rule at the file offset, which moves
 * @param options.limit how many bytes at most; a regular file that is shorter is an error
 * @param options.signal ends it with an AbortError
 * @param options.onProgress told of all bytes so far, at most ten times a second, and at the end
 * @param options.idleTimeoutMs ends it with ERR_SLUICE_IDLE when no byte has arrived for so long
 * @param options.minBytesPerSecond ends it with ERR_SLUICE_SLOW when fewer arrive over ten seconds
 * @param options.shutdown when all has arrived, the peer of a connection is told (FIN)
 * @param options.closeTarget closes the target in the end; after a failure a TCP peer sees a reset
 * @param options.bytesPerTurn how many bytes before others have their turn: 2 MiB without
 * @returns bytes that arrived, the method that moved most of them, what each has moved, duration
 * @throws every error has `bytes`, how many had arrived. The SystemError of the call that failed:
 *   EPIPE, ECONNRESET the peer has gone; ENOSPC, EDQUOT, EFBIG, EIO the disk; EBADF not open or
 *   not for this direction; EISDIR a folder; ESPIPE an offset where there is none; ENOTCONN. Of
 *   sluice's own: ERR_SLUICE_SOURCE_TRUNCATED the file has less than `limit`; ERR_SLUICE_CLOSED an
 *   `Fd` was closed meanwhile; ERR_SLUICE_UNSUPPORTED a socket of messages; ERR_SLUICE_SIGPIPE the
 *   signal is set to end this process; ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE as named
 * @see copy_file_range(2), sendfile(2), splice(2)
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import { copy, open, pipe } from 'sluice';
 *
 * using file = await open('package.json');
 * using p = pipe();
 * const { bytes, method } = await copy(file, p.writer, { offset: 0, limit: 20 });
 * equal(bytes, 20);
 * equal(method, 'sendfile');
 * ```
 */
export async function copy(
  source: CopySource,
  target: CopyTarget,
  options: CopyOptions = {},
): Promise<CopyResult<Method | 'stream'>> {
  checkOptions(options);
  const isOurs = typeof target === 'number' || target instanceof Fd;
  if (options.closeTarget !== true || isOurs) return lendAndCopy(source, target, options);
  try {
    const result = await lendAndCopy(source, target, { ...options, closeTarget: false });
    await closeObject(target);
    return result;
  } catch (error) {
    destroyObject(target, error as Error);
    throw error;
  }
}

async function lendAndCopy(
  source: CopySource,
  target: CopyTarget,
  options: CopyOptions,
): Promise<CopyResult<Method | 'stream'>> {
  const from = await unmoved(lendSource(runtime, source, options.signal));
  let result: CopyResult<Method | 'stream'> | undefined;
  try {
    const to = await unmoved(lendTarget(runtime, target, options.signal));
    try {
      result = await copyLent(from, to, source, target, options);
    } finally {
      await to?.giveBack(false);
    }
  } finally {
    const ended = result !== undefined && result.bytes < (options.limit ?? result.bytes + 1);
    await from?.giveBack(ended);
  }
  return result;
}

/** No byte has moved before both are lent. */
async function unmoved<T>(lending: Promise<T>): Promise<T> {
  try {
    return await lending;
  } catch (error) {
    throw Object.assign(error as Error, { bytes: 0 });
  }
}

async function copyLent(
  from: Lent | undefined,
  to: Lent | undefined,
  source: CopySource,
  target: CopyTarget,
  options: CopyOptions,
): Promise<CopyResult<Method | 'stream'>> {
  if (from && to) return copyDescriptors(runtime, from.end, to.end, options);
  const { offset } = options;
  const lent = (from ?? to)?.end;
  const fd = typeof lent === 'number' ? adopt(runtime, { fd: lent }) : lent;
  const describe = () => ({ source: kindOf(from), target: kindOf(to), options });
  try {
    const chunks = from && fd ? fdSource(fd, offset) : sourceOf(source, offset);
    const sink = to && fd ? fdSink(fd) : sinkOf(target);
    return await traced(runtime, 'copy', describe, () => copyChunks(chunks, sink, options));
  } finally {
    if (fd !== lent) fd?.close();
  }
}

function kindOf(lent: Lent | undefined): TracedKind {
  return lent === undefined ? 'stream' : tracedKind(runtime, lent.end);
}
