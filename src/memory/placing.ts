/**
 * Putting files into memory: mmap(2) of one or more pieces, one after another, each guarded.
 */
import { check, retry } from '../kernel/error.js';
import * as f from '../kernel/flags.js';
import type { LinuxKernel } from '../kernel/linux-kernel.js';
import { type Advice, adviceNumber } from './advice.js';
import type { MappedFile } from './file.js';
import type { Access, MapOptions } from './options.js';
import type { PieceOfFile } from './piece.js';
import { clear, NOTHING, READ_WRITE } from './range.js';

/** What is mapped at one place. */
export interface Placed extends PieceOfFile {
  /** In whole pages, as `offset`. */
  readonly length: number;
  readonly access: Access;
}

/** Where a mapping lies in its file, in bytes. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
}

/** The whole pages around an extent. Linux maps no empty range: an empty file has a page too. */
export function placedIn(file: MappedFile, { offset, length }: Extent, access: Access): Placed {
  const { fd, opened, unit, sized } = file;
  const first = offset - (offset % unit);
  const pages = Math.max(Math.ceil((offset + length - first) / unit), 1);
  const end = sized ? offset + length : 0;
  return { fd, opened, offset: first, length: pages * unit, unit, end, access };
}

/** log2 of the page size, in the flags of mmap. */
const MAP_HUGE_SHIFT = 26;

/** mmap(2) at an address that is ours already, or where Linux chooses (0). Answers the address. */
export function place(kernel: LinuxKernel, address: number, placed: Placed): number {
  const { fd, offset, length } = placed;
  const fixed = address === 0 ? 0 : f.MAP_FIXED;
  const result = kernel.mmap(
    address,
    length,
    READ_WRITE,
    flagsOf(kernel, placed) | fixed,
    fd,
    offset,
  );
  // A failure may have torn a hole into what is ours.
  if (result < 0 && address !== 0) clear(kernel, address, length);
  return check(result, 'mmap', fd < 0 ? undefined : fd);
}

function flagsOf(kernel: LinuxKernel, { fd, access, unit }: Placed): number {
  if (fd >= 0) return access === 'write' ? f.MAP_SHARED : privateFlags(access);
  const huge = unit > kernel.page_size() ? f.MAP_HUGETLB | (Math.log2(unit) << MAP_HUGE_SHIFT) : 0;
  return f.MAP_PRIVATE | f.MAP_ANONYMOUS | huge;
}

/** Copies of pages are accounted for where stores are meant. */
function privateFlags(access: Access): number {
  return access === 'read' ? f.MAP_PRIVATE | f.MAP_NORESERVE : f.MAP_PRIVATE;
}

/** madvise(2), for each word. */
export function advise(
  kernel: LinuxKernel,
  address: number,
  length: number,
  advice: Advice | readonly Advice[],
): void {
  for (const word of typeof advice === 'string' ? [advice] : advice) {
    check(kernel.madvise(address, length, adviceNumber(word, 'advice')), 'madvise');
  }
}

/** What the options say of the pages of a mapping. */
export function prepare(
  kernel: LinuxKernel,
  address: number,
  { length, access }: Placed,
  { advice = [], hugePages, populate }: MapOptions,
): void {
  advise(kernel, address, length, advice);
  if (hugePages === true) advise(kernel, address, length, 'hugepage');
  if (populate !== true) return;
  // Not MAP_POPULATE, which would copy every page of a private mapping. What fails is left out.
  const how = access === 'write' ? f.MADV_POPULATE_WRITE : f.MADV_POPULATE_READ;
  retry(() => kernel.madvise(address, length, how));
}

/** Addresses for pieces to be placed in. */
export function reserveAddresses(kernel: LinuxKernel, length: number): number {
  return check(kernel.mmap(0, length, READ_WRITE, NOTHING, -1, 0), 'mmap');
}
