/**
 * More numbers for one open file description: dup(2), dup2(2), dup3(2).
 */
import * as argument from '../kernel/argument.js';
import { check } from '../kernel/error.js';
import { linux } from '../kernel/linux.js';

/**
 * `int dup(int oldfd)` — another number for the same open file description, the lowest that is
 * free.
 *
 * Introductory texts say that a copy does not inherit non-blocking. It does: O_NONBLOCK, O_APPEND
 * and the file offset belong to the description, which both share, so a change through one is a
 * change through the other. Only FD_CLOEXEC is the number's own, and it is clear on the copy: a
 * child program will have it. F_DUPFD_CLOEXEC sets it.
 *
 * @param oldfd an open descriptor
 * @returns the new number
 * @throws EBADF not open; EMFILE this process has RLIMIT_NOFILE descriptors open
 * @see dup(2)
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const [reader, writer] = sys.pipe2(sys.O_CLOEXEC);
 * const copy = sys.dup(reader);
 * sys.fcntl(copy, sys.F_SETFL, sys.O_NONBLOCK);
 * equal(sys.fcntl(reader, sys.F_GETFL) & sys.O_NONBLOCK, sys.O_NONBLOCK);
 * equal(sys.fcntl(reader, sys.F_GETFD), sys.FD_CLOEXEC);
 * equal(sys.fcntl(copy, sys.F_GETFD), 0);
 * for (const fd of [copy, reader, writer]) sys.close(fd);
 * ```
 */
export function dup(oldfd: argument.Descriptor): number {
  const number = argument.descriptor(oldfd, 'oldfd');
  return check(linux.dup(number), 'dup', number);
}

/**
 * `int dup2(int oldfd, int newfd)` — makes `newfd` name what `oldfd` names; what it named before is
 * closed first, in one step, so nobody can take the number in between.
 *
 * Introductory texts say that the answer is the first free number not less than `newfd`. That is
 * F_DUPFD: dup2 takes exactly `newfd`, open or not. An error of the closing is lost. With equal
 * numbers nothing happens, and FD_CLOEXEC stays; otherwise it is clear on `newfd`.
 *
 * @param oldfd an open descriptor
 * @param newfd the number to take
 * @returns `newfd`
 * @throws EBADF `oldfd` is not open (`newfd` is then left as it was), or `newfd` is negative or not
 *   below RLIMIT_NOFILE; EBUSY another thread is just opening `newfd`; EINTR a signal came
 * @see dup2(2)
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const [first, writer] = sys.pipe2(sys.O_CLOEXEC);
 * const [second, other] = sys.pipe2(sys.O_CLOEXEC);
 * equal(sys.dup2(writer, other), other);
 * sys.write(other, Buffer.from('hello'));
 * equal(sys.ioctl(first, sys.FIONREAD), 5);
 * equal(sys.read(second, new Uint8Array(1)), 0);
 * for (const fd of [first, writer, second, other]) sys.close(fd);
 * ```
 */
export function dup2(oldfd: argument.Descriptor, newfd: argument.Descriptor): number {
  const number = argument.descriptor(oldfd, 'oldfd');
  return check(linux.dup2(number, argument.descriptor(newfd, 'newfd')), 'dup2', number);
}

/**
 * `int dup3(int oldfd, int newfd, int flags)` — dup2(2) that can set FD_CLOEXEC on the copy in the
 * same step.
 *
 * Differs from dup2: equal numbers are EINVAL, open or not.
 *
 * @param oldfd an open descriptor
 * @param newfd the number to take
 * @param flags O_CLOEXEC; 0 for none
 * @returns `newfd`
 * @throws EINVAL another flag, or `oldfd` and `newfd` are equal; and what dup2(2) has
 * @see dup3(2)
 *
 * @example
 * ```ts
 * import { equal, throws } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const [reader, writer] = sys.pipe2(0);
 * equal(sys.dup3(writer, reader, sys.O_CLOEXEC), reader);
 * equal(sys.fcntl(reader, sys.F_GETFD), sys.FD_CLOEXEC);
 * throws(() => sys.dup3(writer, writer, 0), { code: 'EINVAL', syscall: 'dup3' });
 * sys.close(reader);
 * sys.close(writer);
 * ```
 */
export function dup3(
  oldfd: argument.Descriptor,
  newfd: argument.Descriptor,
  flags: number,
): number {
  const number = argument.descriptor(oldfd, 'oldfd');
  const target = argument.descriptor(newfd, 'newfd');
  return check(linux.dup3(number, target, argument.integer(flags, 'flags')), 'dup3', number);
}
