/**
 * Pipes and what moves pages through them: pipe(2), splice(2), tee(2), vmsplice(2).
 */
import * as argument from '../kernel/argument.js';
import { check } from '../kernel/error.js';
import type { Offset } from '../kernel/kernel.js';
import { linux } from '../kernel/linux.js';

/**
 * `int pipe2(int pipefd[2], int flags)` — makes a pipe.
 *
 * A pipe carries a stream of bytes one way, through a buffer in the kernel (65536 bytes unless F_SETPIPE_SZ
 * says otherwise). Reading an empty pipe waits for a writer, and answers 0 once the last one is gone; writing
 * to a full one waits for a reader, and is EPIPE once the last one is gone.
 *
 * @param flags O_CLOEXEC, O_NONBLOCK (both ends), O_DIRECT (packets), or'ed; 0 for none
 * @returns [read end, write end]
 * @throws EINVAL unknown flag; EMFILE this process has RLIMIT_NOFILE descriptors open; ENFILE the system has no
 *   more, or the user's pipe-user-pages-hard is reached; ENOPKG O_NOTIFICATION_PIPE without watch queues
 * @see pipe(2), pipe(7)
 *
 * @example
 * ```ts
 * import { deepEqual } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const [reader, writer] = sys.pipe2(sys.O_CLOEXEC);
 * sys.write(writer, Buffer.from('hello'));
 * const bytes = Buffer.alloc(16);
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
 * `ssize_t splice(int fd_in, off_t *off_in, int fd_out, off_t *off_out, size_t len, unsigned flags)` — moves
 * bytes between a pipe and anything else, or between two pipes, as pages: none passes through this process.
 *
 * Differs from the manual page: an offset is passed by value and does not advance; add what is returned.
 * Introductory texts say that 0 means an empty pipe. It means end of file: an empty pipe with a writer left is
 * waited for, or EAGAIN. SPLICE_F_NONBLOCK concerns the pipe only; a blocking socket still blocks.
 *
 * @param fdIn the source; one of the two must be a pipe
 * @param offIn where to read, in bytes; null uses and moves the file offset, and is the only choice for a pipe
 * @param fdOut the target
 * @param offOut where to write, in bytes; null as above
 * @param len at most so many bytes
 * @param flags SPLICE_F_MOVE, SPLICE_F_NONBLOCK, SPLICE_F_MORE, SPLICE_F_GIFT, or'ed; 0 for none
 * @returns how many bytes moved, possibly fewer than `len`; 0 at end of file or without writers
 * @throws EAGAIN would wait, and O_NONBLOCK or SPLICE_F_NONBLOCK is set; EBADF not open, or the wrong end; EINVAL
 *   neither is a pipe, both are the same pipe, the target is O_APPEND, or the file cannot splice; ENOMEM no
 *   memory; EPIPE nobody reads the target; ESPIPE an offset for a pipe; EINTR a signal came first
 * @see splice(2); Linux: fs/splice.c
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import { openSync } from 'node:fs';
 * import * as sys from 'sluice/sys';
 *
 * const file = openSync('package.json', 'r');
 * const [reader, writer] = sys.pipe2(sys.O_CLOEXEC);
 * equal(sys.splice(file, 0, writer, null, 10, 0), 10);
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
  return check(
    linux.splice(
      source,
      argument.offsetOrNull(offIn, 'offIn'),
      argument.descriptor(fdOut, 'fdOut'),
      argument.offsetOrNull(offOut, 'offOut'),
      argument.size(len, 'len'),
      argument.integer(flags, 'flags'),
    ),
    'splice',
    source,
  );
}
