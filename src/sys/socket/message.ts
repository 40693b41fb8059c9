/**
 * Bytes through a connected socket, and its end: send(2), recv(2), shutdown(2).
 */
import * as argument from '../../kernel/argument.js';
import { check } from '../../kernel/error.js';
import { linux } from '../../kernel/linux.js';

/**
 * `ssize_t send(int sockfd, const void *buf, size_t len, int flags)` — writes to a connected
 * socket, with flags.
 *
 * With flags 0 it is `write`. MSG_DONTWAIT makes this one call non-blocking and leaves the
 * description alone, which others may share. MSG_NOSIGNAL gives EPIPE without SIGPIPE. MSG_OOB
 * marks the last byte as urgent: the reader gets SIGURG or POLLPRI, and takes it apart from the
 * stream.
 *
 * Introductory texts say that urgent data overtakes the stream. Only the notice does: TCP carries
 * one urgent byte in its place. A second one before the first was taken turns that into ordinary
 * data, or drops it where it is the next byte to be read.
 *
 * @param fd a connected socket
 * @param buf the bytes; those of a datagram are one message
 * @param flags MSG_DONTWAIT, MSG_MORE, MSG_NOSIGNAL, MSG_OOB, or'ed; 0 for none
 * @returns how many bytes were taken: on a stream possibly fewer than given
 * @throws EAGAIN no room, and O_NONBLOCK or MSG_DONTWAIT is set; EBADF not open; ECONNRESET reset
 *   by the peer; EDESTADDRREQ, ENOTCONN not connected; EINTR a signal came first; EMSGSIZE larger
 *   than a datagram can be; ENOBUFS, ENOMEM no memory; ENOTSOCK; EOPNOTSUPP the type has no such
 *   flag; EPIPE this end was shut down or the peer is gone, with SIGPIPE (which Node ignores)
 *   unless MSG_NOSIGNAL is set
 * @see send(2), tcp(7)
 *
 * @example
 * ```ts
 * import { equal, throws } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const [left, right] = sys.socketpair(sys.AF_UNIX, sys.SOCK_STREAM | sys.SOCK_CLOEXEC, 0);
 * equal(sys.send(left, Buffer.from('hello'), sys.MSG_DONTWAIT), 5);
 * sys.close(right);
 * throws(() => sys.send(left, Buffer.from('?'), sys.MSG_NOSIGNAL), { code: 'EPIPE' });
 * sys.close(left);
 * ```
 */
export function send(fd: argument.Descriptor, buf: argument.Bytes, flags: number): number {
  const number = argument.descriptor(fd, 'fd');
  const bytes = argument.bytes(buf, 'buf');
  return check(linux.send(number, bytes, argument.integer(flags, 'flags')), 'send', number);
}

/**
 * `ssize_t recv(int sockfd, void *buf, size_t len, int flags)` — reads from a socket, with flags.
 *
 * With flags 0 it is `read`. MSG_PEEK leaves the bytes there. MSG_WAITALL waits until `buf` is full
 * (or end of file, an error or a signal). MSG_OOB takes the one urgent byte. MSG_TRUNC answers the
 * length that a datagram really had, which may be more than fitted; on a TCP socket it drops the
 * bytes instead.
 *
 * Introductory texts take 0 for a closed connection. On a stream it means end of file (or a `buf`
 * of no bytes); an empty datagram reads as 0 too.
 *
 * @param fd the socket
 * @param buf where the bytes go; what of a message does not fit is dropped
 * @param flags MSG_DONTWAIT, MSG_OOB, MSG_PEEK, MSG_TRUNC, MSG_WAITALL, or'ed; 0 for none
 * @returns how many bytes were read; 0 at end of file
 * @throws EAGAIN nothing is there, and O_NONBLOCK or MSG_DONTWAIT is set, or SO_RCVTIMEO passed;
 *   EBADF not open; ECONNREFUSED a datagram's target refused it; ECONNRESET reset by the peer;
 *   EINTR a signal came first; EINVAL MSG_OOB without urgent data, or with SO_OOBINLINE; ENOTCONN
 *   not connected; ENOTSOCK; EOPNOTSUPP the type has no such flag
 * @see recv(2), tcp(7)
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const [left, right] = sys.socketpair(sys.AF_UNIX, sys.SOCK_STREAM | sys.SOCK_CLOEXEC, 0);
 * sys.send(left, Buffer.from('hello'), 0);
 * const bytes = Buffer.alloc(16);
 * equal(sys.recv(right, bytes, sys.MSG_PEEK), 5);
 * equal(sys.recv(right, bytes, sys.MSG_DONTWAIT), 5);
 * for (const fd of [left, right]) sys.close(fd);
 * ```
 */
export function recv(fd: argument.Descriptor, buf: argument.Bytes, flags: number): number {
  const number = argument.descriptor(fd, 'fd');
  const bytes = argument.bytes(buf, 'buf');
  return check(linux.recv(number, bytes, argument.integer(flags, 'flags')), 'recv', number);
}

/**
 * `int shutdown(int sockfd, int how)` — ends one direction of a connection, or both.
 *
 * It acts on the connection, not on the descriptor: whoever shares it (dup, a child) sees it, and
 * the descriptor stays open. SHUT_WR is how the peer learns that no more comes, while its answer
 * can still be read. SHUT_RD of TCP tells the peer nothing: reads answer 0, and what arrives is
 * taken as before.
 *
 * @param fd a connected socket
 * @param how SHUT_RD, SHUT_WR or SHUT_RDWR
 * @returns 0
 * @throws EBADF not open; EINVAL another `how`; ENOTCONN not connected; ENOTSOCK
 * @see shutdown(2)
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const [left, right] = sys.socketpair(sys.AF_UNIX, sys.SOCK_STREAM | sys.SOCK_CLOEXEC, 0);
 * sys.shutdown(left, sys.SHUT_WR);
 * const bytes = Buffer.alloc(16);
 * equal(sys.recv(right, bytes, 0), 0);
 * sys.send(right, Buffer.from('still here'), 0);
 * equal(sys.recv(left, bytes, 0), 10);
 * for (const fd of [left, right]) sys.close(fd);
 * ```
 */
export function shutdown(fd: argument.Descriptor, how: number): number {
  const number = argument.descriptor(fd, 'fd');
  return check(linux.shutdown(number, argument.integer(how, 'how')), 'shutdown', number);
}
