/**
 * The addresses of a process: areas, their pages, and what an access to one is. This module is
 * browser compatible.
 */
import { EINVAL, ENOMEM } from '../../errno.js';
import { PROT_EXEC, PROT_READ, PROT_WRITE, SIGBUS, SIGSEGV } from '../../flags.js';
import { copyBytes } from '../cursor.js';
import { PAGE_SIZE, Page, type Pages } from '../page.js';
import type { AddressSpace } from '../space.js';
import { Area, type Kind } from './area.js';
import { AreaList } from './area-list.js';
import { type Entry, PageTable } from './page-table.js';

/** What the area must permit one of, and whether the page is changed. */
export interface Access {
  readonly protection: number;
  readonly isStore: boolean;
}

/** A load by the processor: on x86-64 whatever may be stored or run may be loaded. */
export const LOAD: Access = { protection: PROT_READ | PROT_WRITE | PROT_EXEC, isStore: false };
export const STORE: Access = { protection: PROT_WRITE, isStore: true };
/** A jump. */
export const RUN: Access = { protection: PROT_EXEC, isStore: false };
/** process_vm_readv(2), which goes by what was asked for. */
export const PEEK: Access = { protection: PROT_READ, isStore: false };

export class Space implements AddressSpace {
  readonly areas = new AreaList();
  readonly table: PageTable;
  /** What is under private memory that nobody has stored to. */
  readonly #zeros = new Page(new Uint8Array(PAGE_SIZE), true);

  constructor(readonly pages: Pages) {
    this.table = new PageTable(pages);
  }

  load(address: number, bytes: Uint8Array, start: number, length: number): number {
    return this.#move(address, length, LOAD, (page, inside, done, size) => {
      copyBytes(page, inside, bytes, start + done, size);
    });
  }

  store(address: number, bytes: Uint8Array, start: number, length: number): number {
    return this.#move(address, length, STORE, (page, inside, done, size) => {
      copyBytes(bytes, start + done, page, inside, size);
    });
  }

  /** As `load`, for process_vm_readv(2). */
  peek(address: number, bytes: Uint8Array): number {
    return this.#move(address, bytes.length, PEEK, (page, inside, done, size) => {
      copyBytes(page, inside, bytes, done, size);
    });
  }

  page(address: number): Page | undefined {
    // As get_user_pages_fast: what is in the table needs no PROT_READ.
    const isThere = this.table.get(Math.floor(address / PAGE_SIZE)) !== undefined;
    const page = this.access(address, isThere ? LOAD : PEEK);
    return typeof page === 'number' ? undefined : this.pages.share(page);
  }

  /** The page for the access, whose reference is the table's, or the signal that it would be. */
  access(address: number, { protection, isStore }: Access): Page | number {
    const area = this.areas.at(address);
    if (area === undefined || (area.kind.protection & protection) === 0) return SIGSEGV;
    const number = Math.floor(address / PAGE_SIZE);
    const entry = this.table.get(number);
    if (entry !== undefined && (entry.mayStore || !isStore)) return entry.page;
    if (!isStore) return this.#loaded(area, number);
    return area.kind.isShared ? this.#stored(area, number) : this.#owned(area, number, entry);
  }

  /** A new area. Precondition: its addresses are free. */
  map(start: number, length: number, kind: Kind, position: number): void {
    this.areas.add(new Area(this.table, start, start + length, kind, position));
  }

  /** Nothing is at these addresses from now on: 0 or −errno. */
  unmap(start: number, end: number): number {
    const { areas } = this;
    if (areas.isInsideHugePage(start) || areas.isInsideHugePage(end)) return -EINVAL;
    // Only a hole in the middle of an area makes one more of it.
    if (
      areas.isFull &&
      areas.at(start - 1) !== undefined &&
      areas.at(start - 1) === areas.at(end)
    ) {
      return -ENOMEM;
    }
    areas.cut(start);
    areas.cut(end);
    this.table.drop(start, end);
    for (const area of areas.take(start, end)) area.release();
    return 0;
  }

  /** What is at these addresses is an area of its own, or several: 0 or −errno. */
  cut(start: number, end: number): number {
    for (const address of [start, end]) {
      const area = this.areas.at(address);
      if (area === undefined || area.start === address) continue;
      if (this.areas.isInsideHugePage(address)) return -EINVAL;
      if (this.areas.isFull) return -ENOMEM;
      this.areas.cut(address);
    }
    return 0;
  }

  /** The pages of it that are in memory, by address. */
  pagesOf({ start, end }: Area): [address: number, page: Page][] {
    const found = this.table.within(start, end).sort(([one], [other]) => one - other);
    return found.map(([number, { page }]) => [number * PAGE_SIZE, page]);
  }

  /** fork(2): private memory is copied when either stores. */
  fork(): Space {
    const child = new Space(this.pages);
    for (const { start, end, length, kind, position } of this.areas) {
      if (kind.staysAtFork) continue;
      child.map(start, length, kind, position);
      if (!kind.isShared) this.table.share(start, end, child.table);
    }
    return child;
  }

  /** The process ends, or has another program. */
  clear(): void {
    this.unmap(0, Number.POSITIVE_INFINITY);
  }

  #move(
    address: number,
    length: number,
    access: Access,
    copy: (page: Uint8Array, inside: number, done: number, size: number) => void,
  ): number {
    let done = 0;
    while (done < length) {
      const page = this.access(address + done, access);
      if (typeof page === 'number') break;
      const inside = (address + done) % PAGE_SIZE;
      const size = Math.min(PAGE_SIZE - inside, length - done);
      copy(page.bytes, inside, done, size);
      done += size;
    }
    return done;
  }

  #loaded(area: Area, number: number): Page | number {
    const { file } = area.kind;
    if (file === undefined || area.isMemory) return this.#zeros;
    const page = file.object.mappedPage(area.positionOf(number * PAGE_SIZE), false);
    if (page === undefined) return SIGBUS;
    this.table.set(number, { page: this.pages.share(page), isOwn: false, mayStore: false });
    return page;
  }

  #stored(area: Area, number: number): Page | number {
    const object = area.kind.file?.object;
    const page = object?.mappedPage(area.positionOf(number * PAGE_SIZE), true);
    if (page === undefined) return SIGBUS;
    this.table.set(number, { page: this.pages.share(page), isOwn: false, mayStore: true });
    return page;
  }

  /** A page of private memory: the one that is there if nobody else has it, or a copy. */
  #owned(area: Area, number: number, entry: Entry | undefined): Page | number {
    if (entry?.isOwn && entry.page.references === 1) {
      entry.mayStore = true;
      return entry.page;
    }
    const source = entry?.page ?? this.#loaded(area, number);
    if (typeof source === 'number') return source;
    const page = this.pages.take();
    page.bytes.set(source.bytes);
    this.table.set(number, { page, isOwn: true, mayStore: true });
    return page;
  }
}
