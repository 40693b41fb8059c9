/**
 * One step of each method: a bounded piece from source to target.
 */

import { WRITABLE } from '../fd/runtime.js';
import * as e from '../kernel/errno.js';
import { check, throwIfAborted } from '../kernel/error.js';
import * as f from '../kernel/flags.js';
import { call, type Ends, writeAll } from './ends.js';
import type { Method } from './route.js';

export interface Mover {
  /** n > 0 that moved, 0 at the end of the source, or −errno where nothing moved. */
  step(): number | Promise<number>;
  /**
   * Set once the method has shown that it does not work for these two; what it had taken has been
   * delivered.
   */
  readonly spent: boolean;
  close(): void;
}

/** The call that moves, for error messages. */
export const CALL_OF: Readonly<Record<Method, string>> = {
  copy_file_range: 'copy_file_range',
  sendfile: 'sendfile',
  splice: 'splice',
  'splice-pipe': 'splice',
  'read-write': 'read',
};

/**
 * Starts the method. Where it needs something that cannot be had now (a pipe), it is spent at once.
 */
export function startMover(ends: Ends, method: Method): Mover {
  switch (method) {
    case 'copy_file_range':
      return plain(() => copyFileRange(ends));
    case 'sendfile':
      return plain(() => sendFile(ends));
    case 'splice':
      return plain(() => splice(ends));
    case 'splice-pipe':
      return new PipeMover(ends);
    case 'read-write':
      return plain(() => readWrite(ends));
  }
}

/** What a disk is given to do before progress is told and an abort is heard. */
const FILE_PIECE = 16 * 1024 * 1024;
const PIPE_PIECE = 1024 * 1024;
const BUFFER_PIECE = 256 * 1024;

function plain(step: () => number | Promise<number>): Mover {
  return { step, spent: false, close: () => {} };
}

function copyFileRange(ends: Ends): number | Promise<number> {
  const { source, target } = ends;
  return call(ends, true, 'copy_file_range', source.fd, null, target.fd, null, FILE_PIECE, 0);
}

function sendFile(ends: Ends): number | Promise<number> {
  return call(ends, true, 'sendfile', ends.target.fd, ends.source.fd, null, FILE_PIECE);
}

async function splice(ends: Ends): Promise<number> {
  const { source, target } = ends;
  const sleeps = source.sleeps || target.sleeps;
  const flags = sleeps ? 0 : f.SPLICE_F_NONBLOCK;
  const parameters = [source.fd, null, target.fd, null, PIPE_PIECE, flags] as const;
  const count = await call(ends, sleeps, 'splice', ...parameters);
  return count === 0 ? confirmEnd(ends) : count;
}

/**
 * At the mark of an urgent byte of TCP, splice answers 0 as soon as the peer has shut down, with
 * all that comes after the mark unread. Only read(2) knows the end of a socket.
 */
function confirmEnd(ends: Ends): number | Promise<number> {
  return ends.source.kind === 'socket' ? readWrite(ends) : 0;
}

/** Also the cure where a target is ready for bytes and not for pages. */
export async function readWrite(ends: Ends): Promise<number> {
  const { source } = ends;
  const buffer = new Uint8Array(BUFFER_PIECE);
  const count = await call(ends, source.sleeps, 'read', source.fd, buffer);
  if (count > 0) check(await writeAll(ends, buffer.subarray(0, count)), 'write', ends.target.fd);
  return count;
}

/** Socket to anything: splice needs a pipe on one side, so there is one of our own between. */
class PipeMover implements Mover {
  readonly #ends: Ends;
  readonly #reader: number;
  readonly #writer: number;
  spent = false;

  constructor(ends: Ends) {
    const { kernel } = ends.runtime;
    const fds = new Int32Array(2);
    this.#ends = ends;
    this.spent = kernel.pipe2(f.O_CLOEXEC | f.O_NONBLOCK, fds) < 0;
    [this.#reader, this.#writer] = this.spent ? [-1, -1] : (fds as unknown as [number, number]);
    // Refused to a user with many pipes: the 64 KiB it has will do.
    if (!this.spent) kernel.fcntl(this.#writer, f.F_SETPIPE_SZ, PIPE_PIECE);
  }

  /** Invariant: the pipe is empty before and after. So EAGAIN here can only mean the source. */
  async step(): Promise<number> {
    const { source } = this.#ends;
    const flags = source.sleeps ? 0 : f.SPLICE_F_NONBLOCK;
    const parameters = [source.fd, null, this.#writer, null, PIPE_PIECE, flags] as const;
    const count = await call(this.#ends, source.sleeps, 'splice', ...parameters);
    if (count > 0) await this.#drain(count);
    return count === 0 ? confirmEnd(this.#ends) : count;
  }

  async #drain(count: number): Promise<void> {
    const { runtime, target, signal } = this.#ends;
    let inPipe = count;
    while (inPipe > 0) {
      throwIfAborted(signal);
      const flags = target.sleeps ? 0 : f.SPLICE_F_NONBLOCK;
      const parameters = [this.#reader, null, target.fd, null, inPipe, flags] as const;
      const moved = await call(this.#ends, target.sleeps, 'splice', ...parameters);
      if (moved > 0) inPipe -= moved;
      else if (moved === -e.EAGAIN) await runtime.poller.wait(target.fd, WRITABLE, signal);
      else if (isUnsupported(moved)) inPipe = await this.#flush(inPipe);
      else if (moved !== -e.EINTR) check(moved, 'splice', target.fd);
    }
  }

  /**
   * The target takes bytes only. They have left the source, so they are delivered as bytes. Answers
   * 0.
   */
  async #flush(inPipe: number): Promise<number> {
    const buffer = new Uint8Array(inPipe);
    const read = check(this.#ends.runtime.kernel.read(this.#reader, buffer), 'read', this.#reader);
    check(await writeAll(this.#ends, buffer.subarray(0, read)), 'write', this.#ends.target.fd);
    this.spent = true;
    return inPipe - read;
  }

  close(): void {
    if (this.#reader < 0) return;
    this.#ends.runtime.kernel.close(this.#reader);
    this.#ends.runtime.kernel.close(this.#writer);
  }
}

/**
 * The answers that say "not these two", by the manual pages and by what file systems really answer:
 * EBADF is a target in append mode, EPERM an old sandbox, EIO some network file systems.
 */
const UNSUPPORTED = new Set(
  [e.EINVAL, e.ENOSYS, e.EOPNOTSUPP, e.EXDEV, e.EPERM, e.EBADF, e.EIO, e.ETXTBSY].map((n) => -n),
);

export function isUnsupported(result: number): boolean {
  return UNSUPPORTED.has(result);
}
