/**
 * An area: addresses in a row with one protection and one source of pages, a line of
 * /proc/self/maps. This module is browser compatible.
 */
import { PROT_EXEC, PROT_READ, PROT_WRITE } from '../../flags.js';
import type { Description } from '../description.js';
import type { MappedRange } from '../object.js';
import { PAGE_SIZE } from '../page.js';
import type { PageTable } from './page-table.js';

/** What an area is, wherever it is. */
export interface Kind {
  /** PROT_… */
  readonly protection: number;
  readonly isShared: boolean;
  /** Whether mprotect(2) may give it PROT_WRITE. */
  readonly mayWrite: boolean;
  /** PAGE_SIZE, or that of its huge pages: none is cut in two. */
  readonly pageBytes: number;
  /** MAP_LOCKED: its pages stay, whatever madvise(2) says. */
  readonly isLocked: boolean;
  /** MADV_DONTFORK: a child does not get it. */
  readonly staysAtFork: boolean;
  /** What is mapped; undefined for MAP_ANONYMOUS that is private. */
  readonly file: Description | undefined;
}

export class Area implements MappedRange {
  /** @param position the byte of the file that is at `start` */
  constructor(
    readonly table: PageTable,
    readonly start: number,
    public end: number,
    public kind: Kind,
    readonly position: number,
  ) {
    kind.file?.hold();
    kind.file?.object.mapped(this);
  }

  get length(): number {
    return this.end - this.start;
  }

  /** Whether it is zeros at first. */
  get isMemory(): boolean {
    return this.kind.file?.object.mapsMemory ?? true;
  }

  get storesToObject(): boolean {
    return this.kind.isShared && this.kind.mayWrite;
  }

  /** As /proc/self/maps has them: rwx, then s(hared) or p(rivate). */
  get permissions(): string {
    const { protection, isShared } = this.kind;
    const letter = (bit: number, name: string) => ((protection & bit) === 0 ? '-' : name);
    const access = letter(PROT_READ, 'r') + letter(PROT_WRITE, 'w') + letter(PROT_EXEC, 'x');
    return access + (isShared ? 's' : 'p');
  }

  /** Which byte of the file is at the address. */
  positionOf(address: number): number {
    return this.position + (address - this.start);
  }

  has(index: number): boolean {
    const address = this.start - this.position + index * PAGE_SIZE;
    if (address < this.start || address >= this.end) return false;
    return this.table.get(address / PAGE_SIZE)?.isOwn === false;
  }

  /** The object has lost its pages from `first` up to `last`. */
  lost(first: number, last: number, keepsOwn: boolean): void {
    const start = this.start - this.position;
    const from = Math.max(this.start, start + first * PAGE_SIZE);
    const to = Math.min(this.end, start + last * PAGE_SIZE);
    if (from < to) this.table.drop(from, to, keepsOwn);
  }

  /** Ends it before the address; answers an area that has the rest. */
  cut(address: number): Area {
    const rest = new Area(this.table, address, this.end, this.kind, this.positionOf(address));
    this.end = address;
    return rest;
  }

  /** Whether `next` could be the rest of it. */
  continuesIn(next: Area): boolean {
    const { kind } = this;
    if (this.end !== next.start) return false;
    if (kind.file !== undefined && this.positionOf(this.end) !== next.position) return false;
    return KEYS.every((key) => kind[key] === next.kind[key]);
  }

  /** It is no more: what is mapped has a reference less. Its pages are the table's. */
  release(): void {
    this.kind.file?.object.unmapped(this);
    this.kind.file?.release();
  }
}

const KEYS: readonly (keyof Kind)[] = [
  'file',
  'pageBytes',
  'protection',
  'isShared',
  'mayWrite',
  'isLocked',
  'staysAtFork',
];
