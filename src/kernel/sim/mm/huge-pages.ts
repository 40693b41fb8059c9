/**
 * Huge pages: a pool that the system keeps for MAP_HUGETLB, and memory that takes from it. This
 * module is browser compatible.
 */
import type { Machine } from '../machine.js';
import { SimObject } from '../object.js';
import { PAGE_SIZE, type Page } from '../page.js';

export const HUGE_PAGE_SIZE = 2 << 20;

/** The pool: /proc/sys/vm/nr_hugepages, HugePages_… of /proc/meminfo. */
export class HugePages {
  /** In use or not. */
  total = 0;
  /** In nobody's use. */
  free = 0;
  /** Those of the free ones that a mapping counts on. */
  reserved = 0;

  /** Whether so many bytes can be mapped. */
  hasRoom(bytes: number): boolean {
    return bytes / HUGE_PAGE_SIZE <= this.free - this.reserved;
  }

  /** As many as asked for, but not fewer than are in use or counted on. */
  resize(total: number): void {
    const kept = Math.max(total, this.total - this.free + this.reserved);
    this.free += kept - this.total;
    this.total = kept;
  }
}

/** The memory of one mapping. A huge page leaves the pool when the first byte of it is needed. */
export class HugeMemory extends SimObject {
  readonly kind = 'huge memory';
  readonly #pages = new Map<number, Page>();
  /** By their indexes. */
  readonly #taken = new Set<number>();

  /** Precondition: the pool has room for it. */
  constructor(
    readonly machine: Machine,
    readonly length: number,
  ) {
    super();
    machine.hugePages.reserved += length / HUGE_PAGE_SIZE;
  }

  override released(): void {
    const { hugePages, pages } = this.machine;
    hugePages.reserved -= this.length / HUGE_PAGE_SIZE - this.#taken.size;
    hugePages.free += this.#taken.size;
    for (const page of this.#pages.values()) pages.release(page);
  }

  override mappedPage(position: number): Page {
    this.#take(Math.floor(position / HUGE_PAGE_SIZE));
    const index = position / PAGE_SIZE;
    const page = this.#pages.get(index) ?? this.machine.pages.takeZeroed();
    this.#pages.set(index, page);
    return page;
  }

  #take(index: number): void {
    if (this.#taken.has(index)) return;
    this.#taken.add(index);
    this.machine.hugePages.free--;
    this.machine.hugePages.reserved--;
  }

  override get path(): string {
    return '/anon_hugepage (deleted)';
  }

  /** No descriptor is ever open on it. */
  override stat(): void {}
}
