/**
 * An epoll descriptor: what is watched, and a list of what may have events. An event puts an item
 * at the end of that list; to report is to go through it and ask each whether it is true still.
 * This module is browser compatible.
 */

import { EINVAL } from '../../errno.js';
import { POLLIN } from '../../flags.js';
import { AnonymousObject } from '../anonymous.js';
import type { Description } from '../description.js';
import type { EpollState } from '../states.js';
import { WaitQueue } from '../wait.js';
import { Item } from './item.js';
import { ReadyList } from './ready.js';

export class Epoll extends AnonymousObject {
  readonly kind = 'eventpoll';
  /** By number. One number has several where its file lives on after it was closed. */
  readonly #items = new Map<number, Item[]>();
  readonly #ready = new ReadyList<Item>();
  /** Who polls the epoll descriptor itself. */
  readonly #watchers = new WaitQueue();
  /** Its description: there is only one. */
  file: Description | undefined;

  find(fd: number, file: Description): Item | undefined {
    return this.#items.get(fd)?.find((item) => item.file === file);
  }

  /** All of them. */
  *items(): Generator<Item> {
    for (const same of this.#items.values()) yield* same;
  }

  /** An item that hears nothing yet. */
  add(fd: number, file: Description, events: number, data: bigint): Item {
    const item = new Item(this, fd, file, events, data);
    const same = this.#items.get(fd);
    if (same === undefined) this.#items.set(fd, [item]);
    else same.push(item);
    return item;
  }

  /** What is ready already is an event too. */
  check(item: Item): void {
    if (item.poll() !== 0 && this.#ready.push(item)) this.#watchers.wake(POLLIN);
  }

  /** Something has happened to it: it is reported next time, after all that came before. */
  tell(item: Item): void {
    this.#ready.push(item);
    this.#watchers.wake(POLLIN);
  }

  /** Takes the item out. */
  drop(item: Item): void {
    item.leave();
    this.#ready.remove(item);
    const others = this.#items.get(item.fd)?.filter((other) => other !== item) ?? [];
    if (others.length === 0) this.#items.delete(item.fd);
    else this.#items.set(item.fd, others);
  }

  /**
   * Fills triples [events, low half of data, high half of data], at most `room`; answers how many.
   * What is level-triggered goes to the end of the list again, so that everything has its turn.
   */
  report(triples: Int32Array, room: number): number {
    const { last } = this.#ready;
    let count = 0;
    for (let item = this.#ready.first; item !== undefined && count < room; ) {
      this.#ready.remove(item);
      const events = item.poll();
      if (events !== 0) {
        triples[3 * count] = events;
        triples[3 * count + 1] = item.low;
        triples[3 * count + 2] = item.high;
        count++;
        if (item.isOneShot) item.silence();
        else if (!item.isEdgeTriggered) this.#ready.push(item);
      }
      item = item === last ? undefined : this.#ready.first;
    }
    return count;
  }

  /** It is readable while it has an event to report. Items without one leave the list. */
  override poll(): number {
    for (let item = this.#ready.first; item !== undefined; item = this.#ready.first) {
      if (item.poll() !== 0) return POLLIN;
      this.#ready.remove(item);
    }
    return 0;
  }

  override queues(): readonly WaitQueue[] {
    return [this.#watchers];
  }

  override opened(file: Description): void {
    this.file = file;
  }

  override released(): void {
    for (const item of this.items()) {
      item.leave();
      this.#ready.remove(item);
    }
    this.#items.clear();
  }

  /** It has an ioctl(2) of its own, which does not know FIONREAD. */
  override unread(): number {
    return -EINVAL;
  }

  override inspect(): EpollState {
    return {
      items: Array.from(this.items(), (item) => item.inspect()),
      ready: Array.from(this.#ready, ({ fd }) => fd),
    };
  }
}
