/**
 * Pairs of descriptors: a pipe, a socket pair. This module is browser compatible.
 */
import * as argument from '../kernel/argument.js';
import { check } from '../kernel/error.js';
import * as f from '../kernel/flags.js';
import { Fd } from './fd.js';
import type { Runtime } from './runtime.js';

export interface PipeOptions {
  /**
   * How many bytes it shall hold at least (F_SETPIPE_SZ); `reader.capacity` says what it got. 65536
   * without.
   */
  readonly capacity?: number | undefined;
}

/**
 * A pipe: what is written to `writer` is read from `reader`. Disposing it closes what is still
 * open.
 */
export interface Pipe extends Disposable {
  readonly reader: Fd;
  readonly writer: Fd;
}

/** What the sockets of a pair carry: a stream, or messages (in order and whole either way). */
export type PairType = 'stream' | 'datagram' | 'seqpacket';

export interface SocketPairOptions {
  readonly type?: PairType | undefined;
}

/** Two connected sockets. Disposing it closes what is still open. */
export type SocketPair = readonly [left: Fd, right: Fd] & Disposable;

/** pipe2(O_CLOEXEC | O_NONBLOCK). */
export function pipe(runtime: Runtime, options: PipeOptions = {}): Pipe {
  const { capacity } = argument.options(options);
  if (capacity !== undefined) argument.integer(capacity, 'capacity');
  const fds = new Int32Array(2);
  check(runtime.kernel.pipe2(f.O_CLOEXEC | f.O_NONBLOCK, fds), 'pipe2');
  const [reader, writer] = pairOf(runtime, fds);
  const made: Pipe = { reader, writer, [Symbol.dispose]: () => closeBoth(reader, writer) };
  if (capacity !== undefined) resize(made, capacity);
  return made;
}

/** socketpair(AF_UNIX, … | SOCK_CLOEXEC | SOCK_NONBLOCK). */
export function socketPair(runtime: Runtime, options: SocketPairOptions = {}): SocketPair {
  const { type = 'stream' } = argument.options(options);
  if (!Object.hasOwn(TYPES, type)) throw new argument.ArgumentOutOfRange('type', WHICH, type);
  const fds = new Int32Array(2);
  const flags = TYPES[type] | f.SOCK_CLOEXEC | f.SOCK_NONBLOCK;
  check(runtime.kernel.socketpair(f.AF_UNIX, flags, 0, fds), 'socketpair');
  const [left, right] = pairOf(runtime, fds);
  const dispose = { [Symbol.dispose]: () => closeBoth(left, right) };
  return Object.assign([left, right] as const, dispose) as SocketPair;
}

/**
 * Closes these ends of pipes, each of them, whatever close(2) says of one: no bytes of a pipe are
 * written later, so nothing can be lost by it.
 */
export function closeEnds(...ends: readonly Fd[]): void {
  for (const end of ends) {
    try {
      end.close();
    } catch {
      // The number is free all the same.
    }
  }
}

const TYPES: Readonly<Record<PairType, number>> = {
  stream: f.SOCK_STREAM,
  datagram: f.SOCK_DGRAM,
  seqpacket: f.SOCK_SEQPACKET,
};

const WHICH = "'stream', 'datagram' or 'seqpacket'";

function pairOf(runtime: Runtime, fds: Int32Array): [Fd, Fd] {
  return [new Fd(runtime, fds[0] as number), new Fd(runtime, fds[1] as number)];
}

function resize(pipe: Pipe, capacity: number): void {
  try {
    pipe.writer.capacity = capacity;
  } catch (error) {
    pipe[Symbol.dispose]();
    throw error;
  }
}

function closeBoth(first: Fd, second: Fd): void {
  try {
    first.close();
  } finally {
    second.close();
  }
}
