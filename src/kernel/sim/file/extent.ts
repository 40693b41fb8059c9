/**
 * Where a file has data, and how long it is: lseek(2), ftruncate(2), fallocate(2). This module is
 * browser compatible.
 */
import { EFBIG, EINVAL, ENOSPC, ENXIO, EOPNOTSUPP, EPERM } from '../../errno.js';
import * as f from '../../flags.js';
import type { Offset } from '../../kernel.js';
import type { Call } from '../call.js';
import type { Description } from '../description.js';
import { distance, insidePage, pageAt, pagesIn, plus, startOfPage, sum } from '../offset.js';
import { PAGE_SIZE } from '../page.js';
import { growable } from './limit.js';
import type { RegularFile } from './regular.js';

const BEYOND = Number.POSITIVE_INFINITY;

/** lseek(2). Answers the offset. */
export function seek(
  inode: RegularFile,
  file: Description,
  offset: Offset,
  whence: number,
): Offset {
  const target = find(inode, file, offset, whence);
  if (target < 0 && whence > f.SEEK_END) return target;
  if (target < 0 || target > inode.fileSystem.kind.largest) return -EINVAL;
  file.offset = target;
  return target;
}

function find(inode: RegularFile, file: Description, offset: Offset, whence: number): Offset {
  if (whence === f.SEEK_SET) return offset;
  if (whence === f.SEEK_CUR) return sum(file.offset, offset);
  if (whence === f.SEEK_END) return sum(inode.size, offset);
  if (offset < 0 || offset >= inode.size) return -ENXIO;
  return whence === f.SEEK_DATA ? dataFrom(inode, offset) : holeFrom(inode, offset);
}

function dataFrom({ cache, size }: RegularFile, offset: Offset): Offset {
  const index = cache.nextData(pageAt(offset));
  if (index === BEYOND) return -ENXIO;
  const start = startOfPage(index);
  if (start >= size) return -ENXIO;
  return start > offset ? start : offset;
}

/** Behind the last byte there is always a hole. */
function holeFrom({ cache, size }: RegularFile, offset: Offset): Offset {
  const start = startOfPage(cache.nextHole(pageAt(offset)));
  if (start >= size) return size;
  return start > offset ? start : offset;
}

/** ftruncate(2) */
export function truncate(inode: RegularFile, length: Offset, call: Call): number {
  const { size, fileSystem } = inode;
  const grows = length > size;
  if (grows) {
    const refused = growable(call, length, fileSystem.kind.largest);
    if (refused < 0) return refused;
  }
  if (grows && inode.hasSeal(f.F_SEAL_GROW)) return -EPERM;
  if (length < size && inode.hasSeal(f.F_SEAL_SHRINK)) return -EPERM;
  if (grows) zeroTail(inode, length);
  else {
    zero(inode, length, PAGE_SIZE);
    inode.unmap(pagesIn(length), BEYOND, false);
    inode.cache.drop(pagesIn(length), BEYOND);
  }
  inode.setSize(length);
  return 0;
}

/**
 * What a mapping has left behind the end, in the last page, is not to be seen when the file grows
 * up to `end`. In memory it is, on Linux.
 */
export function zeroTail(inode: RegularFile, end: Offset): void {
  const { size, fileSystem } = inode;
  if (fileSystem.kind.isDisk) zero(inode, size, Math.min(PAGE_SIZE, distance(size, end)));
}

/** Zeros from the offset on, no further than its page. */
function zero({ cache }: RegularFile, offset: Offset, length: number): void {
  const inside = insidePage(offset);
  if (inside > 0 || length < PAGE_SIZE) {
    cache.get(pageAt(offset))?.bytes.fill(0, inside, Math.min(PAGE_SIZE, inside + length));
  }
}

/** What fallocate(2) does with a range: [offset, end). */
type Allocation = (inode: RegularFile, offset: Offset, end: Offset, call: Call) => number;

const { FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE, FALLOC_FL_ZERO_RANGE } = f;

/** What a disk's file knows. */
const ALLOCATIONS = new Map<number, Allocation>([
  [0, growing(reserve)],
  [FALLOC_FL_KEEP_SIZE, keepingSize],
  [FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, punch],
  [FALLOC_FL_ZERO_RANGE, growing(zeroRange)],
  [FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, zeroRange],
  [f.FALLOC_FL_COLLAPSE_RANGE, collapse],
  [f.FALLOC_FL_INSERT_RANGE, insert],
]);

/** What a file in memory knows of it. */
const IN_MEMORY: readonly number[] = [
  0,
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
];

/** fallocate(2), its range checked. */
export function allocate(
  inode: RegularFile,
  mode: number,
  offset: Offset,
  length: Offset,
  call: Call,
): number {
  const { largest, isDisk } = inode.fileSystem.kind;
  const end = sum(offset, length);
  if (end > largest) return -EFBIG;
  const run = isDisk || IN_MEMORY.includes(mode) ? ALLOCATIONS.get(mode) : undefined;
  return run === undefined ? -EOPNOTSUPP : run(inode, offset, end, call);
}

/** The same, and the file reaches to the end of the range at least. */
function growing(allocation: Allocation): Allocation {
  return (inode, offset, end, call) => {
    const grows = end > inode.size;
    const refused = grows ? mayGrow(inode, end, call) : 0;
    if (refused < 0) return refused;
    const result = allocation(inode, offset, end, call);
    if (grows && result === 0) {
      zeroTail(inode, end);
      inode.setSize(end);
    }
    return result;
  };
}

/** In memory the size is limited though it stays. */
function keepingSize(inode: RegularFile, offset: Offset, end: Offset, call: Call): number {
  const { isDisk } = inode.fileSystem.kind;
  const refused = isDisk || end <= inode.size ? 0 : mayGrow(inode, end, call);
  return refused < 0 ? refused : reserve(inode, offset, end);
}

function mayGrow(inode: RegularFile, end: Offset, call: Call): number {
  const refused = growable(call, end, inode.fileSystem.kind.largest);
  if (refused < 0) return refused;
  return inode.hasSeal(f.F_SEAL_GROW) ? -EPERM : 0;
}

function reserve(inode: RegularFile, offset: Offset, end: Offset): number {
  if (!inode.cache.reserve(pageAt(offset), pagesIn(end))) return -ENOSPC;
  return 0;
}

/** Whole pages are given back, parts of pages zeroed. */
function punch(inode: RegularFile, offset: Offset, end: Offset): number {
  if (inode.hasSeal(f.F_SEAL_WRITE | f.F_SEAL_FUTURE_WRITE)) return -EPERM;
  const first = pagesIn(offset);
  const last = pageAt(end);
  if (first > last) zero(inode, offset, insidePage(end) - insidePage(offset));
  else {
    zero(inode, offset, PAGE_SIZE);
    zero(inode, startOfPage(last), insidePage(end));
    inode.unmap(first, last, true);
    inode.cache.drop(first, last);
  }
  inode.modified();
  return 0;
}

/** A page at either end that is zeroed in part counts as written. */
function zeroRange(inode: RegularFile, offset: Offset, end: Offset): number {
  const refused = punch(inode, offset, end) || reserve(inode, offset, end);
  if (refused !== 0) return refused;
  for (const edge of [offset, end]) {
    if (insidePage(edge) > 0) inode.cache.forWriting(pageAt(edge));
  }
  return 0;
}

/** The range goes, and what is behind moves up. */
function collapse(inode: RegularFile, offset: Offset, end: Offset): number {
  if (insidePage(offset) > 0 || insidePage(end) > 0 || end >= inode.size) return -EINVAL;
  const [first, last] = [pageAt(offset), pageAt(end)];
  inode.unmap(first, BEYOND, false);
  inode.cache.drop(first, last);
  inode.cache.shift(last, first - last);
  inode.setSize(plus(inode.size, (first - last) * PAGE_SIZE));
  return 0;
}

/** A hole comes in, and what is behind moves down. */
function insert(inode: RegularFile, offset: Offset, end: Offset): number {
  if (insidePage(offset) > 0 || insidePage(end) > 0) return -EINVAL;
  const [first, last] = [pageAt(offset), pageAt(end)];
  const size = plus(inode.size, (last - first) * PAGE_SIZE);
  if (size > inode.fileSystem.kind.largest) return -EFBIG;
  if (offset >= inode.size) return -EINVAL;
  inode.unmap(first, BEYOND, false);
  inode.cache.shift(first, last - first);
  inode.setSize(size);
  return 0;
}
