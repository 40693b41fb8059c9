/**
 * A bell between processes: an eventfd that nobody reads. Every write to it is an edge for each
 * epoll that watches it, so a ring reaches all who listen, is never used up by one of them, and
 * needs nobody to take it away. This module is browser compatible.
 *
 * Each process listens through an epoll descriptor of its own, edge-triggered, and the poller waits
 * for that one: the edges heard so far can be cleared here (epoll_wait), though the counter of the
 * eventfd stays above 0 for ever. A process's own rings go that way without waking it.
 *
 * Invariant: whoever changes the shared memory rings after the change, and who listens is told once
 * when it begins, to look again. Either that look sees the change, or the ring is still to come.
 */
import { type Poller, READABLE, type Runtime } from '../fd/runtime.js';
import { Turn } from '../fd/turn.js';
import type { Clock } from '../kernel/clock.js';
import { EAGAIN } from '../kernel/errno.js';
import { check, retry, SluiceError } from '../kernel/error.js';
import * as f from '../kernel/flags.js';
import type { Kernel } from '../kernel/kernel.js';
import type { Keeper } from './entrusted.js';

/** Who listens. */
export interface Listener {
  /** There may have been a ring. */
  rung(): void;
  /**
   * There will be none: the bell is closed, or cannot be waited for. The listener is off by then.
   */
  failed(error: Error): void;
}

/** What a ring adds. The counter is full at 2^64 − 2: see `ring`. */
const ONE = new Uint8Array(BigUint64Array.of(1n).buffer);
const NONE = -1;

/** A new eventfd to ring by. */
export function createBell({ kernel }: Runtime): number {
  return check(kernel.eventfd(0, f.EFD_CLOEXEC | f.EFD_NONBLOCK), 'eventfd');
}

/** The bell as one process hears it. */
export class Doorbell {
  readonly #kernel: Kernel;
  readonly #poller: Poller;
  readonly #clock: Clock;
  readonly #bell: { readonly fd: number };
  readonly #keeper: Keeper | undefined;
  readonly #listeners = new Set<Listener>();
  readonly #turn = new Turn();
  readonly #event = new Int32Array(3);
  readonly #counter = new Uint8Array(8);
  #epoll = NONE;
  /** Whether `#listen` runs, and whether it is at the poller. */
  #listening = false;
  #waiting = false;
  #closed = false;

  /**
   * @param bell an eventfd; it stays its owner's to close, after this
   * @param keeper closes the epoll descriptor of a thread that is no more
   */
  constructor({ kernel, poller, clock }: Runtime, bell: { readonly fd: number }, keeper?: Keeper) {
    this.#kernel = kernel;
    this.#poller = poller;
    this.#clock = clock;
    this.#bell = bell;
    this.#keeper = keeper;
  }

  /**
   * Every process that listens hears it. A full counter, which takes 2^64 rings or a peer that
   * means it, is read first: that takes no edge from anybody, and the write that follows is one.
   * Full once more, it was written since the change that this ring is for, which does as well.
   */
  ring(): void {
    const { fd } = this.#bell;
    const write = () => retry(() => this.#kernel.write(fd, ONE));
    let result = write();
    if (result === -EAGAIN) {
      retry(() => this.#kernel.read(fd, this.#counter));
      result = write();
    }
    if (result !== -EAGAIN) check(result, 'write', fd);
  }

  /** From now on it hears every ring. What rang before it looks for itself: it is told once now. */
  add(listener: Listener): void {
    this.#open();
    if (this.#clear()) this.#tell();
    this.#listeners.add(listener);
    listener.rung();
    if (!this.#listening && this.#listeners.size > 0) void this.#listen();
  }

  delete(listener: Listener): void {
    if (!this.#listeners.delete(listener) || this.#listeners.size > 0) return;
    // Nobody is left: the program may end. The next wait adds it again.
    if (this.#waiting) this.#poller.forget(this.#epoll);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#epoll !== NONE) {
      this.#poller.forget(this.#epoll);
      this.#keeper?.reclaim(this.#epoll);
      this.#kernel.close(this.#epoll);
      this.#epoll = NONE;
    }
    this.#fail(closed());
  }

  /** Until nobody listens any more. */
  async #listen(): Promise<void> {
    this.#listening = true;
    try {
      while (this.#listeners.size > 0) await this.#nextRing();
    } catch (error) {
      // Forgotten by `delete` or `close`: whoever came since then is listened for anew.
      if (!(error instanceof SluiceError)) this.#fail(error as Error);
    }
    this.#waiting = false;
    this.#listening = false;
    if (this.#listeners.size > 0) void this.#listen();
  }

  async #nextRing(): Promise<void> {
    this.#waiting = true;
    await this.#poller.wait(this.#epoll, READABLE);
    this.#waiting = false;
    // The poller is asked again only after a refusal, as it wants. A peer may never stop ringing.
    do {
      this.#tell();
      this.#turn.spend(0);
      if (this.#turn.over) await this.#turn.end(this.#clock);
    } while (this.#listeners.size > 0 && this.#clear());
    this.#turn.renew();
  }

  /** A listener that has heard enough leaves while it is told. */
  #tell(): void {
    for (const listener of [...this.#listeners]) listener.rung();
  }

  #fail(error: Error): void {
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener.failed(error);
  }

  /** Whether there was a ring since the last time. Who listens already must be told of it. */
  #clear(): boolean {
    return (
      check(
        retry(() => this.#kernel.epoll_wait(this.#epoll, 0, this.#event)),
        'epoll_wait',
      ) > 0
    );
  }

  #open(): void {
    if (this.#closed) throw closed();
    if (this.#epoll !== NONE) return;
    const epoll = check(this.#kernel.epoll_create1(f.EPOLL_CLOEXEC), 'epoll_create1');
    const { fd } = this.#bell;
    const added = this.#kernel.epoll_ctl(epoll, f.EPOLL_CTL_ADD, fd, f.EPOLLIN | f.EPOLLET, 0);
    if (added < 0) this.#kernel.close(epoll);
    check(added, 'epoll_ctl', fd);
    this.#keeper?.entrust(epoll);
    this.#epoll = epoll;
  }
}

function closed(): SluiceError {
  return new SluiceError('ERR_SLUICE_CLOSED', 'the shared memory is closed');
}
