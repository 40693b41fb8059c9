/**
 * A listening socket of a relay: accepts several connections a turn, and survives the lack of
 * descriptors.
 */
import { type Interests, READABLE, type Watcher } from '../../fd/runtime.js';
import type { Engine } from '../../flow/engine.js';
import { SOCKADDR_BYTES } from '../../kernel/address.js';
import { EAGAIN, EBADF, EINVAL, EMFILE, ENFILE } from '../../kernel/errno.js';
import { check } from '../../kernel/error.js';
import * as f from '../../kernel/flags.js';
import type { Kernel } from '../../kernel/kernel.js';
import type { Reserve } from './reserve.js';
import type { ListeningSocket } from './sockets.js';

/** Who takes the connections. */
export interface Accepting {
  /** Whether one more is wanted now. Where not, `resume` says when. */
  readonly open: boolean;
  /** The accepted connection; `peer` holds its sockaddr. */
  accepted(fd: number, peer: Uint8Array, listener: Listener): void;
  /** No descriptor was left for a connection, which was closed. */
  turnedAway(): void;
}

const ACCEPTS_PER_TURN = 64;
const RETRY_MS = 100;
const FLAGS = f.SOCK_NONBLOCK | f.SOCK_CLOEXEC;

export class Listener implements Watcher {
  readonly tcp: boolean;
  readonly #engine: Engine;
  readonly #socket: ListeningSocket;
  readonly #accepting: Accepting;
  readonly #reserve: Reserve;
  readonly #peer = new Uint8Array(SOCKADDR_BYTES);
  #deferred = false;
  /** Connections may be left in the queue, of which epoll will not tell again. */
  #stopped = false;
  #closed = false;
  #stopTimer: (() => void) | undefined = undefined;

  constructor(engine: Engine, socket: ListeningSocket, accepting: Accepting, reserve: Reserve) {
    this.#engine = engine;
    this.#socket = socket;
    this.tcp = socket.tcp;
    this.#accepting = accepting;
    this.#reserve = reserve;
  }

  /** Accepts from now on. */
  start(): void {
    const { fd } = this.#socket;
    check(this.#engine.runtime.poller.watch(fd, READABLE, this), 'epoll_ctl', fd);
  }

  ready(_interests: Interests, _events: number): void {
    if (!this.#deferred) this.#accept();
  }

  forgotten(): void {}

  /** Work that was put off until now: by `defer`, or because no connection was wanted. */
  resume(): void {
    this.#deferred = false;
    this.#accept();
  }

  /** A connection has ended: where that was waited for, the queue is looked at. */
  roomAgain(): void {
    if (!this.#stopped || this.#deferred) return;
    this.#stopped = false;
    this.#accept();
  }

  /**
   * Closes it. Linux resets what waits in its queue then, so that is accepted before, as far as it
   * is wanted: clients believe that they are connected.
   */
  drain(): void {
    let left = this.#socket.passed ? 0 : f.SOMAXCONN;
    while (left > 0 && this.#acceptOne()) left--;
    this.close();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopTimer?.();
    const { poller, kernel } = this.#engine.runtime;
    poller.forget(this.#socket.fd);
    kernel.close(this.#socket.fd);
  }

  /** Until there is none left to accept; where that takes long, the rest in a later turn. */
  #accept(): void {
    for (let count = 0; count < ACCEPTS_PER_TURN; count++) {
      if (!this.#acceptOne()) return;
    }
    this.#deferred = true;
    this.#engine.defer(this);
  }

  /** Answers whether to go on: one was accepted, or failed alone. */
  #acceptOne(): boolean {
    if (this.#closed) return false;
    if (!this.#accepting.open) {
      this.#stopped = true;
      return false;
    }
    this.#reserve.renew();
    const fd = this.#engine.runtime.kernel.accept4(this.#socket.fd, FLAGS, this.#peer);
    if (fd >= 0) this.#accepting.accepted(fd, this.#peer, this);
    else if (ENDS.has(fd)) return false;
    else if (fd === -EMFILE || fd === -ENFILE) return this.#turnAway();
    return true;
  }

  /** Whoever waits in the queue would wait for ever. Answers whether to go on. */
  #turnAway(): boolean {
    const result = this.#reserve.lend((kernel) => {
      const fd = kernel.accept4(this.#socket.fd, FLAGS, null);
      if (fd >= 0) hangUp(kernel, fd);
      return fd;
    });
    if (result === -EMFILE || result === -ENFILE) return this.#tryLater();
    if (result < 0) return !ENDS.has(result);
    this.#accepting.turnedAway();
    return true;
  }

  /**
   * Somebody else was faster to take the number of the reserve. What ends next and gives one back
   * need not be ours.
   */
  #tryLater(): false {
    this.#stopped = true;
    this.#stopTimer ??= this.#engine.runtime.clock.timer(RETRY_MS, () => {
      this.#stopTimer = undefined;
      this.roomAgain();
    });
    return false;
  }
}

/** Closes it so that the client sees a reset, not the end of an empty answer. */
export function hangUp(kernel: Kernel, fd: number): void {
  kernel.connect(fd, UNSPECIFIED);
  kernel.close(fd);
}

const UNSPECIFIED = new Uint8Array(16);

/** After these there is nothing to accept. Others are of one connection: ECONNABORTED, EINTR … */
const ENDS = new Set([-EAGAIN, -EBADF, -EINVAL]);
