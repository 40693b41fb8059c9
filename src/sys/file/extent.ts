/**
 * Where a file is read and what it takes on disk: lseek(2), ftruncate(2), fallocate(2),
 * posix_fadvise(2), readahead(2), fsync(2), fdatasync(2).
 */
import * as argument from '../../kernel/argument.js';
import { check } from '../../kernel/error.js';
import type { Offset } from '../../kernel/kernel.js';
import { linux } from '../../kernel/linux.js';

/**
 * `off_t lseek(int fd, off_t offset, int whence)` — moves the file offset.
 *
 * The offset belongs to the open file description: a dup'ed or inherited descriptor moves with it.
 * Beyond the end is allowed; a write there leaves a hole, which reads as zeros. SEEK_DATA and
 * SEEK_HOLE find the next data or hole at or after `offset`; the end of the file counts as a hole.
 *
 * @param fd a descriptor that can seek
 * @param offset in bytes; negative goes back from the current offset or the end
 * @param whence SEEK_SET from the start, SEEK_CUR from the offset, SEEK_END from the end,
 *   SEEK_DATA, SEEK_HOLE
 * @returns the new offset, in bytes from the start; a bigint above 2^53
 * @throws EBADF not open; EINVAL another `whence`, or before the start; ENXIO SEEK_DATA or
 *   SEEK_HOLE at or beyond the end, or no data follows; EOVERFLOW beyond 64 bits; ESPIPE a pipe,
 *   FIFO or socket
 * @see lseek(2)
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const fd = sys.memfd_create('example', sys.MFD_CLOEXEC);
 * sys.ftruncate(fd, 2n ** 40n);
 * equal(sys.lseek(fd, -1, sys.SEEK_END), 2 ** 40 - 1);
 * equal(sys.lseek(fd, 0, sys.SEEK_HOLE), 0);
 * sys.close(fd);
 * ```
 */
export function lseek(fd: argument.Descriptor, offset: Offset, whence: number): number | bigint {
  const number = argument.descriptor(fd, 'fd');
  const position = new BigInt64Array(1);
  const result = linux.lseek(
    number,
    argument.offset(offset, 'offset'),
    argument.integer(whence, 'whence'),
    position,
  );
  check(result, 'lseek', number);
  const exact = position[0] as bigint;
  return exact <= Number.MAX_SAFE_INTEGER ? Number(exact) : exact;
}

/**
 * `int ftruncate(int fd, off_t length)` — sets the size of a file. What is beyond is gone; what is
 * added is a hole that reads as zeros. The file offset stays.
 *
 * Pages of a mapping beyond the new end are SIGBUS from then on.
 *
 * @param fd open for writing
 * @param length the new size, in bytes
 * @returns 0
 * @throws EBADF not open; EFBIG larger than the filesystem or RLIMIT_FSIZE (with SIGXFSZ) allows;
 *   EINTR; EINVAL not open for writing, not a regular file, or negative; EIO; EPERM sealed; ETXTBSY
 *   a program that runs
 * @see ftruncate(2)
 *
 * @example
 * ```ts
 * import { equal, throws } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const fd = sys.memfd_create('example', sys.MFD_CLOEXEC);
 * sys.ftruncate(fd, 100);
 * equal(sys.fstat(fd).size, 100n);
 * throws(() => sys.ftruncate(fd, -1), { code: 'EINVAL' });
 * sys.close(fd);
 * ```
 */
export function ftruncate(fd: argument.Descriptor, length: Offset): number {
  const number = argument.descriptor(fd, 'fd');
  return check(linux.ftruncate(number, argument.offset(length, 'length')), 'ftruncate', number);
}

/**
 * `int fallocate(int fd, int mode, off_t offset, off_t len)` — reserves, frees or moves space of a
 * file.
 *
 * Mode 0 reserves: later writes there do not fail for want of space, and the file grows to reach
 * the end of the range; FALLOC_FL_KEEP_SIZE reserves beyond the end without that.
 * FALLOC_FL_PUNCH_HOLE (with KEEP_SIZE) gives space back and leaves zeros. FALLOC_FL_ZERO_RANGE,
 * FALLOC_FL_COLLAPSE_RANGE and FALLOC_FL_INSERT_RANGE are for some filesystems only.
 *
 * @param fd open for writing
 * @param mode 0, or FALLOC_FL_… or'ed
 * @param offset where the range starts, in bytes
 * @param len how long it is, in bytes
 * @returns 0
 * @throws EBADF not open for writing; EFBIG beyond what a file can be, or RLIMIT_FSIZE (with
 *   SIGXFSZ); EINTR; EINVAL `len` not above 0, `offset` below 0, or not aligned for COLLAPSE and
 *   INSERT; EIO; ENODEV no regular file; ENOSPC; EOPNOTSUPP the filesystem has no such mode, or
 *   PUNCH_HOLE without KEEP_SIZE; EPERM sealed; ESPIPE a pipe; ETXTBSY a swap file
 * @see fallocate(2)
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const fd = sys.memfd_create('example', sys.MFD_CLOEXEC);
 * sys.fallocate(fd, 0, 0, 8192);
 * equal(sys.fstat(fd).size, 8192n);
 * sys.fallocate(fd, sys.FALLOC_FL_PUNCH_HOLE | sys.FALLOC_FL_KEEP_SIZE, 0, 8192);
 * equal(sys.fstat(fd).blocks, 0n);
 * sys.close(fd);
 * ```
 */
export function fallocate(
  fd: argument.Descriptor,
  mode: number,
  offset: Offset,
  len: Offset,
): number {
  const number = argument.descriptor(fd, 'fd');
  const result = linux.fallocate(
    number,
    argument.integer(mode, 'mode'),
    argument.offset(offset, 'offset'),
    argument.offset(len, 'len'),
  );
  return check(result, 'fallocate', number);
}

/**
 * `int posix_fadvise(int fd, off_t offset, off_t len, int advice)` — tells Linux how the file will
 * be read.
 *
 * Differs from the manual page: the error is thrown; in C it is the result, and errno is left
 * alone.
 *
 * POSIX_FADV_WILLNEED starts reading and does not wait. POSIX_FADV_DONTNEED drops clean pages from
 * the cache; what was just written stays until `fdatasync`. POSIX_FADV_SEQUENTIAL doubles
 * read-ahead, POSIX_FADV_RANDOM ends it, for the whole file whatever the range says.
 *
 * @param fd a regular file or block device
 * @param offset where the range starts, in bytes
 * @param len how long it is, in bytes; 0 means to the end
 * @param advice POSIX_FADV_…
 * @returns 0
 * @throws EBADF not open; EINVAL another advice, or a negative length; ESPIPE a pipe or FIFO
 * @see posix_fadvise(2)
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const fd = sys.openat(sys.AT_FDCWD, 'package.json', sys.O_RDONLY | sys.O_CLOEXEC);
 * equal(sys.posix_fadvise(fd, 0, 0, sys.POSIX_FADV_SEQUENTIAL), 0);
 * sys.close(fd);
 * ```
 */
export function posix_fadvise(
  fd: argument.Descriptor,
  offset: Offset,
  len: Offset,
  advice: number,
): number {
  const number = argument.descriptor(fd, 'fd');
  const result = linux.posix_fadvise(
    number,
    argument.offset(offset, 'offset'),
    argument.offset(len, 'len'),
    argument.integer(advice, 'advice'),
  );
  return check(result, 'posix_fadvise', number);
}

/**
 * `ssize_t readahead(int fd, off_t offset, size_t count)` — starts reading a part of a file into
 * the cache.
 *
 * Introductory texts say that it waits until the part is there. It only starts: but finding where
 * the blocks are on disk may itself wait.
 *
 * @param fd a regular file or block device, open for reading
 * @param offset where to start, in bytes
 * @param count how many bytes; whole pages are read
 * @returns 0
 * @throws EBADF not open for reading; EINVAL no file that can be read ahead
 * @see readahead(2)
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const fd = sys.openat(sys.AT_FDCWD, 'package.json', sys.O_RDONLY | sys.O_CLOEXEC);
 * equal(sys.readahead(fd, 0, 65536), 0);
 * sys.close(fd);
 * ```
 */
export function readahead(fd: argument.Descriptor, offset: Offset, count: Offset): number {
  const number = argument.descriptor(fd, 'fd');
  const start = argument.offset(offset, 'offset');
  return check(linux.readahead(number, start, argument.size(count, 'count')), 'readahead', number);
}

/**
 * `int fsync(int fd)` — waits until what was written to the file, and what is known about it, is on
 * the disk.
 *
 * The name of a new file is part of its directory: fsync that too. After EIO a second call may
 * succeed although the data is lost: the error is told once. It may sleep for long:
 * `promises.fsync` does so on a thread of its own.
 *
 * @param fd a file or directory
 * @returns 0
 * @throws EBADF not open; EDQUOT, ENOSPC no space for what was written; EINTR; EINVAL a pipe,
 *   socket or other thing that has no disk; EIO; EROFS
 * @see fsync(2)
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const fd = sys.openat(sys.AT_FDCWD, '.', sys.O_TMPFILE | sys.O_RDWR | sys.O_CLOEXEC, 0o600);
 * sys.write(fd, Buffer.from('safe'));
 * equal(sys.fsync(fd), 0);
 * sys.close(fd);
 * ```
 */
export function fsync(fd: argument.Descriptor): number {
  const number = argument.descriptor(fd, 'fd');
  return check(linux.fsync(number), 'fsync', number);
}

/**
 * `int fdatasync(int fd)` — as `fsync`, without what is not needed to read the data back (times,
 * not the size).
 *
 * @param fd a file
 * @returns 0
 * @throws as `fsync`
 * @see fdatasync(2)
 *
 * @example
 * ```ts
 * import { throws } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const [reader, writer] = sys.pipe2(sys.O_CLOEXEC);
 * throws(() => sys.fdatasync(writer), { code: 'EINVAL', syscall: 'fdatasync' });
 * for (const fd of [reader, writer]) sys.close(fd);
 * ```
 */
export function fdatasync(fd: argument.Descriptor): number {
  const number = argument.descriptor(fd, 'fd');
  return check(linux.fdatasync(number), 'fdatasync', number);
}
