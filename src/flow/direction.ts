/**
 * One direction of a relay, from one connection to the other. This module is browser compatible.
 *
 * Two halves: **drain** takes bytes from the source, **pump** gives them to the target. Small
 * traffic is one plain read and one send through the engine's buffer. From the second full buffer
 * on, a pipe carries the bytes and none of them enters this process.
 *
 * Invariant: drain runs only while this direction holds nothing, so EAGAIN of a drain can only mean
 * the source, and EAGAIN of a pump only the target. Nothing is deduced from the pipe's capacity: a
 * pipe fills by slots, and ten bytes may take a whole one.
 */
import { READABLE, WRITABLE } from '../fd/runtime.js';
import * as e from '../kernel/errno.js';
import { SystemError } from '../kernel/error.js';
import * as f from '../kernel/flags.js';
import type { End } from './end.js';
import type { Deferrable, Engine } from './engine.js';
import { isGone } from './gone.js';
import { type IntermediatePipe, LARGE_PIPE, SMALL_PIPE } from './pipes.js';

/** Who hears of what happens in a direction. */
export interface DirectionOwner {
  readonly engine: Engine;
  /** Bytes have moved: whoever watches the clock wants to know. */
  moved(): void;
  /** A call failed in a way that is no end of a connection. */
  fail(error: Error): void;
  /** Work was done outside of an event: see whether all is over. */
  settle(): void;
  /** One direction is over, so that with the other everything is. */
  readonly halfClosed: boolean;
}

/** Work for one direction before the other connections have their chance: about a millisecond. */
const BYTES_PER_TURN = 1 << 22;

/**
 * What one splice is asked for. A pipe of 1 MiB takes it: its 256 slots hold up to 32 KiB each, and
 * fewer, larger steps cost a fifth less than steps of the pipe's nominal size.
 */
const PIECE = 1 << 22;

/** What a call costs, in bytes moved. */
const CALL_IN_BYTES = 4096;

/** A splice that moved less is followed by plain reads: two copies are cheaper than a pipe then. */
const WORTH_A_PIPE = 16384;

/** The answer of a step after which nothing is left to do for now. */
const STOP = -1;

/** No SPLICE_F_MORE and no MSG_MORE: they would hold small messages back as TCP_CORK does. */
const SPLICE_FLAGS = f.SPLICE_F_MOVE | f.SPLICE_F_NONBLOCK;
const SEND_FLAGS = f.MSG_DONTWAIT | f.MSG_NOSIGNAL;

export class Direction implements Deferrable {
  readonly source: End;
  readonly target: End;
  /** Bytes that the target's socket has taken. */
  sent = 0;
  /** The end of the source has been carried to the target, or there is no way to it any more. */
  over = false;
  readonly #owner: DirectionOwner;
  /** Leased while bytes are in it. */
  #pipe: IntermediatePipe | undefined = undefined;
  /** What was read and did not fit the target's socket. */
  #staged: Uint8Array | undefined = undefined;
  #ended = false;
  #deferred = false;
  #flood = false;
  #wanted = SMALL_PIPE;
  /** Splices in a row that were refused although an event had said that there is something. */
  #refusals = 0;

  constructor(owner: DirectionOwner, source: End, target: End) {
    this.#owner = owner;
    this.source = source;
    this.target = target;
  }

  /** Bytes that go to the target before what the source gives. */
  stage(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#staged = bytes;
  }

  /** Moves what can be moved now, and goes on in a later turn where that is much. */
  run(): void {
    if (this.over || this.#deferred) return;
    let left = BYTES_PER_TURN;
    while (left > 0) {
      const moved = this.#step();
      if (moved === STOP) return;
      left -= moved + CALL_IN_BYTES;
    }
    this.#deferred = true;
    this.#owner.engine.defer(this);
  }

  resume(): void {
    this.#deferred = false;
    this.run();
    this.#owner.settle();
  }

  /** Ends it; what it holds is lost. */
  drop(): void {
    this.over = true;
    this.#staged = undefined;
    if (this.#pipe !== undefined) this.#owner.engine.pipes.release(this.#pipe);
    this.#pipe = undefined;
  }

  /** Answers how many bytes it moved, 0 to be called again, or STOP. */
  #step(): number {
    if (this.target.broken) return this.#abandon();
    if (this.#staged !== undefined) return this.#pumpStaged(this.#staged);
    if (this.#pipe !== undefined) return this.#pumpPipe(this.#pipe);
    if (this.#ended) return this.#carryEnd();
    if (!this.source.readable || !this.target.writable) return STOP;
    return this.#flood ? this.#drainIntoPipe() : this.#drainThroughBuffer();
  }

  #abandon(): number {
    this.drop();
    return STOP;
  }

  /**
   * The source has ended and nothing is held, so the target may hear of it. Of a reset it hears by
   * the relay's end.
   */
  #carryEnd(): number {
    const last = this.#owner.halfClosed;
    this.over = true;
    // The close that comes next says as much.
    if (this.source.broken || (last && this.target.sole)) return STOP;
    const { kernel } = this.#owner.engine.runtime;
    if (kernel.shutdown(this.target.fd, f.SHUT_WR) < 0) this.target.broken = true;
    return STOP;
  }

  /* ---- drain: the source gives ---- */

  /** Invariant: nothing is held, and the target takes bytes as far as is known. */
  #drainThroughBuffer(): number {
    const { source } = this;
    const { engine } = this.#owner;
    const taken = engine.runtime.kernel.recv(source.fd, engine.buffer, f.MSG_DONTWAIT);
    if (taken <= 0) return this.#nothingTaken(taken, 'recv');
    if (taken === engine.buffer.length) this.#flood = !(source.copies || this.target.copies);
    else if (source.tcp && !source.exceptional) source.readable = false;
    return this.#give(engine.part(taken));
  }

  /** Invariant: nothing is held, so EAGAIN is the source's. At an urgent mark 0 is no end. */
  #drainIntoPipe(): number {
    const { engine } = this.#owner;
    const pipe = engine.pipes.lease(this.#wanted);
    if (pipe === undefined) return this.#drainThroughBuffer();
    const { kernel } = engine.runtime;
    const taken = kernel.splice(this.source.fd, null, pipe.writer, null, PIECE, SPLICE_FLAGS);
    if (taken > 0) return this.#hold(pipe, taken);
    engine.pipes.release(pipe);
    if (taken === 0) return this.#drainThroughBuffer();
    if (taken === -e.EAGAIN) return this.#spliceRefused();
    return taken === -e.EINVAL ? this.#spliceUnknown() : this.#nothingTaken(taken, 'splice');
  }

  #hold(pipe: IntermediatePipe, taken: number): number {
    pipe.count = taken;
    this.#pipe = pipe;
    this.#refusals = 0;
    if (taken >= pipe.capacity) this.#wanted = Math.min(4 * pipe.capacity, LARGE_PIPE);
    if (taken < WORTH_A_PIPE) this.#settleDown();
    return taken;
  }

  /** Traffic is small again. */
  #settleDown(): void {
    this.#flood = false;
    this.#wanted = SMALL_PIPE;
  }

  /**
   * At the mark of an urgent byte splice is refused for ever, though epoll says that there is more:
   * a plain read steps over the mark. Where epoll tells of urgent data that is done at once,
   * otherwise at the second refusal in a row.
   */
  #spliceRefused(): number {
    this.#refusals++;
    if (this.source.exceptional || this.#refusals > 1) return this.#drainThroughBuffer();
    if (this.source.claims(READABLE)) return 0;
    this.source.readable = false;
    return STOP;
  }

  /** Not for these two: nothing has moved, so plain reads go on. */
  #spliceUnknown(): number {
    this.source.copies = true;
    this.#settleDown();
    return 0;
  }

  /** An end, EAGAIN or a failure. */
  #nothingTaken(answer: number, syscall: string): number {
    if (answer === -e.EAGAIN) {
      if (this.source.claims(READABLE)) return 0;
      this.source.readable = false;
      this.source.exceptional = false;
      return STOP;
    }
    if (answer === -e.EINTR) return 0;
    if (answer < 0 && !isGone(answer)) return this.#fail(answer, syscall, this.source);
    this.source.broken ||= answer < 0;
    this.#ended = true;
    return 0;
  }

  /* ---- pump: the target takes ---- */

  /** What does not fit is kept. */
  #give(bytes: Uint8Array): number {
    const { kernel } = this.#owner.engine.runtime;
    const given = kernel.send(this.target.fd, bytes, SEND_FLAGS);
    if (given === bytes.length) return this.#count(given);
    this.#staged = bytes.slice(Math.max(given, 0));
    return given > 0 ? this.#count(given) : this.#nothingGiven(given, 'send');
  }

  #pumpStaged(bytes: Uint8Array): number {
    if (!this.target.writable) return STOP;
    const { kernel } = this.#owner.engine.runtime;
    const given = kernel.send(this.target.fd, bytes, SEND_FLAGS);
    if (given <= 0) return this.#nothingGiven(given, 'send');
    this.#staged = given === bytes.length ? undefined : bytes.subarray(given);
    return this.#count(given);
  }

  /** Invariant: exactly `pipe.count` bytes are in the pipe, more than 0: EAGAIN is the target's. */
  #pumpPipe(pipe: IntermediatePipe): number {
    if (!this.target.writable) return STOP;
    const { kernel } = this.#owner.engine.runtime;
    const to = this.target.fd;
    const given = kernel.splice(pipe.reader, null, to, null, pipe.count, SPLICE_FLAGS);
    if (given === -e.EINVAL) return this.#pour(pipe);
    if (given <= 0) return this.#nothingGiven(given, 'splice');
    pipe.count -= given;
    if (pipe.count === 0) this.#emptied(pipe);
    return this.#count(given);
  }

  #emptied(pipe: IntermediatePipe): void {
    this.#pipe = undefined;
    this.#owner.engine.pipes.release(pipe);
  }

  /** The target takes no pages. They have left the source, so they are given as bytes. */
  #pour(pipe: IntermediatePipe): number {
    const bytes = new Uint8Array(pipe.count);
    const read = this.#owner.engine.runtime.kernel.read(pipe.reader, bytes);
    if (read <= 0) return this.#nothingGiven(read, 'read');
    pipe.count -= read;
    this.#staged = bytes.subarray(0, read);
    if (pipe.count === 0) this.#emptied(pipe);
    this.target.copies = true;
    this.#settleDown();
    return 0;
  }

  #nothingGiven(answer: number, syscall: string): number {
    if (answer === -e.EINTR) return 0;
    if (answer === -e.EAGAIN) {
      if (this.target.claims(WRITABLE)) return 0;
      const result = this.target.block();
      return result < 0 ? this.#fail(result, 'epoll_ctl', this.target) : STOP;
    }
    if (answer < 0 && !isGone(answer)) return this.#fail(answer, syscall, this.target);
    this.target.broken = true;
    return 0;
  }

  #count(given: number): number {
    this.sent += given;
    this.#owner.moved();
    return given;
  }

  #fail(answer: number, syscall: string, { fd }: End): number {
    this.#owner.fail(new SystemError(answer, { syscall, fd }));
    return STOP;
  }
}
