/**
 * Reading and writing one buffer, and the end of a descriptor: read(2), pread(2), close(2),
 * ioctl(2). The calls with several buffers are in `vector.ts`, the copies of a descriptor in
 * `dup.ts`, its flags in `fcntl.ts`.
 */
import * as argument from '../kernel/argument.js';
import { check } from '../kernel/error.js';
import { FIONBIO, FIONREAD } from '../kernel/flags.js';
import type { Offset } from '../kernel/kernel.js';
import { linux } from '../kernel/linux.js';

/**
 * `ssize_t read(int fd, void *buf, size_t count)` — fills a buffer from where the descriptor
 * stands.
 *
 * Differs from the manual page: `count` is the length of `buf`; pass a `subarray` to read less.
 * Introductory texts treat a short count as an error or as the end. It is neither: a pipe or a
 * socket gives what is there, and only 0 is the end. A read of zero bytes answers 0 as well,
 * wherever the descriptor stands.
 *
 * @param fd an open descriptor
 * @param buf what is filled, from its first byte; at most 0x7ffff000 bytes of it in one call
 * @returns how many bytes were read, possibly fewer than fit; 0 at the end of a file, or without
 *   writers
 * @throws EAGAIN would wait, and O_NONBLOCK is set; EBADF not open for reading; EFAULT `buf` is
 *   detached; EINTR a signal came before the first byte; EINVAL this kind of file is not read, or
 *   not in this size or alignment (eventfd, O_DIRECT); EIO the device failed; EISDIR a directory;
 *   ECONNRESET the peer reset the connection
 * @see read(2)
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const [reader, writer] = sys.pipe2(sys.O_CLOEXEC);
 * sys.write(writer, Buffer.from('hello'));
 * const bytes = Buffer.alloc(16);
 * equal(sys.read(reader, bytes), 5);
 * equal(bytes.toString('utf8', 0, 5), 'hello');
 * sys.close(writer);
 * equal(sys.read(reader, bytes), 0);
 * sys.close(reader);
 * ```
 */
export function read(fd: argument.Descriptor, buf: argument.Bytes): number {
  const number = argument.descriptor(fd, 'fd');
  return check(linux.read(number, argument.bytes(buf, 'buf')), 'read', number);
}

/**
 * `ssize_t write(int fd, const void *buf, size_t count)` — writes a buffer where the descriptor
 * stands.
 *
 * Differs from the manual page: `count` is the length of `buf`; pass a `subarray` to write less.
 * Introductory texts forget that a write can be short: a full disk, a non-blocking pipe or a signal
 * ends it early, and the rest is yours to write. To a pipe, up to PIPE_BUF (4096) bytes go in one
 * piece, or EAGAIN; more may be split, and mixed with what others write. Writing where nobody reads
 * is EPIPE and SIGPIPE, which Node ignores.
 *
 * @param fd an open descriptor
 * @param buf what is written; at most 0x7ffff000 bytes of it in one call
 * @returns how many bytes were written, possibly fewer than given
 * @throws EAGAIN would wait, and O_NONBLOCK is set; EBADF not open for writing; EDESTADDRREQ a
 *   datagram socket without a peer; EDQUOT, ENOSPC no room is left; EFAULT `buf` is detached; EFBIG
 *   past RLIMIT_FSIZE or what the file system holds; EINTR a signal came before the first byte;
 *   EINVAL this kind of file is not written, or not in this size or alignment; EIO the device
 *   failed; EPERM a seal forbids it; EPIPE nobody reads
 * @see write(2), pipe(7)
 *
 * @example
 * ```ts
 * import { equal, throws } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const [reader, writer] = sys.pipe2(sys.O_CLOEXEC | sys.O_NONBLOCK);
 * equal(sys.write(writer, new Uint8Array(100_000)), 65536);
 * throws(() => sys.write(writer, new Uint8Array(1)), { code: 'EAGAIN', syscall: 'write' });
 * sys.close(reader);
 * throws(() => sys.write(writer, new Uint8Array(1)), { code: 'EPIPE' });
 * sys.close(writer);
 * ```
 */
export function write(fd: argument.Descriptor, buf: argument.Bytes): number {
  const number = argument.descriptor(fd, 'fd');
  return check(linux.write(number, argument.bytes(buf, 'buf')), 'write', number);
}

/**
 * `ssize_t pread(int fd, void *buf, size_t count, off_t offset)` — fills a buffer from a place in a
 * file; the file offset neither matters nor moves.
 *
 * Differs from the manual page: `count` is the length of `buf`.
 *
 * @param fd an open descriptor that can seek
 * @param buf what is filled, from its first byte
 * @param offset where to read, in bytes from the start
 * @returns how many bytes were read, possibly fewer than fit; 0 at or past the end
 * @throws EINVAL `offset` is negative; ESPIPE a pipe or a socket; and what read(2) has
 * @see pread(2)
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const file = sys.memfd_create('example', sys.MFD_CLOEXEC);
 * sys.write(file, Buffer.from('hello, world'));
 * const bytes = Buffer.alloc(5);
 * equal(sys.pread(file, bytes, 7), 5);
 * equal(bytes.toString(), 'world');
 * equal(sys.pread(file, bytes, 2n ** 40n), 0);
 * sys.close(file);
 * ```
 */
export function pread(fd: argument.Descriptor, buf: argument.Bytes, offset: Offset): number {
  const number = argument.descriptor(fd, 'fd');
  const memory = argument.bytes(buf, 'buf');
  return check(linux.pread(number, memory, argument.offset(offset, 'offset')), 'pread', number);
}

/**
 * `ssize_t pwrite(int fd, const void *buf, size_t count, off_t offset)` — writes a buffer at a
 * place in a file; the file offset neither matters nor moves.
 *
 * Differs from the manual page: `count` is the length of `buf`.
 * With O_APPEND Linux ignores `offset` and appends, though POSIX says otherwise.
 *
 * @param fd an open descriptor that can seek
 * @param buf what is written
 * @param offset where to write, in bytes from the start; past the end, the gap reads as zeros
 * @returns how many bytes were written, possibly fewer than given
 * @throws EINVAL `offset` is negative; ESPIPE a pipe or a socket; and what write(2) has
 * @see pwrite(2)
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const file = sys.memfd_create('example', sys.MFD_CLOEXEC);
 * equal(sys.pwrite(file, Buffer.from('end'), 5), 3);
 * const bytes = Buffer.alloc(8);
 * equal(sys.read(file, bytes), 8);
 * equal(bytes.toString(), '\0\0\0\0\0end');
 * sys.close(file);
 * ```
 */
export function pwrite(fd: argument.Descriptor, buf: argument.Bytes, offset: Offset): number {
  const number = argument.descriptor(fd, 'fd');
  const memory = argument.bytes(buf, 'buf');
  return check(linux.pwrite(number, memory, argument.offset(offset, 'offset')), 'pwrite', number);
}

/**
 * `int close(int fd)` — gives a number back.
 *
 * Introductory texts say to call it again after EINTR. On Linux the number is free whatever is
 * answered, and the second call closes what another part of the program opened meanwhile. The file
 * itself, its locks and the peer's end of file come only when the last copy of the descriptor is
 * closed, here and in every other process.
 *
 * @param fd the number of an open descriptor; a number only, so that no owner is left with a closed
 *   one
 * @returns 0
 * @throws EBADF not open; EDQUOT, ENOSPC an earlier write could not be stored (NFS); EINTR a signal
 *   came while the device was closing; EIO an earlier write failed. The number is free after all of
 *   them
 * @see close(2)
 *
 * @example
 * ```ts
 * import { equal, throws } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const [reader, writer] = sys.pipe2(sys.O_CLOEXEC);
 * equal(sys.close(reader), 0);
 * equal(sys.close(writer), 0);
 * throws(() => sys.close(-1), { code: 'EBADF', syscall: 'close', fd: -1 });
 * ```
 */
export function close(fd: number): number {
  const number = argument.integer(fd, 'fd');
  return check(linux.close(number), 'close', number);
}

/**
 * `int ioctl(int fd, unsigned long op, ...)` — two requests that every kind of descriptor here
 * understands: FIONREAD, how many bytes can be read now, and FIONBIO, O_NONBLOCK on or off.
 *
 * Differs from the manual page: what FIONREAD writes behind the pointer is returned, and what
 * FIONBIO reads there is passed by value. Any other request is ENOTTY: its argument could be of any
 * size. FIONBIO is not quite F_SETFL: it changes O_NONBLOCK and leaves the other flags alone, in
 * one call. Both change the description, which every copy of the descriptor shares.
 *
 * @param fd an open descriptor
 * @param op FIONREAD or FIONBIO
 * @param on FIONBIO only: whether the descriptor is non-blocking; a number counts as C counts it
 * @returns FIONREAD: how many bytes wait in a pipe or a socket (in a datagram socket, in the next
 *   datagram), or lie between offset and end of a file; FIONBIO: 0
 * @throws EBADF not open, or O_PATH; EINVAL a listening socket has nothing to read; ENOTTY the
 *   descriptor does not know the request
 * @see ioctl(2), pipe(7), tcp(7)
 *
 * @example
 * ```ts
 * import { equal, throws } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const [reader, writer] = sys.pipe2(sys.O_CLOEXEC);
 * sys.write(writer, Buffer.from('hello'));
 * equal(sys.ioctl(reader, sys.FIONREAD), 5);
 * sys.read(reader, new Uint8Array(5));
 * equal(sys.ioctl(reader, sys.FIONBIO, true), 0);
 * throws(() => sys.read(reader, new Uint8Array(5)), { code: 'EAGAIN' });
 * sys.close(reader);
 * sys.close(writer);
 * ```
 */
export function ioctl(fd: argument.Descriptor, op: typeof FIONREAD): number;
export function ioctl(fd: argument.Descriptor, op: typeof FIONBIO, on: boolean | number): number;
export function ioctl(fd: argument.Descriptor, op: number, on?: boolean | number): number {
  const number = argument.descriptor(fd, 'fd');
  const request = argument.integer(op, 'op');
  const value = new Int32Array(1);
  if (request === FIONBIO)
    value[0] = typeof on === 'boolean' ? Number(on) : argument.integer(on, 'on');
  const result = check(linux.ioctl(number, request, value), 'ioctl', number);
  return request === FIONREAD ? (value[0] as number) : result;
}
