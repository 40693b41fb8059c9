/**
 * Reading and writing several buffers in one call: readv(2), preadv(2), preadv2(2) and their
 * writing twins.
 */
import * as argument from '../kernel/argument.js';
import { check } from '../kernel/error.js';
import type { Offset } from '../kernel/kernel.js';
import { linux } from '../kernel/linux.js';

/**
 * `ssize_t readv(int fd, const struct iovec *iov, int iovcnt)` — fills several buffers in order,
 * each completely before the next, as one read.
 *
 * Differs from the manual page: `iovcnt` is the length of the array. IOV_MAX (1024) counts buffers,
 * not bytes.
 *
 * @param fd an open descriptor
 * @param iov the buffers, at most IOV_MAX; empty ones are skipped
 * @returns how many bytes were read in all, possibly fewer than fit; 0 at the end, or when every
 *   buffer is empty
 * @throws EFAULT a buffer is detached; EINVAL more than IOV_MAX buffers; and what read(2) has
 * @see readv(2)
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const [reader, writer] = sys.pipe2(sys.O_CLOEXEC);
 * sys.write(writer, Buffer.from('head:body'));
 * const [head, body] = [Buffer.alloc(5), Buffer.alloc(100)];
 * equal(sys.readv(reader, [head, body]), 9);
 * equal(head.toString(), 'head:');
 * equal(body.toString('utf8', 0, 4), 'body');
 * sys.close(reader);
 * sys.close(writer);
 * ```
 */
export function readv(fd: argument.Descriptor, iov: readonly argument.Bytes[]): number {
  const number = argument.descriptor(fd, 'fd');
  return check(linux.readv(number, argument.vector(iov, 'iov')), 'readv', number);
}

/**
 * `ssize_t writev(int fd, const struct iovec *iov, int iovcnt)` — gathers several buffers in order
 * into one write: one piece of a pipe up to PIPE_BUF bytes, one datagram, one place in a file.
 *
 * Differs from the manual page: `iovcnt` is the length of the array.
 * A short count may end inside a buffer, and the rest of that one is then to be written first.
 *
 * @param fd an open descriptor
 * @param iov the buffers, at most IOV_MAX; empty ones are skipped
 * @returns how many bytes were written in all, possibly fewer than given
 * @throws EFAULT a buffer is detached; EINVAL more than IOV_MAX buffers; and what write(2) has
 * @see writev(2)
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const [reader, writer] = sys.pipe2(sys.O_CLOEXEC);
 * equal(sys.writev(writer, [Buffer.from('head:'), Buffer.from('body')]), 9);
 * const bytes = Buffer.alloc(16);
 * equal(bytes.toString('utf8', 0, sys.read(reader, bytes)), 'head:body');
 * sys.close(reader);
 * sys.close(writer);
 * ```
 */
export function writev(fd: argument.Descriptor, iov: readonly argument.Bytes[]): number {
  const number = argument.descriptor(fd, 'fd');
  return check(linux.writev(number, argument.vector(iov, 'iov')), 'writev', number);
}

/**
 * `ssize_t preadv(int fd, const struct iovec *iov, int iovcnt, off_t offset)` — readv(2) at a place
 * in a file; the file offset neither matters nor moves.
 *
 * Differs from the manual page: `iovcnt` is the length of the array.
 *
 * @param fd an open descriptor that can seek
 * @param iov the buffers, at most IOV_MAX
 * @param offset where to read, in bytes from the start
 * @returns how many bytes were read in all; 0 at or past the end
 * @throws EINVAL `offset` is negative; ESPIPE a pipe or a socket; and what readv(2) has
 * @see preadv(2)
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const file = sys.memfd_create('example', sys.MFD_CLOEXEC);
 * sys.pwrite(file, Buffer.from('abcdef'), 0);
 * const [first, second] = [Buffer.alloc(2), Buffer.alloc(2)];
 * equal(sys.preadv(file, [first, second], 1), 4);
 * equal(`${first} ${second}`, 'bc de');
 * sys.close(file);
 * ```
 */
export function preadv(
  fd: argument.Descriptor,
  iov: readonly argument.Bytes[],
  offset: Offset,
): number {
  const number = argument.descriptor(fd, 'fd');
  const memory = argument.vector(iov, 'iov');
  return check(linux.preadv(number, memory, argument.offset(offset, 'offset')), 'preadv', number);
}

/**
 * `ssize_t pwritev(int fd, const struct iovec *iov, int iovcnt, off_t offset)` — writev(2) at a
 * place in a file; the file offset neither matters nor moves.
 *
 * Differs from the manual page: `iovcnt` is the length of the array.
 * With O_APPEND Linux ignores `offset` and appends, though POSIX says otherwise.
 *
 * @param fd an open descriptor that can seek
 * @param iov the buffers, at most IOV_MAX
 * @param offset where to write, in bytes from the start; past the end, the gap reads as zeros
 * @returns how many bytes were written in all, possibly fewer than given
 * @throws EINVAL `offset` is negative; ESPIPE a pipe or a socket; and what writev(2) has
 * @see pwritev(2)
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const file = sys.memfd_create('example', sys.MFD_CLOEXEC);
 * equal(sys.pwritev(file, [Buffer.from('ab'), Buffer.from('cd')], 2), 4);
 * const bytes = Buffer.alloc(6);
 * equal(sys.read(file, bytes), 6);
 * equal(bytes.toString(), '\0\0abcd');
 * sys.close(file);
 * ```
 */
export function pwritev(
  fd: argument.Descriptor,
  iov: readonly argument.Bytes[],
  offset: Offset,
): number {
  const number = argument.descriptor(fd, 'fd');
  const memory = argument.vector(iov, 'iov');
  return check(linux.pwritev(number, memory, argument.offset(offset, 'offset')), 'pwritev', number);
}

/**
 * `ssize_t preadv2(int fd, const struct iovec *iov, int iovcnt, off_t offset, int flags)` —
 * preadv(2) with flags for this one call.
 *
 * Differs from the manual page: `iovcnt` is the length of the array. With RWF_NOWAIT the call
 * answers EAGAIN instead of waiting, whatever the description's O_NONBLOCK says, so the flag that
 * others share need not be touched.
 *
 * @param fd an open descriptor
 * @param iov the buffers, at most IOV_MAX
 * @param offset where to read, in bytes from the start; −1 uses and moves the file offset, and
 *   suits a pipe too
 * @param flags RWF_HIPRI, RWF_NOWAIT, or'ed; 0 for none
 * @returns how many bytes were read in all; 0 at the end
 * @throws EAGAIN RWF_NOWAIT, and the data is not there at once; EINVAL `offset` is below −1;
 *   EOPNOTSUPP a flag that this Linux or this kind of file does not know; ESPIPE an offset for a
 *   pipe or a socket; and what readv(2) has
 * @see preadv2(2)
 *
 * @example
 * ```ts
 * import { equal, throws } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const [reader, writer] = sys.pipe2(sys.O_CLOEXEC);
 * const bytes = Buffer.alloc(16);
 * throws(() => sys.preadv2(reader, [bytes], -1, sys.RWF_NOWAIT), { code: 'EAGAIN' });
 * sys.write(writer, Buffer.from('hello'));
 * equal(sys.preadv2(reader, [bytes], -1, sys.RWF_NOWAIT), 5);
 * sys.close(reader);
 * sys.close(writer);
 * ```
 */
export function preadv2(
  fd: argument.Descriptor,
  iov: readonly argument.Bytes[],
  offset: Offset,
  flags: number,
): number {
  const number = argument.descriptor(fd, 'fd');
  const memory = argument.vector(iov, 'iov');
  const position = argument.offset(offset, 'offset');
  const result = linux.preadv2(number, memory, position, argument.integer(flags, 'flags'));
  return check(result, 'preadv2', number);
}

/**
 * `ssize_t pwritev2(int fd, const struct iovec *iov, int iovcnt, off_t offset, int flags)` —
 * pwritev(2) with flags for this one call.
 *
 * Differs from the manual page: `iovcnt` is the length of the array.
 *
 * @param fd an open descriptor
 * @param iov the buffers, at most IOV_MAX
 * @param offset where to write, in bytes from the start; −1 uses and moves the file offset, and
 *   suits a pipe too
 * @param flags RWF_DSYNC (the data is stored when the call returns), RWF_SYNC (all about the file
 *   is), RWF_APPEND (at the end, whatever `offset` is; it moves only with −1), RWF_HIPRI,
 *   RWF_NOWAIT, or'ed; 0 for none
 * @returns how many bytes were written in all, possibly fewer than given
 * @throws EAGAIN RWF_NOWAIT, and the call would wait; EINVAL `offset` is below −1; EOPNOTSUPP a
 *   flag that this Linux or this kind of file does not know; ESPIPE an offset for a pipe or a
 *   socket; and what writev(2) has
 * @see pwritev2(2)
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const file = sys.memfd_create('example', sys.MFD_CLOEXEC);
 * sys.pwrite(file, Buffer.from('log:'), 0);
 * equal(sys.pwritev2(file, [Buffer.from('line')], 0, sys.RWF_APPEND), 4);
 * const bytes = Buffer.alloc(8);
 * equal(sys.pread(file, bytes, 0), 8);
 * equal(bytes.toString(), 'log:line');
 * sys.close(file);
 * ```
 */
export function pwritev2(
  fd: argument.Descriptor,
  iov: readonly argument.Bytes[],
  offset: Offset,
  flags: number,
): number {
  const number = argument.descriptor(fd, 'fd');
  const memory = argument.vector(iov, 'iov');
  const position = argument.offset(offset, 'offset');
  const result = linux.pwritev2(number, memory, position, argument.integer(flags, 'flags'));
  return check(result, 'pwritev2', number);
}
