/** What a call may answer: the errnos of its manual page, and those that any call may have. */
import * as e from '../../src/kernel/errno.js';
import type { CallName, Fault } from '../../src/kernel/fault.js';

/** Interrupted, not now, no memory, a broken device. */
const ANY = [e.EINTR, e.EAGAIN, e.ENOMEM, e.EIO];

/** Of the calls that flows and `Fd` make. EFAULT and the like would be our own mistake. */
export const PAGES: Readonly<Partial<Record<CallName, readonly number[]>>> = {
  close: [e.EBADF, e.ENOSPC, e.EDQUOT],
  connect: [e.ECONNREFUSED, e.EALREADY, e.EADDRNOTAVAIL],
  copy_file_range: [
    e.EBADF,
    e.EFBIG,
    e.EINVAL,
    e.EISDIR,
    e.ENOSPC,
    e.EOPNOTSUPP,
    e.EOVERFLOW,
    e.EPERM,
    e.ETXTBSY,
    e.EXDEV,
  ],
  dup3: [e.EBADF, e.EBUSY, e.EINVAL, e.EMFILE],
  epoll_create1: [e.EMFILE, e.ENFILE],
  epoll_ctl: [e.EBADF, e.EEXIST, e.EINVAL, e.ENOENT, e.ENOSPC, e.EPERM],
  epoll_wait: [e.EBADF, e.EINVAL],
  fcntl: [e.EBADF, e.EACCES, e.EBUSY, e.EINVAL, e.EMFILE, e.EPERM],
  fstat: [e.EBADF, e.EOVERFLOW],
  fstatfs: [e.EBADF, e.ENOSYS, e.EOVERFLOW],
  getsockopt: [e.EBADF, e.EINVAL, e.ENOTSOCK],
  ioctl: [e.EBADF, e.EINVAL, e.ENOTTY],
  lseek: [e.EBADF, e.EINVAL, e.ENXIO, e.EOVERFLOW, e.ESPIPE],
  openat: [e.EACCES, e.EMFILE, e.ENFILE, e.ENOENT, e.ENXIO, e.EPERM],
  pipe2: [e.EMFILE, e.ENFILE],
  poll: [e.EINVAL],
  pread: [e.EBADF, e.EINVAL, e.EISDIR, e.ESPIPE],
  preadv: [e.EBADF, e.EINVAL, e.EISDIR, e.ESPIPE],
  preadv2: [e.EBADF, e.EINVAL, e.EISDIR, e.EOPNOTSUPP, e.ECONNRESET],
  pwritev2: [e.EBADF, e.EDQUOT, e.EFBIG, e.ENOSPC, e.EPERM, e.EPIPE, e.EOPNOTSUPP, e.ECONNRESET],
  read: [e.EBADF, e.EINVAL, e.EISDIR],
  readv: [e.EBADF, e.EINVAL, e.EISDIR],
  recv: [e.EBADF, e.ECONNREFUSED, e.ECONNRESET, e.ENOTCONN, e.ENOTSOCK, e.ETIMEDOUT],
  recvmsg: [e.EBADF, e.ECONNREFUSED, e.ECONNRESET, e.EMSGSIZE, e.ENOTCONN, e.ENOTSOCK],
  send: [e.EBADF, e.ECONNRESET, e.EMSGSIZE, e.ENOBUFS, e.ENOTCONN, e.EPIPE],
  sendfile: [e.EBADF, e.EINVAL, e.EOVERFLOW, e.ESPIPE, e.EPIPE, e.ECONNRESET],
  sendmsg: [e.EBADF, e.ECONNRESET, e.EMSGSIZE, e.ENOBUFS, e.EPIPE, e.ETOOMANYREFS],
  setsockopt: [e.EBADF, e.EINVAL, e.ENOPROTOOPT],
  shutdown: [e.EBADF, e.EINVAL, e.ENOTCONN],
  socketpair: [e.EMFILE, e.ENFILE, e.EOPNOTSUPP],
  splice: [e.EBADF, e.EINVAL, e.ESPIPE, e.EPIPE, e.ECONNRESET, e.ENOSPC],
  tee: [e.EINVAL, e.EPIPE],
  write: [e.EBADF, e.EDQUOT, e.EFBIG, e.ENOSPC, e.EPERM, e.EPIPE],
  writev: [e.EBADF, e.EDQUOT, e.EFBIG, e.ENOSPC, e.EPERM, e.EPIPE],
};

/** What passes by its nature: for ever, it would only say that the kernel is broken. */
const PASSING = new Set([e.EINTR, e.EAGAIN]);
const STORM = 30;

/** Around the bounds of a page; and for ever, so that a flow is at it for a while. */
const SHORTS = [1, 2, 4095, 4096, 4097];
const SHORT_FOR_EVER = 999;

/**
 * Every way in which the nth call of this name may fail: once, and for a while or for ever. One
 * that moves bytes may also move fewer.
 */
export function faultsOf(call: CallName, nth: number): Fault[] {
  const errnos = [...ANY, ...(PAGES[call] ?? [])];
  const failures = errnos.flatMap((errno): Fault[] => [
    { call, nth, errno },
    PASSING.has(errno)
      ? { call, nth, count: STORM, errno }
      : { call, nth, persistent: true, errno },
  ]);
  if (!MOVING.has(call)) return failures;
  const shorts = SHORTS.map((short): Fault => ({ call, nth, short }));
  return [...failures, ...shorts, { call, nth, persistent: true, short: SHORT_FOR_EVER }];
}

/** Every call that moves bytes. */
export const MOVING: ReadonlySet<CallName> = new Set<CallName>([
  'copy_file_range',
  'pread',
  'preadv',
  'preadv2',
  'pwritev2',
  'read',
  'readv',
  'recv',
  'recvmsg',
  'send',
  'sendfile',
  'sendmsg',
  'splice',
  'tee',
  'write',
  'writev',
]);

/** Those for which "not now" is no answer: they are of files. */
const NEVER_LATER: ReadonlySet<CallName> = new Set<CallName>([
  'copy_file_range',
  'pread',
  'preadv',
]);

/** Those that a signal may interrupt as well, by their pages. */
const WAITING: ReadonlySet<CallName> = new Set<CallName>([
  'close',
  'copy_file_range',
  'epoll_wait',
  'openat',
  'poll',
  'pread',
  'preadv',
]);

/** Whether nothing stands in the way of a good end: the next call may do better. */
export function passes({ call, errno, persistent }: Fault): boolean {
  if (errno === undefined) return true;
  if (persistent === true) return false;
  if (errno === e.EINTR && WAITING.has(call)) return true;
  const isLater = errno === e.EINTR || errno === e.EAGAIN;
  return isLater && MOVING.has(call) && !NEVER_LATER.has(call);
}
