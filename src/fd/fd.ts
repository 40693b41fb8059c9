/**
 * The owned descriptor. This module is browser compatible.
 */
import * as argument from '../kernel/argument.js';
import { check, SluiceError, throwIfAborted } from '../kernel/error.js';
import * as f from '../kernel/flags.js';
import { OwnedNumber } from './lifetime.js';
import { untilReady } from './ready.js';
import type { Runtime } from './runtime.js';
import { attempt, type Direction, INTEREST, moved } from './transfer.js';
import { Turn } from './turn.js';

/** The directions of a connection that `shutdown` ends. */
export type Half = 'read' | 'write' | 'both';

const HALVES: Readonly<Record<Half, number>> = {
  read: f.SHUT_RD,
  write: f.SHUT_WR,
  both: f.SHUT_RDWR,
};

export interface TransferOptions {
  /**
   * Ends the wait: the promise rejects with an AbortError. What Linux had done by then is answered
   * instead.
   */
  readonly signal?: AbortSignal | undefined;
}

/** Where an `Fd` comes from, beside its number. */
export interface Origin {
  /** The stack of the opening, where leaks are reported. */
  readonly stack?: string | undefined;
  /** Bytes of the stream that were read before it was adopted. */
  readonly buffered?: Uint8Array | undefined;
}

/**
 * A descriptor with one owner: it is closed once, at a known place, and every use after that is an
 * error of sluice's (ERR_SLUICE_CLOSED), never another file's bytes.
 *
 * `pipe`, `socketPair`, `open`, `adopt` and `dup` make them. An `Fd` has `fd`, its number, so it
 * goes as it is into `child_process`' `stdio` and into every function of `sluice/sys`; both only
 * borrow it. (Node's types know numbers only; importing `sluice` adds `Fd` to those of every
 * function that has `stdio`.) Give it to `using`, or call `close`. The garbage collector never
 * closes it; with SLUICE_LEAKS=1 it reports it, with the stack of the opening.
 *
 * `read`, `write`, `readv` and `writev` are the calls of these names, made when they can be made
 * without stopping the thread: each resolves with the count that Linux answers, which may be short.
 * They wait for readiness without a thread, whether O_NONBLOCK is set or not (a child may have
 * cleared it), and use a thread of sluice's own only where nothing else can wait: for a disk.
 * Several may wait at once; which of them is served first is not promised.
 *
 * @example
 * ```ts
 * import { equal, throws } from 'node:assert/strict';
 * import { pipe } from 'sluice';
 *
 * const { reader, writer } = pipe();
 * const buffer = Buffer.alloc(16);
 * const reading = reader.read(buffer); // waits for a byte
 * equal(await writer.write(Buffer.from('hello')), 5);
 * equal(buffer.toString('latin1', 0, await reading), 'hello');
 * writer.close();
 * equal(await reader.read(buffer), 0); // end: the last writer is gone
 * reader.close();
 * throws(() => reader.fd, { code: 'ERR_SLUICE_CLOSED' });
 * ```
 */
export class Fd extends OwnedNumber {
  #buffered: Uint8Array | undefined;
  readonly #turn = new Turn();

  /** For code that has a number of its own: `adopt` checks it first. */
  constructor(runtime: Runtime, fd: number, { stack, buffered }: Origin = {}) {
    super(runtime, fd, stack);
    this.#buffered = buffered?.length === 0 ? undefined : buffered;
  }

  /**
   * The number, lent: it stays this object's to close.
   *
   * @throws ERR_SLUICE_CLOSED it was closed or released; ERR_SLUICE_ADOPT `buffered` is not 0: who
   *   reads from the number would miss these bytes
   */
  get fd(): number {
    const { number } = this;
    this.#refuseBuffered();
    return number;
  }

  /**
   * How many bytes Node had read before this was adopted: the next `read` gives them, before it
   * asks Linux.
   */
  get buffered(): number {
    return this.#buffered?.length ?? 0;
  }

  /**
   * Gives the number up: it is the caller's to close, and this object is closed.
   *
   * @returns the number
   * @throws EBUSY a read or write of a file is on a thread; otherwise as `fd`
   */
  release(): number {
    this.#refuseBuffered();
    void this.number;
    return this.giveUp();
  }

  /**
   * O_NONBLOCK, by F_GETFL and F_SETFL. It belongs to the open file description, so it changes for
   * every duplicate too, in other processes as well: the shell's terminal, for one. `read` and
   * `write` here never need it.
   */
  get nonBlocking(): boolean {
    return (this.#fcntl(f.F_GETFL) & f.O_NONBLOCK) !== 0;
  }

  set nonBlocking(value: boolean) {
    const wanted = argument.boolean(value, 'nonBlocking') ? f.O_NONBLOCK : 0;
    this.#fcntl(f.F_SETFL, (this.#fcntl(f.F_GETFL) & ~f.O_NONBLOCK) | wanted);
  }

  /**
   * FD_CLOEXEC, by F_GETFD and F_SETFD: whether exec closes it, in this process's children too. Of
   * this number alone.
   */
  get closeOnExec(): boolean {
    return (this.#fcntl(f.F_GETFD) & f.FD_CLOEXEC) !== 0;
  }

  set closeOnExec(value: boolean) {
    this.#fcntl(f.F_SETFD, argument.boolean(value, 'closeOnExec') ? f.FD_CLOEXEC : 0);
  }

  /**
   * How many bytes the pipe holds, by F_GETPIPE_SZ and F_SETPIPE_SZ. Linux rounds up to a power of
   * two of pages: read it back. EBADF where it is no pipe; EBUSY where more is in it than would
   * fit; EPERM above /proc/sys/fs/pipe-max-size.
   */
  get capacity(): number {
    return this.#fcntl(f.F_GETPIPE_SZ);
  }

  set capacity(value: number) {
    this.#fcntl(f.F_SETPIPE_SZ, argument.integer(value, 'capacity'));
  }

  /**
   * Who gets the I/O signals, by F_GETOWN_EX and F_SETOWN: a process, negative a process group, 0
   * nobody.
   */
  get owner(): number {
    const owner = new Int32Array(2);
    check(this.runtime.kernel.fcntl(this.number, f.F_GETOWN_EX, owner), 'fcntl', this.number);
    const [type, id] = owner as unknown as [number, number];
    return type === f.F_OWNER_PGRP ? -id : id;
  }

  set owner(value: number) {
    this.#fcntl(f.F_SETOWN, argument.integer(value, 'owner'));
  }

  /**
   * Which signal says that I/O is possible, by F_GETSIG and F_SETSIG: 0 is SIGIO, without the
   * descriptor's number.
   */
  get ioSignal(): number {
    return this.#fcntl(f.F_GETSIG);
  }

  set ioSignal(value: number) {
    this.#fcntl(f.F_SETSIG, argument.integer(value, 'ioSignal'));
  }

  /**
   * A second descriptor of the same open file description, by F_DUPFD_CLOEXEC: offset and
   * O_NONBLOCK are shared.
   *
   * @throws EMFILE no more descriptors; otherwise as `fd`
   */
  dup(): Fd {
    this.#refuseBuffered();
    return new Fd(this.runtime, this.#fcntl(f.F_DUPFD_CLOEXEC, FIRST_AFTER_STDIO));
  }

  /**
   * Makes `to` another descriptor of this file, by dup3: what `to` was is closed in the same step.
   * Whoever waits for what it was rejects with ERR_SLUICE_CLOSED, unless this fails.
   *
   * As a rule `to` has FD_CLOEXEC set afterwards. 0, 1 and 2 have it clear, for they are there to
   * be inherited.
   *
   * @param to an `Fd`, which stays the owner of its number, or a number, which stays the caller's
   * @returns the number of `to`
   * @throws EBADF `to` is no possible descriptor; EBUSY a call on `to` is on a thread; otherwise as
   *   `fd`
   */
  dup2(to: number | Fd): number {
    const source = this.fd;
    const target = to instanceof Fd ? to.number : argument.descriptor(to, 'to');
    if (target === source) return target;
    if (to instanceof Fd) to.refuseWhileSleeping('dup3');
    const { kernel, poller } = this.runtime;
    const flags = target < FIRST_AFTER_STDIO ? 0 : f.O_CLOEXEC;
    const replaced = poller.replace(target, () => kernel.dup3(source, target, flags));
    check(replaced, 'dup3', source);
    if (to instanceof Fd) to.#buffered = undefined;
    return target;
  }

  /**
   * shutdown(2): ends a direction of the connection, for every descriptor of it, Node's own too.
   */
  shutdown(half: Half = 'both'): void {
    if (!Object.hasOwn(HALVES, half)) throw new argument.ArgumentOutOfRange('half', WHICH, half);
    check(this.runtime.kernel.shutdown(this.number, HALVES[half]), 'shutdown', this.number);
  }

  /** read(2): resolves with how many bytes came, 0 at the end. */
  async read(buffer: argument.Bytes, options?: TransferOptions): Promise<number> {
    return this.#transfer('read', 'readv', [argument.bytes(buffer, 'buffer')], options);
  }

  /**
   * write(2): resolves with how many bytes went, possibly fewer than there are: repeat with the
   * rest.
   */
  async write(buffer: argument.Bytes, options?: TransferOptions): Promise<number> {
    return this.#transfer('write', 'writev', [argument.bytes(buffer, 'buffer')], options);
  }

  /** readv(2): as `read`, filling the buffers in order, at most 1024 of them. */
  async readv(buffers: readonly argument.Bytes[], options?: TransferOptions): Promise<number> {
    return this.#transfer('readv', 'readv', argument.vector(buffers, 'buffers'), options);
  }

  /** writev(2): as `write`, the buffers in order, at most 1024 of them. */
  async writev(buffers: readonly argument.Bytes[], options?: TransferOptions): Promise<number> {
    return this.#transfer('writev', 'writev', argument.vector(buffers, 'buffers'), options);
  }

  async #transfer(
    syscall: string,
    direction: Direction,
    vector: Uint8Array[],
    options: TransferOptions = {},
  ): Promise<number> {
    const { signal } = argument.options(options);
    argument.abortSignal(signal, 'signal');
    for (let doubts = 0; ; ) {
      if (this.#turn.over) await this.#turn.end(this.runtime.clock);
      throwIfAborted(signal);
      const fd = this.number;
      if (direction === 'readv' && this.#buffered !== undefined) return this.#pour(vector);
      const outcome = attempt(this.runtime.kernel, direction, fd, vector);
      if (typeof outcome === 'number') return this.#turn.spend(moved(outcome, syscall, fd));
      this.#turn.renew();
      if (outcome === 'sleep') {
        return moved(await this.sleep(direction, [fd, vector], signal), syscall, fd);
      }
      doubts = await untilReady(this.runtime, fd, INTEREST[direction], signal, doubts);
    }
  }

  /** Moves what was buffered into the buffers, in order. */
  #pour(vector: readonly Uint8Array[]): number {
    const bytes = this.#buffered ?? new Uint8Array();
    let poured = 0;
    for (const buffer of vector) {
      const piece = bytes.subarray(poured, poured + buffer.length);
      buffer.set(piece);
      poured += piece.length;
    }
    this.#buffered = poured === bytes.length ? undefined : bytes.subarray(poured);
    return poured;
  }

  #fcntl(command: number, value?: number): number {
    const fd = this.number;
    return check(this.runtime.kernel.fcntl(fd, command, value), 'fcntl', fd);
  }

  #refuseBuffered(): void {
    if (this.#buffered === undefined) return;
    const message =
      `${this.buffered} bytes that Node had already read come before what this descriptor gives: ` +
      'read() them first, or adopt the socket before Node reads (pauseOnConnect: true)';
    throw new SluiceError('ERR_SLUICE_ADOPT', message);
  }
}

/** Duplicates never take a number of standard input, output or error that happens to be free. */
export const FIRST_AFTER_STDIO = 3;

const WHICH = "'read', 'write' or 'both'";
