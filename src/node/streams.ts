/**
 * Node's streams over an `Fd`. Each owns it: the stream's end or `destroy` closes it.
 */
import type { Duplex, Readable, Writable } from 'node:stream';
import { Fd } from '../fd/fd.js';
import * as argument from '../kernel/argument.js';
import { ENOTCONN, ENOTSOCK } from '../kernel/errno.js';
import { SystemError } from '../kernel/error.js';
import { IOV_MAX } from '../kernel/flags.js';
import { stream } from './builtin.js';

export interface StreamOptions {
  /**
   * How many bytes are read at once and kept ahead, or may be written before `write` answers false:
   * at least 1. 65536 without.
   */
  readonly highWaterMark?: number | undefined;
}

const DEFAULT_HIGH_WATER_MARK = 1 << 16;

type Done = (error?: Error | null) => void;
type Chunk = { readonly chunk: Buffer };

/**
 * A `Readable` of what the descriptor gives. Reads are made when they are asked for, so a slow
 * reader slows the writer down. Errors are those of `read`; closing the `Fd` ends the stream with
 * ERR_SLUICE_CLOSED. `Readable.toWeb` makes a web stream of it.
 *
 * @param fd the stream closes it, at the end and when destroyed
 * @param options.highWaterMark the size of a read in bytes; 65536 without
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import { open, readable } from 'sluice';
 *
 * const chunks = await readable(await open('package.json')).toArray();
 * equal(JSON.parse(Buffer.concat(chunks).toString()).name, 'sluice');
 * ```
 */
export function readable(fd: Fd, options: StreamOptions = {}): Readable {
  const size = sizeOf(fd, options);
  const { Readable } = stream();
  return new Readable({
    highWaterMark: size,
    read() {
      readInto(this, fd, size);
    },
    destroy: (error, done) => close(fd, error, done),
  });
}

/**
 * A `Writable` into the descriptor, which writes everything, however short the counts: several
 * chunks go by one writev. `Writable.toWeb` makes a web stream of it.
 *
 * @param fd the stream closes it, when it has finished and when destroyed
 * @param options.highWaterMark how many bytes wait before `write` answers false; 65536 without
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import { text } from 'node:stream/consumers';
 * import { pipe, readable, writable } from 'sluice';
 *
 * const p = pipe();
 * writable(p.writer).end('hello');
 * equal(await text(readable(p.reader)), 'hello');
 * ```
 */
export function writable(fd: Fd, options: StreamOptions = {}): Writable {
  const { Writable } = stream();
  return new Writable({
    highWaterMark: sizeOf(fd, options),
    ...writing(fd),
    destroy: (error, done) => close(fd, error, done),
  });
}

/**
 * A `Duplex` over a socket (or a terminal). `end` shuts the sending direction down, so the peer
 * sees the end while its answer is still read; the descriptor is closed when both directions have
 * ended.
 *
 * @param fd the stream closes it
 * @param options.highWaterMark as for `readable` and `writable`
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import { text } from 'node:stream/consumers';
 * import { duplex, socketPair } from 'sluice';
 *
 * const [left, right] = socketPair();
 * const [asker, answerer] = [duplex(left), duplex(right)];
 * answerer.on('data', (chunk) => answerer.end(`${chunk}? answer`));
 * asker.end('question');
 * equal(await text(asker), 'question? answer');
 * ```
 */
export function duplex(fd: Fd, options: StreamOptions = {}): Duplex {
  const size = sizeOf(fd, options);
  const { Duplex } = stream();
  return new Duplex({
    highWaterMark: size,
    read() {
      readInto(this, fd, size);
    },
    ...writing(fd),
    final: (done) => settle(async () => endSending(fd), done),
    destroy: (error, done) => close(fd, error, done),
  });
}

/** Checks both. To read no bytes at once would answer 0, which is the end of the stream. */
function sizeOf(fd: unknown, options: StreamOptions): number {
  if (!(fd instanceof Fd)) throw new argument.InvalidArgumentType('fd', 'an Fd', fd);
  const { highWaterMark = DEFAULT_HIGH_WATER_MARK } = argument.options(options);
  const size = argument.integer(highWaterMark, 'options.highWaterMark');
  if (size >= 1) return size;
  throw new argument.ArgumentOutOfRange('options.highWaterMark', 'at least 1', highWaterMark);
}

async function readInto(target: Readable, fd: Fd, size: number): Promise<void> {
  try {
    const buffer = Buffer.allocUnsafeSlow(size);
    const count = await fd.read(buffer);
    const bytes = buffer.subarray(0, count);
    // A few bytes must not keep a whole buffer alive.
    target.push(count === 0 ? null : 2 * count < size ? Buffer.from(bytes) : bytes);
  } catch (error) {
    target.destroy(error as Error);
  }
}

function writing(fd: Fd) {
  return {
    write: (chunk: Buffer, _encoding: BufferEncoding, done: Done) =>
      settle(() => writeAll(fd, [chunk]), done),
    writev: (chunks: readonly Chunk[], done: Done) =>
      settle(
        () =>
          writeAll(
            fd,
            chunks.map(({ chunk }) => chunk),
          ),
        done,
      ),
  };
}

async function writeAll(fd: Fd, chunks: readonly Uint8Array[]): Promise<void> {
  let rest = chunks.filter(({ length }) => length > 0);
  while (rest.length > 0) rest = consume(rest, await fd.writev(rest.slice(0, IOV_MAX)));
}

/** What is left of the buffers when `count` bytes of them are gone. */
function consume(vector: readonly Uint8Array[], count: number): Uint8Array[] {
  let left = count;
  const first = vector.findIndex(({ length }) => {
    if (left < length) return true;
    left -= length;
    return false;
  });
  if (first < 0) return [];
  const [head, ...tail] = vector.slice(first) as [Uint8Array, ...Uint8Array[]];
  return [head.subarray(left), ...tail];
}

/** Without a connection, or on a terminal, there is no direction to end. */
function endSending(fd: Fd): void {
  try {
    fd.shutdown('write');
  } catch (error) {
    const errno = error instanceof SystemError ? -error.errno : 0;
    if (errno !== ENOTSOCK && errno !== ENOTCONN) throw error;
  }
}

/** Runs `work` and tells the stream. What `done` itself throws is not an error of the work. */
async function settle(work: () => Promise<void>, done: Done): Promise<void> {
  const error = await work().then(
    () => null,
    (reason: Error) => reason,
  );
  done(error);
}

function close(fd: Fd, error: Error | null, done: Done): void {
  let failure: Error | null = null;
  try {
    fd.close();
  } catch (reason) {
    failure = reason as Error;
  }
  done(error ?? failure);
}
