/**
 * The owned descriptor. This module is browser compatible.
 */
import * as argument from '../kernel/argument.js';
import { check, SluiceError, throwIfAborted } from '../kernel/error.js';
import * as f from '../kernel/flags.js';
import { ControlledNumber } from './controls.js';
import { FIRST_AFTER_STDIO } from './lifetime.js';
import {
  type Passage,
  type ReceivedFds,
  type ReceiveFdsOptions,
  receiveFds,
  type SendFdsOptions,
  sendFds,
} from './passing.js';
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
export class Fd extends ControlledNumber {
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
   * A second descriptor of the same open file description, by F_DUPFD_CLOEXEC: offset and
   * O_NONBLOCK are shared.
   *
   * @throws EMFILE no more descriptors; otherwise as `fd`
   */
  dup(): Fd {
    this.#refuseBuffered();
    return new Fd(this.runtime, this.fcntl(f.F_DUPFD_CLOEXEC, FIRST_AFTER_STDIO));
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

  /**
   * Sends descriptors to whoever holds the other end of this Unix socket, by sendmsg and
   * SCM_RIGHTS. They get numbers of their own for the same open file descriptions; those here stay
   * open, and yours to close. Resolves when all of `data` has gone: the descriptors travel with its
   * first byte, and what is written to a stream meanwhile comes between its pieces.
   *
   * An abort or `close` may come between the pieces of a long `data` too: the error's `bytes` says
   * how many had gone, and with the first the descriptors.
   *
   * @param fds what is sent, at most 253: `Fd`s, numbers, whatever has `fd`
   * @throws ERR_OUT_OF_RANGE too many, or no byte of `data`, without which a stream sends nothing;
   *   ERR_SLUICE_UNSUPPORTED this is no Unix socket; EBADF one of them is not open, which `fd` of
   *   the error tells; EPIPE nobody holds the other end; ETOOMANYREFS this user has more on the way
   *   than RLIMIT_NOFILE allows; ERR_SLUICE_CLOSED, AbortError
   *
   * @example
   * ```ts
   * import { equal } from 'node:assert/strict';
   * import { pipe, socketPair } from 'sluice';
   *
   * const [left, right] = socketPair();
   * const { reader, writer } = pipe();
   * await left.sendFds([writer]); // as a rule `right` is another process's
   * writer.close();
   *
   * const { fds } = await right.recvFds();
   * for (const received of fds) {
   *   await received.write(Buffer.from('hello'));
   *   received.close();
   * }
   * const buffer = Buffer.alloc(16);
   * equal(buffer.toString('latin1', 0, await reader.read(buffer)), 'hello');
   * for (const fd of [left, right, reader]) fd.close();
   * ```
   */
  async sendFds(fds: readonly argument.Descriptor[], options: SendFdsOptions = {}): Promise<void> {
    return sendFds(this.#passage, fds, argument.options(options));
  }

  /**
   * Takes what `sendFds`, or another program's sendmsg, has sent through this Unix socket: waits
   * for bytes, and answers the descriptors that came with them, each as an `Fd` to be closed, with
   * FD_CLOEXEC. Bytes without descriptors are an answer too (`fds` is empty), and so is the end of
   * the stream (`bytes` is 0). Of a stream never more than one message's descriptors come at once.
   * `read` takes bytes alone: the descriptors that come with them are closed by Linux.
   *
   * @throws ERR_OUT_OF_RANGE `max` is not from 0 to 253, or `buffer` has no room for a byte;
   *   ERR_SLUICE_FDS_TRUNCATED more than `max` came, or more than this process may open: all of
   *   them are closed, and the bytes are in `buffer`, `bytes` of the error; ERR_SLUICE_UNSUPPORTED
   *   this is no Unix socket; ECONNRESET, ERR_SLUICE_CLOSED, AbortError
   */
  async recvFds(options: ReceiveFdsOptions = {}): Promise<ReceivedFds<Fd>> {
    const { fds, bytes } = await receiveFds(this.#passage, argument.options(options));
    return { fds: fds.map((fd) => new Fd(this.runtime, fd)), bytes };
  }

  get #passage(): Passage {
    return {
      runtime: this.runtime,
      turn: this.#turn,
      number: () => this.number,
      takeBuffered: (buffer) => (this.#buffered === undefined ? undefined : this.#pour([buffer])),
    };
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

  #refuseBuffered(): void {
    if (this.#buffered === undefined) return;
    const message =
      `${this.buffered} bytes that Node had already read come before what this descriptor gives: ` +
      'read() them first, or adopt the socket before Node reads (pauseOnConnect: true)';
    throw new SluiceError('ERR_SLUICE_ADOPT', message);
  }
}

const WHICH = "'read', 'write' or 'both'";
