/**
 * The calls that make a descriptor of a file, or of what behaves like one: openat(2), openat2(2),
 * memfd_create(2), eventfd(2).
 */
import * as argument from '../../kernel/argument.js';
import { check } from '../../kernel/error.js';
import type { Path } from '../../kernel/kernel.js';
import { linux } from '../../kernel/linux.js';
import { DEFAULT_MODE, howOf, type OpenHow, printable } from './how.js';

export type { OpenHow };

/**
 * `int openat(int dirfd, const char *pathname, int flags, mode_t mode)` — opens a file, or makes
 * one.
 *
 * Differs from the manual page: a name with a NUL is refused, where C would open what stands before
 * it. A name may be bytes, because Linux has names that are not UTF-8.
 *
 * Introductory texts open with O_NONBLOCK to make reads of a file non-blocking: it does nothing
 * there. It matters for FIFOs (an open would wait for the other side) and devices. Linux ignores
 * flags that it does not know, and O_CREAT without `mode` takes a random one in C: here it is
 * 0o666.
 *
 * @param directory what a relative name starts from: a descriptor, or AT_FDCWD for the working
 *   directory
 * @param path the name
 * @param flags O_RDONLY, O_WRONLY or O_RDWR, or'ed with O_CLOEXEC, O_CREAT, O_EXCL, O_TRUNC,
 *   O_APPEND, O_TMPFILE …
 * @param mode the permissions of a new file, from which the umask is taken
 * @returns the descriptor
 * @throws EACCES not permitted; EBADF `directory` not open; EBUSY a device is in use; EEXIST
 *   O_CREAT with O_EXCL, and it exists; EINTR a signal came while a FIFO or lease was waited for;
 *   EINVAL flags that contradict each other; EISDIR a directory for writing; ELOOP too many
 *   symbolic links, or one at the end with O_NOFOLLOW; EMFILE this process has RLIMIT_NOFILE
 *   descriptors open; ENAMETOOLONG; ENFILE the system has no more; ENODEV, ENXIO no such device, or
 *   a FIFO without reader for O_WRONLY with O_NONBLOCK, or a socket; ENOENT; ENOSPC; ENOTDIR;
 *   EOPNOTSUPP O_TMPFILE not known to the filesystem; EPERM; EROFS; ETXTBSY a program that runs
 * @see open(2)
 *
 * @example
 * ```ts
 * import { equal, throws } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * // A file without a name, which goes with its descriptor.
 * const fd = sys.openat(sys.AT_FDCWD, '.', sys.O_TMPFILE | sys.O_RDWR | sys.O_CLOEXEC, 0o600);
 * equal(sys.fstat(fd).size, 0n);
 * sys.close(fd);
 * const missing = () => sys.openat(sys.AT_FDCWD, 'no such file', sys.O_RDONLY);
 * throws(missing, { code: 'ENOENT', syscall: 'openat', path: 'no such file' });
 * ```
 */
export function openat(
  directory: argument.Descriptor,
  path: Path,
  flags: number,
  mode: number = DEFAULT_MODE,
): number {
  const name = argument.path(path, 'path');
  const result = linux.openat(
    argument.descriptor(directory, 'directory'),
    name,
    argument.integer(flags, 'flags'),
    argument.integer(mode, 'mode'),
  );
  return check(result, 'openat', undefined, printable(name));
}

/**
 * `long openat2(int dirfd, const char *pathname, struct open_how *how, size_t size)` — as `openat`,
 * with limits to where the name may lead.
 *
 * RESOLVE_BENEATH refuses every name that leaves `directory`, by '..', a leading '/' or a symbolic
 * link, on the way or at its end. RESOLVE_IN_ROOT treats `directory` as '/', as chroot(2) does.
 * RESOLVE_NO_SYMLINKS refuses links anywhere (O_NOFOLLOW: the last component only).
 * RESOLVE_NO_MAGICLINKS refuses /proc's, RESOLVE_NO_XDEV mount points; RESOLVE_CACHED fails rather
 * than wait for a disk.
 *
 * Introductory texts compare strings to keep a name inside a directory. No comparison sees a link
 * that is put there between the check and the open.
 *
 * @param directory what the name starts from, and what it must not leave: a descriptor, or AT_FDCWD
 * @param path the name, relative
 * @param how flags, mode and limits
 * @returns the descriptor
 * @throws as `openat`; and EAGAIN something on the way was renamed meanwhile: try again a few
 *   times, or RESOLVE_CACHED and not in memory; EINVAL an unknown flag or mode; ELOOP a symbolic
 *   link that is refused; ENOSYS Linux before 5.6; EPERM a sandbox that does not know the call;
 *   EXDEV the name leads out
 * @see openat2(2); Linux: fs/namei.c
 *
 * @example
 * ```ts
 * import { throws } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const here = sys.openat(sys.AT_FDCWD, '.', sys.O_PATH | sys.O_DIRECTORY | sys.O_CLOEXEC);
 * const how = { flags: sys.O_RDONLY | sys.O_CLOEXEC, resolve: sys.RESOLVE_BENEATH };
 * sys.close(sys.openat2(here, 'package.json', how));
 * throws(() => sys.openat2(here, '../..', how), { code: 'EXDEV' });
 * throws(() => sys.openat2(here, '/etc/passwd', how), { code: 'EXDEV' });
 * sys.close(here);
 * ```
 */
export function openat2(directory: argument.Descriptor, path: Path, how: OpenHow): number {
  const name = argument.path(path, 'path');
  const from = argument.descriptor(directory, 'directory');
  const result = linux.openat2(from, name, ...howOf(how));
  return check(result, 'openat2', undefined, printable(name));
}

/**
 * `int memfd_create(const char *name, unsigned int flags)` — makes a file in memory that has no
 * place in any directory.
 *
 * It starts empty, grows with `ftruncate` or writes, and is freed when its last descriptor and
 * mapping are gone. It can be mapped, passed to a child, and sealed: F_ADD_SEALS forbids for good
 * that it shrinks, grows or is written.
 *
 * @param name shown as /memfd:NAME in /proc, at most 249 bytes; names need not differ
 * @param flags MFD_CLOEXEC, MFD_ALLOW_SEALING (without it F_SEAL_SEAL is set from the start),
 *   MFD_HUGETLB, or'ed
 * @returns the descriptor, open for reading and writing
 * @throws EINVAL unknown flag, or a longer name; EMFILE this process has RLIMIT_NOFILE descriptors
 *   open; ENFILE the system has no more; ENOMEM no memory, or no huge pages
 * @see memfd_create(2), fcntl(2)
 *
 * @example
 * ```ts
 * import { equal, throws } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const fd = sys.memfd_create('example', sys.MFD_CLOEXEC | sys.MFD_ALLOW_SEALING);
 * sys.ftruncate(fd, 4096);
 * sys.fcntl(fd, sys.F_ADD_SEALS, sys.F_SEAL_SHRINK | sys.F_SEAL_GROW);
 * throws(() => sys.ftruncate(fd, 0), { code: 'EPERM' });
 * equal(sys.fstat(fd).size, 4096n);
 * sys.close(fd);
 * ```
 */
export function memfd_create(name: Path, flags: number): number {
  const result = linux.memfd_create(argument.path(name, 'name'), argument.integer(flags, 'flags'));
  return check(result, 'memfd_create');
}

/**
 * `int eventfd(unsigned int initval, int flags)` — makes a counter of 64 bits that can be waited
 * for.
 *
 * A write of 8 bytes adds their value; a read of 8 bytes gives the counter and sets it to 0, or
 * waits while it is 0. With EFD_SEMAPHORE a read gives 1 and takes 1 away. It is readable above 0.
 *
 * @param initval the counter at first
 * @param flags EFD_CLOEXEC, EFD_NONBLOCK, EFD_SEMAPHORE, or'ed; 0 for none
 * @returns the descriptor
 * @throws EINVAL unknown flag; EMFILE this process has RLIMIT_NOFILE descriptors open; ENFILE the
 *   system has no more; ENODEV, ENOMEM. Its reads and writes: EAGAIN O_NONBLOCK, and the counter is
 *   0 or would pass 2^64 − 2; EINVAL fewer than 8 bytes, or a write of 2^64 − 1
 * @see eventfd(2)
 *
 * @example
 * ```ts
 * import { equal, throws } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const fd = sys.eventfd(3, sys.EFD_CLOEXEC | sys.EFD_NONBLOCK);
 * sys.write(fd, new BigUint64Array([39n]));
 * const counter = new BigUint64Array(1);
 * equal(sys.read(fd, counter), 8);
 * equal(counter[0], 42n);
 * throws(() => sys.read(fd, counter), { code: 'EAGAIN' });
 * sys.close(fd);
 * ```
 */
export function eventfd(initval: number, flags: number): number {
  const result = linux.eventfd(
    argument.integer(initval, 'initval'),
    argument.integer(flags, 'flags'),
  );
  return check(result, 'eventfd');
}
