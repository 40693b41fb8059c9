/**
 * From file to anywhere, and from file to file, inside the kernel: sendfile(2), copy_file_range(2).
 */
import * as argument from '../../kernel/argument.js';
import { check } from '../../kernel/error.js';
import type { Offset } from '../../kernel/kernel.js';
import { linux } from '../../kernel/linux.js';

/**
 * `ssize_t sendfile(int out_fd, int in_fd, off_t *offset, size_t count)` — moves bytes of a file to
 * any descriptor; none passes through this process.
 *
 * The target comes first. Differs from the manual page: `offset` is passed by value and does not
 * advance; add what is returned.
 *
 * Introductory texts say that the target must be a socket. Since Linux 2.6.33 it may be anything
 * that can be written, a file or pipe too; it is the source that must be a file (EINVAL for a pipe
 * or socket). What was sent is not a snapshot: pages that wait in a socket are still the file's,
 * and a later write or truncation shows in them. A file that is not in memory is waited for,
 * O_NONBLOCK of the target notwithstanding.
 *
 * @param outFd the target
 * @param inFd the source: a regular file or block device, open for reading
 * @param offset where to read, in bytes; null uses and moves the source's file offset
 * @param count at most so many bytes; Linux moves no more than MAX_RW_COUNT at once
 * @returns how many bytes moved, possibly fewer than `count`; 0 at the end of the file, where it
 *   may also mean that the file was cut short meanwhile
 * @throws EAGAIN the target is full, and O_NONBLOCK is set; EBADF not open for this; ECONNRESET;
 *   EFBIG the target would pass RLIMIT_FSIZE; EINTR a signal came first; EINVAL the source cannot
 *   be read so, the target is O_APPEND, or a negative offset; EIO; ENOMEM; ENOSPC; EOVERFLOW; EPIPE
 *   nobody reads the target; ESPIPE an offset for a source that cannot seek
 * @see sendfile(2); Linux: fs/read_write.c
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const file = sys.openat(sys.AT_FDCWD, 'package.json', sys.O_RDONLY | sys.O_CLOEXEC);
 * const [left, right] = sys.socketpair(sys.AF_UNIX, sys.SOCK_STREAM | sys.SOCK_CLOEXEC, 0);
 * equal(sys.sendfile(left, file, 0, 10), 10);
 * equal(sys.recv(right, Buffer.alloc(16), 0), 10);
 * equal(sys.lseek(file, 0, sys.SEEK_CUR), 0);
 * for (const fd of [file, left, right]) sys.close(fd);
 * ```
 */
export function sendfile(
  outFd: argument.Descriptor,
  inFd: argument.Descriptor,
  offset: Offset | null,
  count: Offset,
): number {
  const target = argument.descriptor(outFd, 'outFd');
  const result = linux.sendfile(
    target,
    argument.descriptor(inFd, 'inFd'),
    argument.offsetOrNull(offset, 'offset'),
    argument.size(count, 'count'),
  );
  return check(result, 'sendfile', target);
}

/**
 * `ssize_t copy_file_range(int fd_in, off_t *off_in, int fd_out, off_t *off_out, size_t len,
 * unsigned flags)` — copies between two files, by the filesystem itself where it can (shared
 * extents, or on the server).
 *
 * Differs from the manual page: an offset is passed by value and does not advance; add what is
 * returned.
 *
 * Introductory texts say that it copies between any two filesystems since Linux 5.3. Since 5.19
 * only between two of the same type; otherwise EXDEV, and the copy falls to sendfile or splice.
 * Files of /proc say that they are empty, and 0 comes back though there is content. Holes may be
 * filled.
 *
 * @param fdIn the source, a regular file
 * @param offIn where to read, in bytes; null uses and moves the file offset
 * @param fdOut the target, a regular file, not O_APPEND
 * @param offOut where to write, in bytes; null as above
 * @param len at most so many bytes
 * @param flags 0
 * @returns how many bytes were copied, possibly fewer than `len`; 0 at the end of the source
 * @throws EBADF not open for this, or the target is O_APPEND; EFBIG beyond RLIMIT_FSIZE (with
 *   SIGXFSZ) or what a file can be; EINTR; EINVAL a flag, a negative offset, not a regular file, or
 *   ranges of one file that overlap; EIO; EISDIR a directory; ENOMEM; ENOSPC; EOPNOTSUPP; EOVERFLOW
 *   a range that passes 2^63, or begins below 0 and ends above; EPERM sealed; ETXTBSY a swap file;
 *   EXDEV two kinds of filesystem
 * @see copy_file_range(2); Linux: fs/read_write.c
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const source = sys.memfd_create('source', sys.MFD_CLOEXEC);
 * const target = sys.memfd_create('target', sys.MFD_CLOEXEC);
 * sys.write(source, Buffer.from('hello'));
 * equal(sys.copy_file_range(source, 1, target, null, 100, 0), 4);
 * const bytes = Buffer.alloc(16);
 * equal(bytes.toString('latin1', 0, sys.pread(target, bytes, 0)), 'ello');
 * for (const fd of [source, target]) sys.close(fd);
 * ```
 */
export function copy_file_range(
  fdIn: argument.Descriptor,
  offIn: Offset | null,
  fdOut: argument.Descriptor,
  offOut: Offset | null,
  len: Offset,
  flags: number,
): number {
  const source = argument.descriptor(fdIn, 'fdIn');
  const result = linux.copy_file_range(
    source,
    argument.offsetOrNull(offIn, 'offIn'),
    argument.descriptor(fdOut, 'fdOut'),
    argument.offsetOrNull(offOut, 'offOut'),
    argument.size(len, 'len'),
    argument.integer(flags, 'flags'),
  );
  return check(result, 'copy_file_range', source);
}
