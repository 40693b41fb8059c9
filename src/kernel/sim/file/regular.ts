/**
 * Regular files: read(2), write(2), splice(2) and mappings, all over one page cache. This module is
 * browser compatible.
 */

import { EAGAIN, EBUSY, EFAULT, EINVAL, ENOSPC, EOPNOTSUPP, EPERM } from '../../errno.js';
import * as f from '../../flags.js';
import type { Offset } from '../../kernel.js';
import type { Call } from '../call.js';
import { type Cursor, copyBytes } from '../cursor.js';
import type { Description } from '../description.js';
import type { Machine } from '../machine.js';
import type { MappedRange } from '../object.js';
import { distance, insidePage, pageAt, plus } from '../offset.js';
import { PAGE_SIZE, type Page } from '../page.js';
import { carryIn } from '../pipe/carry.js';
import type { Pipe } from '../pipe/pipe.js';
import type { FileState } from '../states.js';
import { PageCache } from './cache.js';
import { allocate, seek, truncate, zeroTail } from './extent.js';
import type { FileSystem } from './file-system.js';
import { Inode, type Ownership } from './inode.js';
import { writable } from './limit.js';

const ZEROS = new Uint8Array(PAGE_SIZE);
/** F_SEAL_EXEC and the five with names. */
const ALL_SEALS = 0x3f;
const NO_WRITE = f.F_SEAL_WRITE | f.F_SEAL_FUTURE_WRITE;

/** Where the bytes of a write come from: a cursor over memory, or the slots of a pipe. */
interface Source {
  take(bytes: Uint8Array, start: number, length: number): number;
}

export class RegularFile extends Inode {
  readonly kind = 'file';
  readonly type = f.S_IFREG;
  readonly cache: PageCache;
  /** A number up to 2^53, a bigint beyond. */
  #size: Offset = 0;
  #seals: number;
  readonly #mappings = new Set<MappedRange>();

  constructor(
    machine: Machine,
    fileSystem: FileSystem,
    ownership: Ownership,
    /** What has no seals answers −EINVAL on a disk, F_SEAL_SEAL in memory. */
    seals: number = f.F_SEAL_SEAL,
  ) {
    super(machine, fileSystem, ownership);
    this.cache = new PageCache(machine, fileSystem);
    this.#seals = seals;
  }

  override get size(): Offset {
    return this.#size;
  }

  override get blocks(): number {
    return this.cache.charged * (PAGE_SIZE / 512);
  }

  override get supportsNoWait(): boolean {
    return this.fileSystem.kind.isDisk;
  }

  override get supportsDirect(): boolean {
    return true;
  }

  protected override gone(): void {
    super.gone();
    this.cache.drop(0, Number.POSITIVE_INFINITY);
  }

  override read(file: Description, memory: Cursor, position: Offset | null, call: Call): number {
    const start = position ?? file.offset;
    if (memory.left === 0) return 0;
    this.atime = this.now();
    const done = this.#readAt(start, memory, call);
    if (position === null && done > 0) file.offset = plus(start, done);
    return done;
  }

  #readAt(start: Offset, memory: Cursor, call: Call): number {
    const wanted = Math.min(memory.left, distance(start, this.#size));
    let index = pageAt(start);
    let inside = insidePage(start);
    let done = 0;
    while (done < wanted) {
      if (this.cache.fetch(index) && call.mustNotSleep) return done || -EAGAIN;
      const length = Math.min(PAGE_SIZE - inside, wanted - done);
      const moved = memory.fill(this.cache.get(index)?.bytes ?? ZEROS, inside, length);
      done += moved;
      if (moved < length) return done || -EFAULT;
      index++;
      inside = 0;
    }
    return done;
  }

  override write(file: Description, memory: Cursor, position: Offset | null, call: Call): number {
    if (memory.left === 0) return 0;
    if (call.mustNotSleep) return -EOPNOTSUPP;
    const appends = call.appends(file);
    const start = appends ? this.#size : (position ?? file.offset);
    const done = this.#writeAt(start, memory.left, memory, call);
    if (position === null && done > 0) file.offset = plus(start, done);
    return done;
  }

  #writeAt(start: Offset, wanted: number, source: Source, call: Call): number {
    const length = writable(call, start, wanted, this.fileSystem.kind.largest);
    if (length < 0) return length;
    if (start > this.#size) zeroTail(this, start);
    let done = 0;
    while (done < length) {
      const at = plus(start, done);
      const inside = insidePage(at);
      const size = Math.min(PAGE_SIZE - inside, length - done);
      if (this.#isSealed(plus(at, size))) return done || -EPERM;
      const page = this.cache.forWriting(pageAt(at));
      if (page === undefined) return done || -ENOSPC;
      const moved = source.take(page.bytes, inside, size);
      done += moved;
      this.#wrote(plus(at, moved));
      if (moved < size) return done || -EFAULT;
    }
    return done;
  }

  /** Whether a write up to `end` is forbidden. */
  #isSealed(end: Offset): boolean {
    return this.hasSeal(NO_WRITE) || (this.hasSeal(f.F_SEAL_GROW) && end > this.#size);
  }

  /** Whether one of these seals is on it. */
  hasSeal(seals: number): boolean {
    return (this.#seals & seals) !== 0;
  }

  #wrote(end: Offset): void {
    if (end > this.#size) this.#size = end;
    this.modified();
  }

  /**
   * References to the pages of the file, the pages of holes included, up to the room; with O_DIRECT
   * copies.
   */
  override spliceRead(
    file: Description,
    position: Offset | null,
    pipe: Pipe,
    length: number,
    call: Call,
  ): number {
    if ((file.flags & f.O_DIRECT) !== 0) return carryIn(file, position, pipe, length, call);
    const start = position ?? file.offset;
    const wanted = Math.min(length, distance(start, this.#size));
    let done = 0;
    while (done < wanted && !pipe.isFull) {
      const at = plus(start, done);
      const offset = insidePage(at);
      const size = Math.min(PAGE_SIZE - offset, wanted - done);
      const page = this.cache.shared(pageAt(at));
      pipe.slots.push({ page, offset, length: size, isMergeable: false, isPacket: false });
      call.tally.pagesPassed++;
      done += size;
    }
    if (position === null) file.offset = plus(start, done);
    return done;
  }

  /** As on Linux the bytes are copied: a page of a pipe never becomes one of a file. */
  override spliceWrite(
    pipe: Pipe,
    file: Description,
    position: Offset | null,
    length: number,
    call: Call,
  ): number {
    const take = (bytes: Uint8Array, at: number, count: number) => {
      for (let done = 0; done < count; ) {
        const slot = pipe.slots.at(0);
        const size = Math.min(slot.length, count - done);
        copyBytes(slot.page.bytes, slot.offset, bytes, at + done, size);
        pipe.consume(size);
        done += size;
      }
      call.tally.bytesCopied += count;
      return count;
    };
    const wanted = Math.min(length, pipe.length);
    const start = position ?? file.offset;
    let done = 0;
    let result = 0;
    // One that was short is gone on with, and it may be then that a limit sends its signal.
    do {
      result = this.#writeAt(plus(start, done), wanted - done, { take }, call);
      if (result > 0) done += result;
    } while (result > 0 && done < wanted);
    if (position === null && done > 0) file.offset = plus(file.offset, done);
    return done > 0 ? done : result;
  }

  override seek(file: Description, offset: Offset, whence: number): Offset {
    return seek(this, file, offset, whence);
  }

  override truncate(_file: Description, length: Offset, call: Call): number {
    return truncate(this, length, call);
  }

  override allocate(
    _file: Description,
    mode: number,
    offset: Offset,
    length: Offset,
    call: Call,
  ): number {
    return allocate(this, mode, offset, length, call);
  }

  override empty(call: Call): number {
    return truncate(this, 0, call);
  }

  /** The file ends here from now on; what is behind must have been dropped. */
  setSize(size: Offset): void {
    this.#size = size;
    this.modified();
  }

  override sync(): number {
    return 0;
  }

  /** Below 0 where the offset is beyond the end. */
  override countUnread(file: Description, count: Int32Array): number {
    count[0] = distance(file.offset, this.#size);
    return 0;
  }

  override seals(): number {
    return this.fileSystem.kind.isDisk ? -EINVAL : this.#seals;
  }

  override addSeals(seals: number): number {
    if (this.fileSystem.kind.isDisk || (seals & ~ALL_SEALS) !== 0) return -EINVAL;
    if (this.hasSeal(f.F_SEAL_SEAL)) return -EPERM;
    const isNew = (seals & f.F_SEAL_WRITE) !== 0 && !this.hasSeal(f.F_SEAL_WRITE);
    if (isNew && this.#mayChange()) return -EBUSY;
    this.#seals |= seals;
    return 0;
  }

  /** By a mapping that stores; or pages are in a pipe or a socket, from where they might be. */
  #mayChange(): boolean {
    const mappings = [...this.#mappings];
    if (mappings.some((range) => range.storesToObject)) return true;
    return this.cache.entries().some(([index, page]) => {
      const mapped = mappings.filter((range) => range.has(index));
      return page.references > 1 + mapped.length;
    });
  }

  override mappable(_file: Description, protection: number, flags: number): number {
    const writes = (protection & f.PROT_WRITE) !== 0 && (flags & f.MAP_SHARED) !== 0;
    return writes && this.hasSeal(NO_WRITE) ? -EPERM : 0;
  }

  override mapped(range: MappedRange): void {
    this.#mappings.add(range);
  }

  override unmapped(range: MappedRange): void {
    this.#mappings.delete(range);
  }

  /** Mappings have the pages from `start` up to `end` no more: an access asks for them anew. */
  unmap(start: number, end: number, keepsOwn: boolean): void {
    for (const range of this.#mappings) range.lost(start, end, keepsOwn);
  }

  override mappedPage(position: number, writing: boolean): Page | undefined {
    if (position >= this.#size) return undefined;
    const index = pageAt(position);
    return writing ? this.cache.forWriting(index) : this.cache.forReading(index);
  }

  override inspect(placeOf: (page: Page) => number): FileState {
    const { inode, path, links, blocks } = this;
    const pages = this.cache.entries().map(([index, page]) => ({ index, page: placeOf(page) }));
    return { inode, path, links, size: `${this.#size}`, blocks, pages };
  }
}
