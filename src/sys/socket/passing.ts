/**
 * Bytes with descriptors beside them, through a Unix socket: sendmsg(2), recvmsg(2).
 */
import * as argument from '../../kernel/argument.js';
import { check } from '../../kernel/error.js';
import { linux } from '../../kernel/linux.js';
import { numbersOf, type Received, receivedOf, roomFor } from './rights.js';

export type { Received } from './rights.js';

/**
 * `ssize_t sendmsg(int sockfd, const struct msghdr *msg, int flags)` — writes several buffers to a
 * connected socket, and with them descriptors of this process.
 *
 * What travels is the open file description: its offset, flags and locks are shared, the number is
 * the receiver's own. It stays open while it is under way, also when the sender closes its number
 * at once. A Unix stream keeps the descriptors at the first byte of this call; a short count means
 * that they have gone, and the rest is to be sent without them.
 *
 * Differs from the manual page: the fields of `msghdr` are the parameters, there is no address, and
 * the only control message is SCM_RIGHTS. Introductory texts send at least one byte, with reason:
 * on a stream, descriptors without a byte are not sent, and the call answers 0 all the same. So it
 * is on a socket that is not of AF_UNIX: bytes are sent, and descriptors are dropped without an
 * error.
 *
 * @param fd a connected socket
 * @param iov the buffers, at most IOV_MAX
 * @param fds the descriptors, at most SCM_MAX_FD (253); null or none for bytes alone
 * @param flags MSG_DONTWAIT, MSG_EOR, MSG_MORE, MSG_NOSIGNAL, MSG_OOB, or'ed; 0 for none
 * @returns how many bytes were taken: on a stream possibly fewer than given
 * @throws EBADF `fd` or one of `fds` is not open; EINVAL more than SCM_MAX_FD descriptors; EMSGSIZE
 *   more than IOV_MAX buffers, or larger than a datagram can be; ETOOMANYREFS more descriptors of
 *   this user are under way than RLIMIT_NOFILE (but for root); and what send(2) has
 * @see sendmsg(2), unix(7), cmsg(3)
 *
 * @example
 * ```ts
 * import { deepEqual, equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const [left, right] = sys.socketpair(sys.AF_UNIX, sys.SOCK_STREAM | sys.SOCK_CLOEXEC, 0);
 * const file = sys.memfd_create('shared', sys.MFD_CLOEXEC);
 * sys.write(file, Buffer.from('hello'));
 * equal(sys.sendmsg(left, [Buffer.from('take')], [file], 0), 4);
 * sys.close(file);
 *
 * const { fds } = sys.recvmsg(right, [Buffer.alloc(16)], 1, sys.MSG_CMSG_CLOEXEC);
 * const [received = -1] = fds;
 * const bytes = Buffer.alloc(5);
 * equal(sys.pread(received, bytes, 0), 5);
 * deepEqual(bytes, Buffer.from('hello'));
 * for (const fd of [left, right, received]) sys.close(fd);
 * ```
 */
export function sendmsg(
  fd: argument.Descriptor,
  iov: readonly argument.Bytes[],
  fds: readonly argument.Descriptor[] | null,
  flags: number,
): number {
  const number = argument.descriptor(fd, 'fd');
  const memory = argument.vector(iov, 'iov');
  const result = linux.sendmsg(number, memory, numbersOf(fds), argument.integer(flags, 'flags'));
  return check(result, 'sendmsg', number);
}

/**
 * `ssize_t recvmsg(int sockfd, struct msghdr *msg, int flags)` — fills several buffers from a
 * socket, and opens the descriptors that came with the bytes.
 *
 * The numbers are new and this process's own: close them. Without MSG_CMSG_CLOEXEC they pass to
 * every program that is started meanwhile. On a Unix stream a call never takes the bytes of two
 * messages when both have descriptors, or of one that has them and what is after it; bytes before
 * them come with them. Reading such bytes by `read`, `recv` or `splice` closes the descriptors.
 * MSG_PEEK opens them too, every time, and looks on for those of a message that has no room.
 *
 * Differs from the manual page: the fields of `msghdr` are the parameters and the result, there is
 * no address, and of control messages only descriptors are handed out. SO_PASSCRED's take room from
 * them; a pidfd of SO_PASSPIDFD is closed.
 *
 * @param fd the socket
 * @param iov the buffers, at most IOV_MAX
 * @param maxFds how many descriptors may come, from 0 to SCM_MAX_FD (253). Linux closes the others
 *   and says MSG_CTRUNC, as it does where this process may open no more
 * @param flags MSG_CMSG_CLOEXEC, MSG_DONTWAIT, MSG_OOB, MSG_PEEK, MSG_TRUNC, MSG_WAITALL, or'ed; 0
 *   for none
 * @returns `bytes`, how many were read, 0 at end of file; `fds`, the numbers that were opened; and
 *   `flags`, what Linux says of the message: MSG_CTRUNC, MSG_TRUNC, and MSG_CMSG_CLOEXEC as given
 * @throws EMSGSIZE more than IOV_MAX buffers; and what recv(2) has
 * @see recvmsg(2), unix(7), cmsg(3)
 *
 * @example
 * ```ts
 * import { deepEqual, equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const [left, right] = sys.socketpair(sys.AF_UNIX, sys.SOCK_STREAM | sys.SOCK_CLOEXEC, 0);
 * sys.sendmsg(left, [Buffer.from('two')], [left, left], 0);
 * const bytes = Buffer.alloc(16);
 * const received = sys.recvmsg(right, [bytes], 1, sys.MSG_CMSG_CLOEXEC);
 * equal(received.bytes, 3);
 * equal(received.fds.length, 1);
 * equal(received.flags, sys.MSG_CTRUNC | sys.MSG_CMSG_CLOEXEC);
 * deepEqual(bytes.subarray(0, 3), Buffer.from('two'));
 * for (const fd of [left, right, ...received.fds]) sys.close(fd);
 * ```
 */
export function recvmsg(
  fd: argument.Descriptor,
  iov: readonly argument.Bytes[],
  maxFds: number,
  flags: number,
): Received {
  const number = argument.descriptor(fd, 'fd');
  const memory = argument.vector(iov, 'iov');
  const fds = roomFor(maxFds);
  const report = new Int32Array(2);
  const result = linux.recvmsg(number, memory, fds, argument.integer(flags, 'flags'), report);
  return receivedOf(check(result, 'recvmsg', number), fds, report);
}
