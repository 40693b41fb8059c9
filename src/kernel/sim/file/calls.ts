/** The file family of the sim kernel: files, and what moves whole files. Browser compatible. */
import { EBADF, EINVAL, ENOENT, EOPNOTSUPP, ESPIPE } from '../../errno.js';
import * as f from '../../flags.js';
import type { FileCalls, Offset } from '../../kernel.js';
import type { Call } from '../call.js';
import { fd, int, offset, path, words } from '../decode.js';
import { pageAt, pagesIn, sum } from '../offset.js';
import { Pipe } from '../pipe/pipe.js';
import { type Rows, row } from '../row.js';
import { copyRows } from './copy.js';
import { eventfdRows } from './eventfd.js';
import { Inode } from './inode.js';
import { limitRows } from './limit.js';
import { memoryRows } from './memory.js';
import { openRows } from './open.js';
import { RegularFile } from './regular.js';
import { walk } from './walk.js';

export const fileRows: Rows<FileCalls> = {
  ...openRows,
  ...copyRows,
  ...memoryRows,
  ...eventfdRows,
  ...limitRows,
  fstat: row([fd, words(f.STAT_FIELDS)], (call, fd, stat) => {
    const file = call.description(fd);
    if (file === undefined) return -EBADF;
    stat.fill(0n);
    file.object.stat(stat);
    return 0;
  }),
  fstatfs: row([fd, words(f.STATFS_FIELDS)], (call, fd, statfs) => {
    const file = call.description(fd);
    file?.object.statfs(statfs);
    return file === undefined ? -EBADF : 0;
  }),
  statfs: row([path, words(f.STATFS_FIELDS)], (call, path, statfs) => {
    const found = walk(call, f.AT_FDCWD, path, { follows: true });
    if (typeof found === 'number') return found;
    found.object?.statfs(statfs);
    return found.object === undefined ? -ENOENT : 0;
  }),
  lseek: row([fd, offset, int, words(1)], seek),
  ftruncate: row([fd, offset], truncate),
  fallocate: row([fd, int, offset, offset], allocate),
  posix_fadvise: row([fd, offset, offset, int], advise),
  readahead: row([fd, offset, offset], readAhead),
  fsync: row([fd], sync),
  fdatasync: row([fd], sync),
};

function seek(
  call: Call,
  fd: number,
  offset: Offset,
  whence: number,
  position: BigInt64Array,
): number {
  const file = call.file(fd);
  if (file === undefined) return -EBADF;
  if (whence < f.SEEK_SET || whence > f.SEEK_HOLE) return -EINVAL;
  const answer = file.object.seek(file, offset, whence);
  if (answer < 0) return Number(answer);
  position[0] = BigInt(answer);
  return 0;
}

function truncate(call: Call, fd: number, length: Offset): number {
  if (length < 0) return -EINVAL;
  const file = call.file(fd);
  if (file === undefined) return -EBADF;
  return file.isWritable ? file.object.truncate(file, length, call) : -EINVAL;
}

const COMMANDS_OF_ALLOCATION =
  f.FALLOC_FL_PUNCH_HOLE |
  f.FALLOC_FL_COLLAPSE_RANGE |
  f.FALLOC_FL_ZERO_RANGE |
  f.FALLOC_FL_INSERT_RANGE |
  f.FALLOC_FL_UNSHARE_RANGE;

function allocate(call: Call, fd: number, mode: number, offset: Offset, length: Offset): number {
  const file = call.file(fd);
  if (file === undefined) return -EBADF;
  if (offset < 0 || length <= 0) return -EINVAL;
  if (!isAllocation(mode)) return -EOPNOTSUPP;
  return file.isWritable ? file.object.allocate(file, mode, offset, length, call) : -EBADF;
}

/** One thing at most, and KEEP_SIZE where it goes with that. */
function isAllocation(mode: number): boolean {
  if ((mode & ~(COMMANDS_OF_ALLOCATION | f.FALLOC_FL_KEEP_SIZE)) !== 0) return false;
  const command = mode & COMMANDS_OF_ALLOCATION;
  if ((command & (command - 1)) !== 0) return false;
  const keepsSize = (mode & f.FALLOC_FL_KEEP_SIZE) !== 0;
  if (command === f.FALLOC_FL_PUNCH_HOLE) return keepsSize;
  const moves = f.FALLOC_FL_COLLAPSE_RANGE | f.FALLOC_FL_INSERT_RANGE;
  return (command & moves) === 0 || !keepsSize;
}

/** A file may forget what it has in memory, or fetch it: the rest is advice. */
function advise(call: Call, fd: number, offset: Offset, length: Offset, advice: number): number {
  const file = call.file(fd);
  if (file === undefined) return -EBADF;
  const { object } = file;
  if (object instanceof Pipe) return -ESPIPE;
  if (length < 0 || advice < 0 || advice > f.POSIX_FADV_NOREUSE) return -EINVAL;
  if (!(object instanceof RegularFile) || offset < 0) return 0;
  if (advice === f.POSIX_FADV_DONTNEED) {
    const end = length === 0 ? Number.POSITIVE_INFINITY : pageAt(sum(offset, length));
    // A page that the range has in part stays.
    object.cache.evict(pagesIn(offset), end);
  } else if (advice === f.POSIX_FADV_WILLNEED) prefetch(object, offset, length);
  return 0;
}

/** Length 0 is up to the end. */
function prefetch({ cache, size }: RegularFile, offset: Offset, length: Offset): void {
  cache.prefetch(pageAt(offset), pagesIn(length === 0 ? size : sum(offset, length)));
}

/** The disk takes no time, so what is asked for is there when the call answers. */
function readAhead(call: Call, fd: number, offset: Offset, count: Offset): number {
  const file = call.file(fd);
  if (count < 0) return -EINVAL;
  if (file === undefined || !file.isReadable) return -EBADF;
  const { object } = file;
  if (object instanceof RegularFile && offset >= 0 && count > 0) prefetch(object, offset, count);
  return object instanceof Inode && object.type === f.S_IFREG ? 0 : -EINVAL;
}

function sync(call: Call, fd: number): number {
  const file = call.file(fd);
  return file === undefined ? -EBADF : file.object.sync(file);
}
