/**
 * The page table of an address space: which page is at an address now. An entry is there once the
 * page was needed, so that addresses without use cost nothing. This module is browser compatible.
 */
import { PAGE_SIZE, type Page, type Pages } from '../page.js';

export interface Entry {
  /** The table has a reference to it. */
  readonly page: Page;
  /** It is private memory: no page of a file. */
  readonly isOwn: boolean;
  /** A store may go to it as it is. */
  mayStore: boolean;
}

export class PageTable {
  readonly #entries = new Map<number, Entry>();

  constructor(readonly pages: Pages) {}

  get(number: number): Entry | undefined {
    return this.#entries.get(number);
  }

  /** Takes over the entry's reference. */
  set(number: number, entry: Entry): void {
    const old = this.#entries.get(number);
    this.#entries.set(number, entry);
    if (old !== undefined) this.pages.release(old.page);
  }

  /** What is at the addresses from `start` up to `end`, by the numbers of the pages. */
  within(start: number, end: number): [number: number, entry: Entry][] {
    const [first, last] = [start / PAGE_SIZE, end / PAGE_SIZE];
    if (last - first >= this.#entries.size) {
      return [...this.#entries].filter(([number]) => number >= first && number < last);
    }
    const found: [number, Entry][] = [];
    for (let number = first; number < last; number++) {
      const entry = this.#entries.get(number);
      if (entry !== undefined) found.push([number, entry]);
    }
    return found;
  }

  /** The pages from `start` up to `end` go; `keepsOwn`: but not those of private memory. */
  drop(start: number, end: number, keepsOwn = false): void {
    for (const [number, { page, isOwn }] of this.within(start, end)) {
      if (keepsOwn && isOwn) continue;
      this.#entries.delete(number);
      this.pages.release(page);
    }
  }

  /** The pages from `start` up to `end` are at `target` now, where none is. */
  move(start: number, end: number, target: number): void {
    const by = (target - start) / PAGE_SIZE;
    const moving = this.within(start, end);
    for (const [number] of moving) this.#entries.delete(number);
    for (const [number, entry] of moving) this.#entries.set(number + by, entry);
  }

  /** fork(2): private pages are one page for both from now on, until either stores. */
  share(start: number, end: number, child: PageTable): void {
    for (const [number, entry] of this.within(start, end)) {
      if (!entry.isOwn) continue;
      entry.mayStore = false;
      child.set(number, { ...entry, page: this.pages.share(entry.page) });
    }
  }
}
