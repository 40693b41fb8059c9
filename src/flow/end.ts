/**
 * One of the two connections of a relay: a stream socket, and what is known of it by now. This
 * module is browser compatible.
 */
import { MOST_DOUBTS } from '../fd/ready.js';
import { type Interest, type Interests, READABLE, type Watcher, WRITABLE } from '../fd/runtime.js';
import { retry } from '../kernel/error.js';
import * as f from '../kernel/flags.js';
import type { Engine } from './engine.js';

/** A connection that is given to a relay, which closes it. */
export interface Connection {
  readonly fd: number;
  /** O_NONBLOCK is set, so splice(2) does not stop the thread: SPLICE_F_NONBLOCK does not do it. */
  readonly nonBlocking: boolean;
  /**
   * TCP: a read that is shorter than asked has taken everything, unless an end or urgent data is
   * about. Other sockets end a read where it pleases them.
   */
  readonly tcp: boolean;
  /** Still connecting: nothing is read from the other side before this one can be written to. */
  readonly connecting?: boolean;
  /** Nobody has a duplicate: closing it ends the connection and takes it out of epoll. */
  readonly sole?: boolean;
}

/** Who owns the two ends. */
export interface EndOwner {
  readonly engine: Engine;
  /** `end` may be ready: its `readable` and `writable` are set. */
  changed(end: End, interests: Interests, events: number): void;
  /** Somebody else ended the watch: the number is not ours any more. */
  lost(end: End, error: Error): void;
}

export class End implements Watcher {
  readonly fd: number;
  readonly tcp: boolean;
  /** Bytes through this process only, never splice. */
  copies: boolean;
  /** A read may give something. True at first: it costs one try. */
  readable = true;
  /** A write may be taken. */
  writable: boolean;
  /** An end, an error or urgent data is about: a short read does not mean an empty queue. */
  exceptional = false;
  /** It was reset or died in another way: nothing reaches it, and its end is no clean one. */
  broken = false;
  readonly sole: boolean;
  /** Refusals while it claimed to be ready, since it was last heard of. */
  #doubts = 0;
  readonly #owner: EndOwner;
  #asked: Interests = 0;
  #open = true;

  constructor(owner: EndOwner, connection: Connection) {
    const { fd, nonBlocking, tcp, connecting = false, sole = false } = connection;
    this.#owner = owner;
    this.sole = sole;
    this.fd = fd;
    this.tcp = tcp;
    this.copies = !nonBlocking;
    this.writable = !connecting;
  }

  /** Asks to be told of these interests. Answers 0 or −errno. */
  watch(interests: Interests): number {
    if ((this.#asked & interests) === interests) return 0;
    this.#asked |= interests;
    return this.#owner.engine.runtime.poller.watch(this.fd, this.#asked, this);
  }

  /** A write was refused: the next edge of room is waited for. Answers 0 or −errno. */
  block(): number {
    this.writable = false;
    return this.watch(READABLE | WRITABLE);
  }

  /** It has refused: whether it is ready all the same, so that no edge need come. */
  claims(interest: Interest): boolean {
    if (this.#doubts >= MOST_DOUBTS) return false;
    const { kernel } = this.#owner.engine.runtime;
    const fds = Int32Array.of(this.fd, interest, 0);
    if (retry(() => kernel.poll(0, fds)) <= 0) return false;
    this.#doubts++;
    return true;
  }

  ready(interests: Interests, events: number): void {
    this.#doubts = 0;
    if ((interests & READABLE) !== 0) this.readable = true;
    if ((interests & WRITABLE) !== 0) this.writable = true;
    if ((events & EXCEPTIONAL) !== 0) this.exceptional = true;
    this.#owner.changed(this, interests, events);
  }

  forgotten(error: () => Error): void {
    if (!this.#open) return;
    this.#open = false;
    this.#owner.lost(this, error());
  }

  /**
   * Has the peer see a reset instead of a clean end. connect(2) to AF_UNSPEC sends it at once,
   * whoever else holds a duplicate of the socket. A Unix socket knows no reset: its peer sees an
   * end, or ECONNRESET where it had sent what nobody has read.
   */
  reset(): void {
    if (this.tcp && this.#open) this.#owner.engine.runtime.kernel.connect(this.fd, UNSPECIFIED);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    const { poller, kernel } = this.#owner.engine.runtime;
    poller.forget(this.fd, this.sole);
    kernel.close(this.fd);
  }
}

const EXCEPTIONAL = f.EPOLLPRI | f.EPOLLRDHUP | f.EPOLLERR | f.EPOLLHUP;

/** A sockaddr of family AF_UNSPEC. */
const UNSPECIFIED = new Uint8Array(16);
