/**
 * The page cache of a file: the one place of its bytes, which reads, writes, splices and shared
 * mappings all refer to. This module is browser compatible.
 *
 * A page of a hole is kept too once a mapping or a pipe refers to it, apart from the data: it has
 * no room on the disk, and lseek(2) does not see it, until it is written.
 */
import type { Machine } from '../machine.js';
import type { Page } from '../page.js';
import type { FileSystem } from './file-system.js';
import { RangeSet } from './ranges.js';

export class PageCache {
  readonly #data = new Map<number, Page>();
  readonly #holes = new Map<number, Page>();
  /** What fallocate(2) has reserved, written since or not. */
  readonly #reserved = new RangeSet();
  /** What is on the disk only, since posix_fadvise(2) POSIX_FADV_DONTNEED. */
  readonly #cold = new RangeSet();
  /** The indexes of the data in order; undefined where it must be made anew. */
  #order: number[] | undefined = [];
  /** How many pages of the file system it uses: data and reserved. */
  charged = 0;

  constructor(
    readonly machine: Machine,
    readonly fileSystem: FileSystem,
  ) {}

  /** The page with these bytes; undefined in a hole. */
  get(index: number): Page | undefined {
    return this.#data.get(index) ?? (this.#holes.size > 0 ? this.#holes.get(index) : undefined);
  }

  /** The page to be written; undefined where there is no room for it. */
  forWriting(index: number): Page | undefined {
    this.fetch(index);
    const known = this.#data.get(index);
    if (known !== undefined) return known;
    if (!this.#charge(this.#reserved.has(index) ? 0 : 1)) return undefined;
    const page = this.#holes.get(index) ?? this.machine.pages.takeZeroed();
    this.#holes.delete(index);
    this.#put(index, page);
    return page;
  }

  /** The page under a mapping that is only read: on a disk a hole stays a hole. */
  forReading(index: number): Page | undefined {
    this.fetch(index);
    const known = this.get(index);
    if (known !== undefined) return known;
    if (!this.fileSystem.kind.isDisk) return this.forWriting(index);
    const page = this.machine.pages.takeZeroed();
    this.#holes.set(index, page);
    return page;
  }

  /**
   * A reference to the page for a pipe. In memory a hole has no page of its own: zeros are lent,
   * and stay zeros.
   */
  shared(index: number): Page {
    const { pages } = this.machine;
    const page = this.fileSystem.kind.isDisk ? this.forReading(index) : this.get(index);
    return page === undefined ? pages.takeZeroed() : pages.share(page);
  }

  /** The pages from `start` up to `end` are on the disk only. The bytes stay where they are. */
  evict(start: number, end: number): void {
    if (this.fileSystem.kind.isDisk && start < end) this.#cold.add(start, end);
  }

  /** Gets the pages from `start` up to `end` from the disk. */
  prefetch(start: number, end: number): void {
    this.#cold.delete(start, end);
  }

  /** Gets the page from the disk; whether that was needed. */
  fetch(index: number): boolean {
    if (this.#cold.isEmpty || !this.#cold.has(index)) return false;
    this.prefetch(index, index + 1);
    return true;
  }

  /** Reserves room from page `start` up to `end`; false where there is not so much. */
  reserve(start: number, end: number): boolean {
    const known = this.#reserved.count(start, end) + this.#unreservedData(start, end);
    if (!this.#charge(end - start - known)) return false;
    // In memory what is reserved twice is made, and lseek(2) sees it from then on.
    if (!this.fileSystem.kind.isDisk) {
      for (const index of this.#reserved.within(start, end)) this.forWriting(index);
    }
    this.#reserved.add(start, end);
    return true;
  }

  /** Drops the pages from `start` up to `end`, data and reserved. */
  drop(start: number, end: number): void {
    const known = this.#reserved.count(start, end) + this.#unreservedData(start, end);
    this.#reserved.delete(start, end);
    this.#cold.delete(start, end);
    this.charged -= known;
    this.fileSystem.discharge(known);
    const order = this.#ordered();
    const first = firstFrom(order, start);
    this.#release(this.#data, order.splice(first, firstFrom(order, end) - first));
    const holes = [...this.#holes.keys()];
    this.#release(
      this.#holes,
      holes.filter((index) => index >= start && index < end),
    );
  }

  /** Every page from `from` on moves by so many pages. Precondition: the way is free. */
  shift(from: number, by: number): void {
    for (const pages of [this.#data, this.#holes]) {
      const moving = [...pages].filter(([index]) => index >= from);
      for (const [index] of moving) pages.delete(index);
      for (const [index, page] of moving) pages.set(index + by, page);
    }
    this.#reserved.shift(from, by);
    this.#cold.shift(from, by);
    this.#order = undefined;
  }

  /** The pages with data in order, each with its index. */
  entries(): [index: number, page: Page][] {
    return this.#ordered().map((index) => [index, this.#data.get(index) as Page]);
  }

  /** The first page with data from `index` on; Infinity where there is none. */
  nextData(index: number): number {
    const order = this.#ordered();
    return order[firstFrom(order, index)] ?? Number.POSITIVE_INFINITY;
  }

  /** The first page without data from `index` on. */
  nextHole(index: number): number {
    const order = this.#ordered();
    let hole = index;
    for (let place = firstFrom(order, index); order[place] === hole; place++) hole++;
    return hole;
  }

  #charge(pages: number): boolean {
    if (!this.fileSystem.charge(pages)) return false;
    this.charged += pages;
    return true;
  }

  #put(index: number, page: Page): void {
    this.#data.set(index, page);
    const order = this.#order;
    if (order === undefined) return;
    // What is written in order stays in order.
    if (index > (order.at(-1) ?? -1)) order.push(index);
    else this.#order = undefined;
  }

  #ordered(): number[] {
    this.#order ??= [...this.#data.keys()].sort((one, other) => one - other);
    return this.#order;
  }

  #unreservedData(start: number, end: number): number {
    const order = this.#ordered();
    let count = 0;
    for (let place = firstFrom(order, start); (order[place] ?? end) < end; place++) {
      if (!this.#reserved.has(order[place] as number)) count++;
    }
    return count;
  }

  #release(pages: Map<number, Page>, indexes: readonly number[]): void {
    for (const index of indexes) {
      this.machine.pages.release(pages.get(index) as Page);
      pages.delete(index);
    }
  }
}

/** The place of the first number that is not below. */
function firstFrom(order: readonly number[], number: number): number {
  let low = 0;
  let high = order.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((order[middle] as number) < number) low = middle + 1;
    else high = middle;
  }
  return low;
}
