/**
 * One registration of an epoll descriptor: a description under the number it was added by, what
 * is asked of it, and the data that comes back. This module is browser compatible.
 */

import {
  EPOLLERR,
  EPOLLET,
  EPOLLEXCLUSIVE,
  EPOLLHUP,
  EPOLLIN,
  EPOLLONESHOT,
  EPOLLOUT,
} from '../../flags.js';
import type { Dependent, Description } from '../description.js';
import type { EpollItemState } from '../states.js';
import type { Place, Waiter } from '../wait.js';
import type { Epoll } from './epoll.js';
import type { Linked } from './ready.js';

/** EPOLLWAKEUP: a phone stays awake. Taken, and without effect. */
const EPOLLWAKEUP = 0x20000000;

/** What is no event of poll(2). An item with nothing else is silent. */
const PRIVATE_BITS = EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE;

export class Item implements Waiter, Dependent, Linked<Item> {
  isReady = false;
  previous: Item | undefined;
  next: Item | undefined;
  /** Asked bits and modes, as an int. */
  events = 0;
  /** The data's halves, as ints. */
  low = 0;
  high = 0;
  #places: readonly Place[] = [];

  constructor(
    readonly epoll: Epoll,
    readonly fd: number,
    readonly file: Description,
    events: number,
    data: bigint,
  ) {
    this.set(events, data);
    file.attach(this);
  }

  /** EPOLL_CTL_ADD and EPOLL_CTL_MOD: errors and hang-ups are reported unasked. */
  set(events: number, data: bigint): void {
    this.events = events | EPOLLERR | EPOLLHUP;
    this.low = Number(BigInt.asIntN(32, data));
    this.high = Number(BigInt.asIntN(32, data >> 32n));
  }

  get isEdgeTriggered(): boolean {
    return (this.events & EPOLLET) !== 0;
  }

  get isOneShot(): boolean {
    return (this.events & EPOLLONESHOT) !== 0;
  }

  get isExclusive(): boolean {
    return (this.events & EPOLLEXCLUSIVE) !== 0;
  }

  /** What of the asked is true now. */
  poll(): number {
    return this.file.object.poll(this.file) & this.events;
  }

  /** From now on it hears of events. */
  listen(): void {
    const queues = this.file.object.queues(this.file);
    this.#places = queues.map((queue) =>
      this.isExclusive ? queue.addExclusive(this) : queue.add(this),
    );
  }

  /** A one-shot event was reported: silent until it is modified. */
  silence(): void {
    this.events &= PRIVATE_BITS;
  }

  /**
   * An exclusive wake-up is used up only where somebody sleeps in epoll_wait(2), which nobody does
   * here.
   */
  wake(events: number): boolean {
    const isSilent = (this.events & ~PRIVATE_BITS) === 0;
    const isAsked = events === 0 || (events & this.events) !== 0;
    if (!isSilent && isAsked) this.epoll.tell(this);
    return !this.isExclusive;
  }

  /** Leaves its description and its queues. */
  leave(): void {
    for (const place of this.#places) place.leave();
    this.#places = [];
    this.file.detach(this);
  }

  gone(): void {
    this.epoll.drop(this);
  }

  inspect(): EpollItemState {
    const { fd, events, low, high } = this;
    const data = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
    return { fd, events: events >>> 0, data: `${data}` };
  }
}

/** What may be asked for together with EPOLLEXCLUSIVE. */
const EXCLUSIVE_BITS =
  EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE;

/** Whether these bits name an exclusive wait that Linux takes. */
export function isExclusiveWait(events: number): boolean {
  return (events & ~EXCLUSIVE_BITS) === 0;
}
