/**
 * A listening socket of a relay: accepts several connections a turn, and survives the lack of
 * descriptors.
 */
import { unlinkSync } from 'node:fs';
import { type Interests, READABLE, type Watcher } from '../../fd/runtime.js';
import type { Engine } from '../../flow/engine.js';
import { SOCKADDR_BYTES, type SocketAddress } from '../../kernel/address.js';
import { EAGAIN, EBADF, EINVAL, EMFILE, ENFILE } from '../../kernel/errno.js';
import { check } from '../../kernel/error.js';
import * as f from '../../kernel/flags.js';
import type { Kernel } from '../../kernel/kernel.js';
import { type Address, addressOf, bindTo, resolve } from '../connect.js';
import type { Reserve } from './reserve.js';

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
const FLAGS = f.SOCK_NONBLOCK | f.SOCK_CLOEXEC;
const ON = new Uint8Array(Int32Array.of(1).buffer);

export class Listener implements Watcher {
  readonly tcp: boolean;
  readonly address: string;
  readonly #engine: Engine;
  readonly #fd: number;
  readonly #path: string | undefined;
  readonly #accepting: Accepting;
  readonly #reserve: Reserve;
  readonly #peer = new Uint8Array(SOCKADDR_BYTES);
  #deferred = false;
  /** Connections may be left in the queue, of which epoll will not tell again. */
  #stopped = false;
  #closed = false;

  private constructor(
    engine: Engine,
    fd: number,
    endpoint: Address,
    accepting: Accepting,
    reserve: Reserve,
  ) {
    this.#engine = engine;
    this.#fd = fd;
    this.tcp = endpoint.kind === 'tcp';
    this.#path = endpoint.kind === 'unix' ? endpoint.path : undefined;
    this.address = addressOf(engine.runtime, fd);
    this.#accepting = accepting;
    this.#reserve = reserve;
  }

  /** Listens at the first address of the endpoint. Port 0 is a free one: see `address`. */
  static async at(
    engine: Engine,
    endpoint: Address,
    accepting: Accepting,
    reserve: Reserve,
  ): Promise<Listener> {
    const { runtime } = engine;
    const [address] = await resolve(endpoint);
    const fd = bindTo(runtime, address as SocketAddress, f.SOMAXCONN, f.SOCK_NONBLOCK);
    // What is accepted inherits it.
    if (endpoint.kind === 'tcp') {
      runtime.kernel.setsockopt(fd, f.IPPROTO_TCP, f.TCP_NODELAY, ON);
    }
    const listener = new Listener(engine, fd, endpoint, accepting, reserve);
    check(runtime.poller.watch(fd, READABLE, listener), 'epoll_ctl', fd);
    return listener;
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

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const { poller, kernel } = this.#engine.runtime;
    poller.forget(this.#fd);
    kernel.close(this.#fd);
    if (this.#path !== undefined) unlinkSync(this.#path);
  }

  /** Until there is none left to accept; where that takes long, the rest in a later turn. */
  #accept(): void {
    for (let count = 0; count < ACCEPTS_PER_TURN; count++) {
      if (this.#closed) return;
      if (!this.#accepting.open) {
        this.#stopped = true;
        return;
      }
      const fd = this.#engine.runtime.kernel.accept4(this.#fd, FLAGS, this.#peer);
      if (fd >= 0) this.#accepting.accepted(fd, this.#peer, this);
      else if (ENDS.has(fd)) return;
      else if (fd === -EMFILE || fd === -ENFILE) {
        this.#stopped = !this.#turnAway();
        if (this.#stopped) return;
      }
    }
    this.#deferred = true;
    this.#engine.defer(this);
  }

  /** Whoever waits in the queue would wait for ever. Answers whether there was one to turn away. */
  #turnAway(): boolean {
    const { kernel } = this.#engine.runtime;
    const done = this.#reserve.lend(() => {
      const fd = kernel.accept4(this.#fd, FLAGS, null);
      if (fd >= 0) hangUp(kernel, fd);
      return fd >= 0;
    });
    if (done) this.#accepting.turnedAway();
    return done;
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
