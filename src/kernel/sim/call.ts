/**
 * A call under way. A call that can sleep is written once, as an attempt that answers n ≥ 0 or
 * −errno, or says on which queue it would sleep and is made again when that is woken. What it has
 * done stays in the call and its cursors. This module is browser compatible.
 */
import { EDEADLK, EINTR, EPIPE } from '../errno.js';
import { O_APPEND } from '../flags.js';
import type { Memory } from '../kernel.js';
import type { Tally } from './counters.js';
import { Cursor, lengthOfOne, lengthOfVector } from './cursor.js';
import type { Description } from './description.js';
import type { Process } from './processes.js';
import { BROKEN_PIPE } from './signals.js';
import type { Rights } from './socket/rights.js';
import type { UnixSocket } from './socket/unix.js';
import type { WaitQueue } from './wait.js';

/** What an attempt answers where it would sleep: below every −errno. */
export const WOULD_SLEEP = -0x10000;

/** Made again after each sleep, until it answers. */
export type Attempt = (call: Call) => number;

/** An answer at once, or what may have to be tried more than once. */
export type Outcome = number | Attempt;

export class Call {
  /** How many bytes have moved: what is answered when a signal ends the sleep. */
  done = 0;
  /** Whether this attempt comes after a sleep: whoever was woken wakes the next in the queue. */
  hasSlept = false;
  /** RWF_NOWAIT, MSG_DONTWAIT: this call does not sleep. */
  mustNotSleep = false;
  /**
   * SPLICE_F_NONBLOCK, or O_NONBLOCK of a pipe of a splice: it does not sleep for the pipe. What is
   * at the other end may heed it or not: a Unix socket that is read does, TCP does not.
   */
  mustNotSplice = false;
  /** RWF_APPEND and RWF_NOAPPEND, whatever O_APPEND says. */
  mustAppend = false;
  mustNotAppend = false;
  /** RWF_NOSIGNAL, MSG_NOSIGNAL: a write to nobody is EPIPE alone. */
  mustNotSignal = false;
  /** The descriptors that sendmsg(2) is given, until they are looked up. */
  fds: readonly number[] | undefined;
  /** What is sent beside the bytes, or has come beside them; it goes with the call. */
  rights: Rights | undefined;
  /** What recvmsg(2) says of the message: MSG_TRUNC, MSG_OOB. */
  messageFlags = 0;
  /** Where it would sleep. */
  queue: WaitQueue | undefined;
  /** Whether it waits in turn there. */
  isExclusive = false;
  #held: Description[] | undefined;
  #isLate = false;
  #stopTimer: (() => void) | undefined;

  constructor(
    readonly caller: Process,
    readonly tally: Tally,
    /** Whether it really sleeps; a plain call does not. */
    private readonly sleeps: boolean,
  ) {}

  /** Makes a plain call's frame ready for the next call. */
  begin(): void {
    this.done = 0;
    this.mustNotSleep = false;
    this.mustNotSplice = false;
    this.mustAppend = false;
    this.mustNotAppend = false;
    this.mustNotSignal = false;
    this.fds = undefined;
    this.messageFlags = 0;
    this.queue = undefined;
  }

  /** What the number is open on, also with O_PATH. It stays while the call is under way. */
  description(fd: number): Description | undefined {
    const description = this.caller.table.get(fd);
    if (this.sleeps && description !== undefined) {
      this.keep(description.hold());
    }
    return description;
  }

  /** The call's own reference to the description goes when the call is over. */
  keep(description: Description): void {
    this.#held ??= [];
    this.#held.push(description);
  }

  /** The same for calls that do not know O_PATH: undefined is −EBADF. */
  file(fd: number): Description | undefined {
    const description = this.description(fd);
    return description?.isPath === true ? undefined : description;
  }

  /** A place in one piece of memory; −EFAULT. */
  memory(memory: Memory): Cursor | number {
    return this.#cursor([memory], lengthOfOne(memory));
  }

  /** A place in several pieces; −EINVAL or −EFAULT. */
  vector(vector: readonly Memory[]): Cursor | number {
    return this.#cursor(vector, lengthOfVector(vector));
  }

  /** Whether EAGAIN is the answer where it would sleep for this description. */
  isNonBlocking(description: Description): boolean {
    return this.mustNotSleep || description.isNonBlocking;
  }

  /** Whether a write goes to the end of what is written. */
  appends({ flags }: Description): boolean {
    return this.mustAppend || ((flags & O_APPEND) !== 0 && !this.mustNotAppend);
  }

  /** To be answered by an attempt that waits for an event; others wait beside it. */
  sleep(queue: WaitQueue): number {
    this.queue = queue;
    this.isExclusive = false;
    return WOULD_SLEEP;
  }

  /**
   * Whether a call that waits at `queue` for so long and no longer has waited enough. A plain call
   * has at once, because it does not wait.
   */
  isLate(queue: WaitQueue, timeoutMs: number): boolean {
    if (!this.sleeps || this.#isLate) return true;
    this.#stopTimer ??= this.caller.machine.clock.timer(timeoutMs, () => {
      this.#isLate = true;
      queue.wakeAll();
    });
    return false;
  }

  /** To be answered by an attempt that waits in turn. */
  sleepInTurn(queue: WaitQueue): number {
    this.sleep(queue);
    this.isExclusive = true;
    return WOULD_SLEEP;
  }

  /** Nobody reads what is written: SIGPIPE, and EPIPE unless something has moved before. */
  broken(): number {
    if (!this.mustNotSignal) this.caller.signals.send(BROKEN_PIPE);
    return this.done > 0 ? this.done : -EPIPE;
  }

  /** What a plain call answers that would sleep: what has moved, or −EDEADLK. */
  get unslept(): number {
    return this.done > 0 ? this.done : -EDEADLK;
  }

  /** What is answered where a signal ends the sleep. */
  get interrupted(): number {
    return this.done > 0 ? this.done : -EINTR;
  }

  /** What goes beside the bytes waits in this socket from now on. Answers it. */
  sendRights(target: UnixSocket): Rights | undefined {
    const { rights } = this;
    rights?.enter(target, this.caller.user);
    this.rights = undefined;
    return rights;
  }

  /** The call is over. */
  end(): void {
    this.#stopTimer?.();
    this.rights?.drop();
    this.rights = undefined;
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) for (const description of held) description.release();
  }

  #cursor(pieces: readonly Memory[], length: number): Cursor | number {
    return length < 0 ? length : new Cursor(pieces, length, this.caller.space, this.tally);
  }
}
