/**
 * Which items of an epoll descriptor may have events: in the order in which they are reported.
 * This module is browser compatible.
 */

/** What can be in one such list, by links of its own. */
export interface Linked<Self> {
  isReady: boolean;
  previous: Self | undefined;
  next: Self | undefined;
}

/** A queue from whose middle anything can be taken at once. */
export class ReadyList<Item extends Linked<Item>> {
  #first: Item | undefined;
  #last: Item | undefined;

  get first(): Item | undefined {
    return this.#first;
  }

  get last(): Item | undefined {
    return this.#last;
  }

  /** At the end, unless it is in already. Answers whether it was not. */
  push(item: Item): boolean {
    if (item.isReady) return false;
    item.isReady = true;
    item.previous = this.#last;
    if (this.#last === undefined) this.#first = item;
    else this.#last.next = item;
    this.#last = item;
    return true;
  }

  /** Takes it out; does nothing where it is not in. */
  remove(item: Item): void {
    if (!item.isReady) return;
    const { previous, next } = item;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    item.isReady = false;
    item.previous = undefined;
    item.next = undefined;
  }

  *[Symbol.iterator](): Generator<Item> {
    for (let item = this.#first; item !== undefined; item = item.next) yield item;
  }
}
