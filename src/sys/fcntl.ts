/**
 * The flags, owner, capacity, seals and locks of a descriptor: fcntl(2), typed by command.
 */
import * as argument from '../kernel/argument.js';
import { check } from '../kernel/error.js';
import * as f from '../kernel/flags.js';
import { linux } from '../kernel/linux.js';
import {
  type FileLock,
  type FileOwner,
  type FoundLock,
  foundLock,
  lockWords,
  ownerWords,
} from './fcntl-structures.js';

export type { FileLock, FileOwner, FoundLock } from './fcntl-structures.js';

/** The commands that only ask. */
export type FcntlGet =
  | typeof f.F_GETFD
  | typeof f.F_GETFL
  | typeof f.F_GETOWN
  | typeof f.F_GETSIG
  | typeof f.F_GETPIPE_SZ
  | typeof f.F_GET_SEALS;

/** The commands whose argument is a number. */
export type FcntlSet =
  | typeof f.F_DUPFD
  | typeof f.F_DUPFD_CLOEXEC
  | typeof f.F_SETFD
  | typeof f.F_SETFL
  | typeof f.F_SETOWN
  | typeof f.F_SETSIG
  | typeof f.F_SETPIPE_SZ
  | typeof f.F_ADD_SEALS;

/**
 * `int fcntl(int fd, int op)` — asks what a descriptor is set to.
 *
 * - F_GETFD: FD_CLOEXEC or 0, of this number alone.
 * - F_GETFL: access mode (under O_ACCMODE) and status flags, of the description. Introductory texts
 *   list O_CREAT among them: Linux drops the creation flags once the file is open, and O_CLOEXEC is
 *   F_GETFD's.
 * - F_GETOWN: the process that gets SIGIO and SIGURG, a negative process group, or 0 for nobody.
 *   Differs from the bare call, in which a process group is taken for an error: sluice asks
 *   F_GETOWN_EX, as C libraries do.
 * - F_GETSIG: the signal sent instead of SIGIO; 0 for SIGIO itself, without a siginfo.
 * - F_GETPIPE_SZ: the capacity of a pipe in bytes, on either end.
 * - F_GET_SEALS: the seals of a memfd, F_SEAL_… or'ed.
 *
 * @param fd an open descriptor
 * @param op the command
 * @returns as above
 * @throws EBADF not open, or O_PATH where the command needs a file (F_GETOWN, F_GETSIG); EINVAL
 *   F_GET_SEALS on what cannot be sealed; EBADF F_GETPIPE_SZ on what is no pipe
 * @see fcntl(2); pipe(7)
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const [reader, writer] = sys.pipe2(sys.O_CLOEXEC);
 * equal(sys.fcntl(reader, sys.F_GETFD), sys.FD_CLOEXEC);
 * equal(sys.fcntl(writer, sys.F_GETFL) & sys.O_ACCMODE, sys.O_WRONLY);
 * equal(sys.fcntl(writer, sys.F_GETPIPE_SZ), sys.fcntl(reader, sys.F_GETPIPE_SZ));
 * equal(sys.fcntl(reader, sys.F_GETOWN), 0);
 * sys.close(reader);
 * sys.close(writer);
 * ```
 */
export function fcntl(fd: argument.Descriptor, op: FcntlGet): number;
/**
 * `int fcntl(int fd, int op, int arg)` — copies a descriptor, or sets what it is set to.
 *
 * - F_DUPFD, F_DUPFD_CLOEXEC: a copy under the lowest free number that is at least `arg`; without
 *   or with FD_CLOEXEC.
 * - F_SETFD: FD_CLOEXEC or 0.
 * - F_SETFL: O_APPEND, O_ASYNC, O_DIRECT, O_NOATIME, O_NONBLOCK, all at once: what `arg` leaves out
 *   is cleared, so add to what F_GETFL says. Access mode and creation flags in it are ignored. It
 *   changes the description, which every copy shares, those in other processes too: a terminal made
 *   non-blocking stays so for the shell.
 * - F_SETOWN: a process, a negative process group, or 0 for nobody; it gets the signals that
 *   O_ASYNC asks for.
 * - F_SETSIG: the signal to send instead of SIGIO, with si_fd and si_band; 0 for SIGIO again.
 * - F_SETPIPE_SZ: the capacity of a pipe in bytes, rounded up to a power of two of pages.
 *   Introductory texts say that it answers 0: it answers the capacity there is now, which is what
 *   to work with.
 * - F_ADD_SEALS: seals for a memfd made with MFD_ALLOW_SEALING; none can be taken off.
 *
 * @param fd an open descriptor
 * @param op the command
 * @param arg as above
 * @returns F_DUPFD, F_DUPFD_CLOEXEC: the new number; F_SETPIPE_SZ: the capacity in bytes; the
 *   others 0
 * @throws EBADF not open, O_PATH where the command needs a file, or not a pipe; EBUSY F_SETPIPE_SZ
 *   would lose data, F_ADD_SEALS while a writable mapping exists; EINVAL `arg` is no flag, signal,
 *   seal or number of a descriptor; EMFILE no free number from `arg` on; EPERM above pipe-max-size
 *   without CAP_SYS_RESOURCE, a seal more where F_SEAL_SEAL is set, O_APPEND cleared on an
 *   append-only file, O_NOATIME on a file of someone else; ESRCH no such process
 * @see fcntl(2); pipe(7)
 *
 * @example
 * ```ts
 * import { equal, throws } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const [reader, writer] = sys.pipe2(sys.O_CLOEXEC);
 * const old = sys.fcntl(reader, sys.F_GETFL);
 * sys.fcntl(reader, sys.F_SETFL, old | sys.O_NONBLOCK);
 * throws(() => sys.read(reader, new Uint8Array(1)), { code: 'EAGAIN' });
 * sys.fcntl(reader, sys.F_SETFL, old);
 * equal(sys.fcntl(writer, sys.F_SETPIPE_SZ, 5000), 8192);
 * const copy = sys.fcntl(writer, sys.F_DUPFD_CLOEXEC, 100);
 * equal(copy >= 100, true);
 * for (const fd of [copy, reader, writer]) sys.close(fd);
 * ```
 */
export function fcntl(fd: argument.Descriptor, op: FcntlSet, arg: number): number;
/**
 * `int fcntl(int fd, F_GETOWN_EX, struct f_owner_ex *)` — who gets the I/O signals: thread, process
 * or group.
 *
 * Differs from the manual page: the structure is returned.
 *
 * @throws EBADF not open, or O_PATH
 *
 * @example
 * ```ts
 * import { deepEqual, equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const [reader, writer] = sys.pipe2(sys.O_CLOEXEC);
 * const owner = { type: sys.F_OWNER_PID, id: process.pid };
 * equal(sys.fcntl(reader, sys.F_SETOWN_EX, owner), 0);
 * deepEqual(sys.fcntl(reader, sys.F_GETOWN_EX), owner);
 * equal(sys.fcntl(reader, sys.F_GETOWN), process.pid);
 * sys.close(reader);
 * sys.close(writer);
 * ```
 */
export function fcntl(fd: argument.Descriptor, op: typeof f.F_GETOWN_EX): FileOwner;
/**
 * `int fcntl(int fd, F_SETOWN_EX, const struct f_owner_ex *)` — makes a thread, process or group
 * the owner.
 *
 * @throws EBADF not open, or O_PATH; EINVAL unknown type; ESRCH no such thread, process or group
 */
export function fcntl(fd: argument.Descriptor, op: typeof f.F_SETOWN_EX, arg: FileOwner): number;
/**
 * `int fcntl(int fd, F_OFD_SETLK, const struct flock *)` — takes or gives up a lock on a range of a
 * file, without waiting.
 *
 * The lock belongs to the open file description: copies of the descriptor share it, and it ends
 * with the last of them. The older F_SETLK belongs to the process, and closing *any* descriptor of
 * the file loses it; sluice does not offer it. Locks advise: they stop nobody who does not ask.
 *
 * @returns 0
 * @throws EAGAIN another description has a lock in the way; EBADF not open, or not open for what
 *   the lock is about; EINVAL a malformed lock; ENOLCK no more locks; EOVERFLOW the range leaves 64
 *   bits
 *
 * @example
 * ```ts
 * import { equal, throws } from 'node:assert/strict';
 * import { openSync } from 'node:fs';
 * import * as sys from 'sluice/sys';
 *
 * const [one, two] = [openSync('package.json', 'r'), openSync('package.json', 'r')];
 * const range = { whence: sys.SEEK_SET, start: 0, len: 10 };
 * equal(sys.fcntl(one, sys.F_OFD_SETLK, { type: sys.F_RDLCK, ...range }), 0);
 * equal(sys.fcntl(two, sys.F_OFD_GETLK, { type: sys.F_RDLCK, ...range }).type, sys.F_UNLCK);
 * equal(sys.fcntl(two, sys.F_OFD_GETLK, { type: sys.F_WRLCK, ...range }).type, sys.F_RDLCK);
 * const write = { type: sys.F_WRLCK, ...range };
 * throws(() => sys.fcntl(two, sys.F_OFD_SETLK, write), { code: 'EBADF' });
 * sys.close(one);
 * sys.close(two);
 * ```
 */
export function fcntl(fd: argument.Descriptor, op: typeof f.F_OFD_SETLK, arg: FileLock): number;
/**
 * `int fcntl(int fd, F_OFD_GETLK, struct flock *)` — the first lock that would be in the way of
 * `arg`. The type F_UNLCK asks for a lock of the description's own instead, from Linux 6.6 on.
 *
 * Differs from the manual page: the structure is returned.
 *
 * @returns that lock, counted from SEEK_SET; or `arg` with the type F_UNLCK, when nothing is in the
 *   way
 * @throws EBADF not open; EINVAL a malformed lock, or F_UNLCK on an older Linux; EOVERFLOW the
 *   range leaves 64 bits
 */
export function fcntl(fd: argument.Descriptor, op: typeof f.F_OFD_GETLK, arg: FileLock): FoundLock;
/**
 * `int fcntl(int fd, F_OFD_SETLKW, const struct flock *)` — takes a lock on a range of a file, and
 * stops the thread until nothing is in the way. A program wants `sys.promises.fcntl`, which waits
 * on a thread of sluice's own.
 *
 * Differs from what introductory texts say of F_SETLKW: nobody looks for deadlocks, EDEADLK never
 * comes. Two who wait for each other wait for ever.
 *
 * @returns 0
 * @throws EINTR a signal ended the wait; otherwise as F_OFD_SETLK, but for EAGAIN
 * @see fcntl(2), Open file description locks
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import { openSync } from 'node:fs';
 * import * as sys from 'sluice/sys';
 *
 * const one = sys.memfd_create('locked', sys.MFD_CLOEXEC);
 * const two = openSync(`/proc/self/fd/${one}`, 'r+'); // another description
 * const lock = { type: sys.F_WRLCK, whence: sys.SEEK_SET, start: 0, len: 0 };
 * sys.fcntl(one, sys.F_OFD_SETLK, lock);
 * const waiting = sys.promises.fcntl(two, sys.F_OFD_SETLKW, lock);
 * sys.fcntl(one, sys.F_OFD_SETLK, { ...lock, type: sys.F_UNLCK });
 * equal(await waiting, 0);
 * sys.close(one);
 * sys.close(two);
 * ```
 */
export function fcntl(fd: argument.Descriptor, op: typeof f.F_OFD_SETLKW, arg: FileLock): number;
export function fcntl(
  fd: argument.Descriptor,
  op: number,
  arg?: number | FileOwner | FileLock,
): number | FileOwner | FoundLock {
  const number = argument.descriptor(fd, 'fd');
  const command = argument.integer(op, 'op');
  switch (command) {
    case f.F_GETOWN:
      return signedOwner(getOwner(number));
    case f.F_GETOWN_EX:
      return getOwner(number);
    case f.F_SETOWN_EX:
      return call(number, command, ownerWords(arg));
    case f.F_OFD_SETLK:
    case f.F_OFD_SETLKW:
      return call(number, command, lockWords(arg));
    case f.F_OFD_GETLK:
      return getLock(number, lockWords(arg));
    case f.F_GETFD:
    case f.F_GETFL:
    case f.F_GETSIG:
    case f.F_GETPIPE_SZ:
    case f.F_GET_SEALS:
      return call(number, command);
    default:
      return call(number, command, argument.integer(arg, 'arg'));
  }
}

function call(fd: number, command: number, value?: number | Int32Array | BigInt64Array): number {
  return check(linux.fcntl(fd, command, value), 'fcntl', fd);
}

function getOwner(fd: number): FileOwner {
  const words = new Int32Array(2);
  call(fd, f.F_GETOWN_EX, words);
  return { type: words[0] as number, id: words[1] as number };
}

function signedOwner({ type, id }: FileOwner): number {
  return type === f.F_OWNER_PGRP ? -id : id;
}

function getLock(fd: number, words: BigInt64Array): FoundLock {
  call(fd, f.F_OFD_GETLK, words);
  return foundLock(words);
}
