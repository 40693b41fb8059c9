/**
 * The I/O signals of a runtime: one watch a signal, shared by all who listen, and who each record
 * is for. This module is browser compatible.
 *
 * A real-time signal names its descriptor, and each one queues. SIGIO, SIGURG and the other
 * standard signals do neither: two that come together are one, and its descriptor is the first
 * one's or nobody's. So they only say that something happened somewhere: the registered
 * descriptors are polled, and what is found is reported.
 *
 * A full queue of real-time signals (RLIMIT_SIGPENDING) falls back to SIGIO, whose default action
 * kills: it is watched whatever signal was asked for.
 */
import { type Poller, READABLE } from '../fd/runtime.js';
import { EBUSY } from '../kernel/errno.js';
import { check, SluiceError } from '../kernel/error.js';
import * as f from '../kernel/flags.js';
import type { Kernel } from '../kernel/kernel.js';

/** One event of a descriptor. */
export interface IoSignal {
  /** The signal that came: SIGIO, SIGURG, or the one that was asked for. */
  readonly signal: number;
  readonly fd: number;
  /** What happened, in the bits of poll(2): POLLIN, POLLOUT, POLLPRI, POLLERR, POLLHUP … */
  readonly band: number;
}

/** Who listens for one descriptor. */
export interface Listener {
  readonly fd: number;
  /** SIGIO, or the signal set by F_SETSIG. */
  readonly signal: number;
  take(event: IoSignal): void;
}

/** The first signal that queues and carries a descriptor: 32 and 33 are the C library's. */
const FIRST_REAL_TIME = 34;
/** How many records one read takes. */
const RECORDS = 256;
const WORDS = f.SIGNAL_RECORD_BYTES / 4;
/** How many descriptors one poll(2) of the seam takes. */
const POLL_AT_ONCE = 1024;
const ANYTHING = f.POLLIN | f.POLLPRI | f.POLLOUT;

interface Watch {
  readonly reader: number;
  users: number;
}

export class SignalHub {
  readonly #kernel: Kernel;
  readonly #poller: Poller;
  readonly #watches = new Map<number, Watch>();
  readonly #listeners = new Map<number, Listener>();
  readonly #records = new Int32Array(RECORDS * WORDS);
  readonly #bytes = new Uint8Array(this.#records.buffer);
  /** Over the pipes of all watches; −1 while there is none. */
  #epoll = -1;

  constructor(kernel: Kernel, poller: Poller) {
    this.#kernel = kernel;
    this.#poller = poller;
  }

  /** Resolves when a record may have come: `drain`, then wait. */
  wait(signal: AbortSignal): Promise<void> {
    return this.#poller.wait(this.#epoll, READABLE, signal);
  }

  has(fd: number): boolean {
    return this.#listeners.has(fd);
  }

  /** From here on no signal of this listener is deadly: before O_ASYNC is set. */
  add(listener: Listener): void {
    const signals = signalsOf(listener);
    const taken: number[] = [];
    try {
      for (const signal of signals) {
        this.#acquire(signal);
        taken.push(signal);
      }
    } catch (error) {
      for (const signal of taken) this.#release(signal);
      throw error;
    }
    this.#listeners.set(listener.fd, listener);
  }

  /**
   * After O_ASYNC is cleared. What was recorded for the descriptor until now
   * is not its next owner's.
   */
  delete(listener: Listener): void {
    this.drain();
    this.#listeners.delete(listener.fd);
    for (const signal of signalsOf(listener)) this.#release(signal);
  }

  /** Hands out all records there are. */
  drain(): void {
    const standard = new Set<number>();
    for (const { reader } of this.#watches.values()) this.#read(reader, standard);
    for (const signal of standard) this.#search(signal);
  }

  #read(reader: number, standard: Set<number>): void {
    let length: number;
    do {
      length = this.#kernel.read(reader, this.#bytes);
      for (let at = 0; 4 * at < length; at += WORDS) this.#record(at, standard);
    } while (length === this.#bytes.length);
  }

  /** si_code above 0 and below SI_KERNEL is fcntl's; kill(2) and sigqueue(3) have 0 and below. */
  #record(at: number, standard: Set<number>): void {
    const signal = this.#records[at + f.SIGNAL_NUMBER] as number;
    const code = this.#records[at + f.SIGNAL_CODE] as number;
    if (signal < FIRST_REAL_TIME) {
      standard.add(signal);
      return;
    }
    if (code < f.POLL_IN || code > f.POLL_HUP) return;
    const fd = this.#records[at + f.SIGNAL_FD] as number;
    const band = this.#records[at + f.SIGNAL_BAND] as number;
    const listener = this.#listeners.get(fd);
    if (listener?.signal === signal) listener.take({ signal, fd, band });
  }

  #search(signal: number): void {
    const events = signal === f.SIGURG ? f.POLLPRI : ANYTHING;
    const all = [...this.#listeners.values()].filter((one) => mayMean(one, signal));
    for (let at = 0; at < all.length; at += POLL_AT_ONCE) {
      this.#poll(all.slice(at, at + POLL_AT_ONCE), signal, events);
    }
  }

  #poll(listeners: readonly Listener[], signal: number, events: number): void {
    const fds = Int32Array.from(listeners.flatMap(({ fd }) => [fd, events, 0]));
    if (this.#kernel.poll(0, fds) <= 0) return;
    for (const [index, listener] of listeners.entries()) {
      const band = fds[3 * index + 2] as number;
      const found = band !== 0 && (band & f.POLLNVAL) === 0;
      if (found) listener.take({ signal, fd: listener.fd, band });
    }
  }

  #acquire(signal: number): void {
    const watch = this.#watches.get(signal);
    if (watch === undefined) this.#watch(signal);
    else watch.users++;
  }

  #watch(signal: number): void {
    this.#open();
    const reader = this.#kernel.signal_watch(signal);
    if (reader < 0 && this.#watches.size === 0) this.#shut();
    if (reader === -EBUSY) {
      const owner = 'another thread of this process, or offload';
      throw new SluiceError('ERR_SLUICE_SIGNAL', `signal ${signal} is taken by ${owner}`);
    }
    check(reader, 'sigaction');
    this.#watches.set(signal, { reader, users: 1 });
    const added = this.#kernel.epoll_ctl(this.#epoll, f.EPOLL_CTL_ADD, reader, f.EPOLLIN, signal);
    if (added < 0) this.#release(signal);
    check(added, 'epoll_ctl', reader);
  }

  #release(signal: number): void {
    const watch = this.#watches.get(signal) as Watch;
    if (--watch.users > 0) return;
    this.#watches.delete(signal);
    this.#kernel.signal_unwatch(signal);
    this.#kernel.epoll_ctl(this.#epoll, f.EPOLL_CTL_DEL, watch.reader, 0, 0);
    this.#kernel.close(watch.reader);
    if (this.#watches.size === 0) this.#shut();
  }

  #open(): void {
    if (this.#epoll >= 0) return;
    this.#epoll = check(this.#kernel.epoll_create1(f.EPOLL_CLOEXEC), 'epoll_create1');
  }

  #shut(): void {
    this.#poller.forget(this.#epoll);
    this.#kernel.close(this.#epoll);
    this.#epoll = -1;
  }
}

function signalsOf({ signal }: Listener): Set<number> {
  return new Set([f.SIGIO, f.SIGURG, signal]);
}

/** Whether a standard signal without a descriptor may be about this one's. */
function mayMean(listener: Listener, signal: number): boolean {
  return signal === f.SIGURG || signal === f.SIGIO || signal === listener.signal;
}
