/**
 * Pipes and what moves pages through them: pipe(2), splice(2), tee(2), vmsplice(2). How much a pipe
 * holds is asked and set in `fcntl.ts`.
 */
import * as argument from '../kernel/argument.js';
import { check } from '../kernel/error.js';
import type { Offset } from '../kernel/kernel.js';
import { linux } from '../kernel/linux.js';

/**
 * `int pipe(int pipefd[2])` — makes a pipe: what is written to one descriptor is read from the
 * other.
 *
 * A pipe carries a stream of bytes one way, through a buffer in the kernel (65536 bytes unless
 * F_SETPIPE_SZ says otherwise). Reading an empty pipe waits for a writer, and answers 0 once the
 * last one is gone; writing to a full one waits for a reader, and is EPIPE once the last one is
 * gone. "The last one" counts duplicates and other processes: close the end that you do not use.
 *
 * Both ends are blocking and pass to programs that are started. In a program with children,
 * `pipe2(O_CLOEXEC)` is the one to use.
 *
 * @returns [read end, write end]: the two lowest free numbers
 * @throws EMFILE this process has RLIMIT_NOFILE descriptors open; ENFILE the system has no more, or
 *   the user is over pipe-user-pages-hard
 * @see pipe(2), pipe(7)
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const [reader, writer] = sys.pipe();
 * equal(sys.fcntl(reader, sys.F_GETFD), 0);
 * equal(sys.fcntl(writer, sys.F_GETPIPE_SZ), 65536);
 * sys.close(writer);
 * equal(sys.read(reader, new Uint8Array(1)), 0);
 * sys.close(reader);
 * ```
 */
export function pipe(): [reader: number, writer: number] {
  const fds = new Int32Array(2);
  check(linux.pipe(fds), 'pipe');
  return [fds[0] as number, fds[1] as number];
}

/**
 * `int pipe2(int pipefd[2], int flags)` — makes a pipe, as `pipe`, with flags from the start.
 *
 * With O_DIRECT the pipe carries packets: each write of up to PIPE_BUF bytes is one, a longer one
 * is split; one read takes one packet, and what does not fit in its buffer is lost. F_GETFL shows
 * O_DIRECT on the write end.
 *
 * @param flags O_CLOEXEC, O_NONBLOCK (both ends), O_DIRECT (packets), or'ed; 0 for none
 * @returns [read end, write end]
 * @throws EINVAL unknown flag; EMFILE this process has RLIMIT_NOFILE descriptors open; ENFILE the
 *   system has no more, or the user is over pipe-user-pages-hard; ENOPKG O_NOTIFICATION_PIPE
 *   without watch queues
 * @see pipe2(2), pipe(7)
 *
 * @example
 * ```ts
 * import { deepEqual, throws } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const [reader, writer] = sys.pipe2(sys.O_CLOEXEC | sys.O_NONBLOCK);
 * const bytes = Buffer.alloc(16);
 * throws(() => sys.read(reader, bytes), { code: 'EAGAIN' });
 * sys.write(writer, Buffer.from('hello'));
 * deepEqual(bytes.subarray(0, sys.read(reader, bytes)), Buffer.from('hello'));
 * sys.close(writer);
 * sys.close(reader);
 * ```
 */
export function pipe2(flags: number): [reader: number, writer: number] {
  const fds = new Int32Array(2);
  check(linux.pipe2(argument.integer(flags, 'flags'), fds), 'pipe2');
  return [fds[0] as number, fds[1] as number];
}

/**
 * `ssize_t splice(int fd_in, off_t *off_in, int fd_out, off_t *off_out, size_t len, unsigned
 * flags)` — moves bytes between a pipe and anything else, or between two pipes, as pages: none
 * passes through this process.
 *
 * Differs from the manual page: an offset is passed by value and does not advance; add what is
 * returned. Introductory texts say that 0 means an empty pipe. It means the end: an empty pipe with
 * a writer left is waited for, or EAGAIN. They also give SPLICE_F_NONBLOCK for all waits. It
 * concerns the pipes only: a blocking TCP socket still blocks, and so does a file whose page is on
 * disk. O_NONBLOCK of either pipe acts like the flag.
 *
 * A pipe fills by slots, not bytes: 16 pieces of 10 bytes from a socket fill one of 65536 bytes.
 * The pages of a file in a pipe are shared with it: what is written to the file before they are
 * read is what is read.
 *
 * @param fdIn the source; one of the two must be a pipe
 * @param offIn where to read, in bytes; null uses and moves the file offset, and is the only choice
 *   for a pipe, a socket or a terminal
 * @param fdOut the target
 * @param offOut where to write, in bytes; null as above
 * @param len at most so many bytes
 * @param flags SPLICE_F_NONBLOCK; SPLICE_F_MORE (to a socket: more follows, as MSG_MORE);
 *   SPLICE_F_MOVE and SPLICE_F_GIFT, without effect; or'ed, 0 for none
 * @returns how many bytes moved, possibly fewer than `len`; 0 at the end of a file, of a connection
 *   or of a pipe without writers, and for `len` 0
 * @throws EAGAIN would wait, and may not; EBADF not open, or the wrong end or access mode; EINTR a
 *   signal came before the first byte; EINVAL neither is a pipe, both are the same pipe, the target
 *   is O_APPEND, an offset for what cannot seek, an unknown flag, or a file that cannot splice
 *   (eventfd, epoll, directory); ENOMEM no memory; EPIPE nobody reads the target, with SIGPIPE;
 *   ESPIPE an offset for a pipe
 * @see splice(2); Linux: fs/splice.c
 *
 * @example
 * ```ts
 * import { equal, throws } from 'node:assert/strict';
 * import { openSync } from 'node:fs';
 * import * as sys from 'sluice/sys';
 *
 * const file = openSync('package.json', 'r');
 * const [reader, writer] = sys.pipe2(sys.O_CLOEXEC);
 * equal(sys.splice(file, 0, writer, null, 10, 0), 10);
 * equal(sys.read(reader, new Uint8Array(100)), 10);
 * const empty = () => sys.splice(reader, null, file, null, 1, sys.SPLICE_F_NONBLOCK);
 * throws(empty, { code: 'EBADF' }); // the file is open for reading
 * for (const fd of [file, reader, writer]) sys.close(fd);
 * ```
 */
export function splice(
  fdIn: argument.Descriptor,
  offIn: Offset | null,
  fdOut: argument.Descriptor,
  offOut: Offset | null,
  len: Offset,
  flags: number,
): number {
  const source = argument.descriptor(fdIn, 'fdIn');
  const result = linux.splice(
    source,
    argument.offsetOrNull(offIn, 'offIn'),
    argument.descriptor(fdOut, 'fdOut'),
    argument.offsetOrNull(offOut, 'offOut'),
    argument.size(len, 'len'),
    argument.integer(flags, 'flags'),
  );
  return check(result, 'splice', source);
}

/**
 * `ssize_t tee(int fd_in, int fd_out, size_t len, unsigned flags)` — puts the bytes of one pipe
 * into another as well, without taking them: both then hold the same pages.
 *
 * Called again, it copies the same first bytes again: consume them from the source first, by read
 * or splice, as many as were copied. Introductory texts say that 0 means that nothing was copied,
 * as if that were the answer for an empty pipe. It is so only without writers, or with `len` 0; an
 * empty pipe with a writer left is waited for, or EAGAIN.
 *
 * @param fdIn the read end of a pipe
 * @param fdOut the write end of another
 * @param len at most so many bytes, from where the next read begins
 * @param flags SPLICE_F_NONBLOCK; the others have no effect; 0 for none
 * @returns how many bytes were copied, fewer than `len` when less is inside or the target has fewer
 *   free slots; 0 without writers
 * @throws EAGAIN the source is empty or the target full, and O_NONBLOCK of either or
 *   SPLICE_F_NONBLOCK is set; EBADF not open, or the wrong end; EINTR a signal came first; EINVAL
 *   one is not a pipe, both are the same, or an unknown flag; ENOMEM no memory; EPIPE nobody reads
 *   the target, with SIGPIPE
 * @see tee(2); Linux: fs/splice.c
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const [source, writer] = sys.pipe2(sys.O_CLOEXEC);
 * const [copy, target] = sys.pipe2(sys.O_CLOEXEC);
 * sys.write(writer, Buffer.from('twice'));
 * equal(sys.tee(source, target, 65536, 0), 5);
 * const bytes = Buffer.alloc(5);
 * for (const fd of [source, copy]) {
 *   equal(sys.read(fd, bytes), 5);
 *   equal(bytes.toString(), 'twice');
 * }
 * sys.close(writer);
 * equal(sys.tee(source, target, 65536, 0), 0);
 * for (const fd of [source, copy, target]) sys.close(fd);
 * ```
 */
export function tee(
  fdIn: argument.Descriptor,
  fdOut: argument.Descriptor,
  len: Offset,
  flags: number,
): number {
  const source = argument.descriptor(fdIn, 'fdIn');
  const target = argument.descriptor(fdOut, 'fdOut');
  const length = argument.size(len, 'len');
  return check(linux.tee(source, target, length, argument.integer(flags, 'flags')), 'tee', source);
}

/**
 * `ssize_t vmsplice(int fd, const struct iovec *iov, size_t nr_segs, unsigned flags)` — with the
 * write end of a pipe: puts memory into it, as pages and not as a copy. With the read end: copies
 * what is inside to the memory and takes it out, as readv(2).
 *
 * Introductory texts praise it as a write without a copy, and leave out the price: **the pipe holds
 * the memory itself.** Until the bytes have left it, and whatever it was spliced to, do not change
 * the buffers and keep them referenced: the collector would give their memory to others, whose
 * bytes would then be read. Nothing tells when that time has come. Use `write` unless the memory is
 * a mapping that never changes. SPLICE_F_GIFT promises never to touch the pages again, which no
 * JavaScript program can keep.
 *
 * Differs from the manual page: `nr_segs` is the length of `iov`.
 *
 * @param fd either end of a pipe
 * @param iov buffers, in order; at most IOV_MAX (1024)
 * @param flags SPLICE_F_NONBLOCK; SPLICE_F_GIFT; 0 for none
 * @returns how many bytes moved, possibly fewer than given; 0 without memory, or from a pipe
 *   without writers
 * @throws EAGAIN full, or empty, and SPLICE_F_NONBLOCK is set; EBADF not open or not a pipe; EFAULT
 *   a buffer is detached; EINTR a signal came first; EINVAL more than IOV_MAX buffers, or an
 *   unknown flag; ENOMEM no memory; EPIPE nobody reads, with SIGPIPE
 * @see vmsplice(2); Linux: fs/splice.c
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const [reader, writer] = sys.pipe2(sys.O_CLOEXEC);
 * const memory = Buffer.from('before');
 * equal(sys.vmsplice(writer, [memory], 0), 6);
 * memory.write('after!');
 * const bytes = Buffer.alloc(6);
 * equal(sys.vmsplice(reader, [bytes], 0), 6);
 * equal(bytes.toString(), 'after!');
 * for (const fd of [reader, writer]) sys.close(fd);
 * ```
 */
export function vmsplice(
  fd: argument.Descriptor,
  iov: readonly argument.Bytes[],
  flags: number,
): number {
  const number = argument.descriptor(fd, 'fd');
  const memory = argument.vector(iov, 'iov');
  return check(
    linux.vmsplice(number, memory, argument.integer(flags, 'flags')),
    'vmsplice',
    number,
  );
}
