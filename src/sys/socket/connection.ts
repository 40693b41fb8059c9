/**
 * Making sockets and connecting them: socketpair(2), socket(2), connect(2), getsockname(2),
 * getpeername(2).
 */
import {
  decodeAddress,
  encodeAddress,
  SOCKADDR_BYTES,
  type SocketAddress,
} from '../../kernel/address.js';
import * as argument from '../../kernel/argument.js';
import { check } from '../../kernel/error.js';
import { linux } from '../../kernel/linux.js';

/**
 * `int socketpair(int domain, int type, int protocol, int sv[2])` — makes two sockets that are
 * connected to each other.
 *
 * Where a pipe goes one way, a socket pair goes both, each with a buffer of its own: what is
 * written to one end is read from the other. SOCK_STREAM is a stream of bytes; SOCK_DGRAM and
 * SOCK_SEQPACKET keep the boundaries of messages, and a read too short for a message drops the rest
 * of it.
 *
 * Introductory texts say that any domain will do. Of the common ones only AF_UNIX has pairs;
 * AF_INET is EOPNOTSUPP. The two ends are alike: there is no reading end and no writing end.
 *
 * @param domain AF_UNIX
 * @param type SOCK_STREAM, SOCK_DGRAM or SOCK_SEQPACKET, or'ed with SOCK_CLOEXEC and SOCK_NONBLOCK
 *   (for both ends)
 * @param protocol 0
 * @returns [one end, the other]
 * @throws EAFNOSUPPORT no such domain; EINVAL unknown type or flag; EMFILE this process has
 *   RLIMIT_NOFILE descriptors open; ENFILE the system has no more; EOPNOTSUPP the domain has no
 *   pairs; EPROTONOSUPPORT no such protocol; ESOCKTNOSUPPORT the domain has no sockets of the type
 * @see socketpair(2), unix(7)
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const [left, right] = sys.socketpair(sys.AF_UNIX, sys.SOCK_STREAM | sys.SOCK_CLOEXEC, 0);
 * const bytes = Buffer.alloc(16);
 * sys.send(left, Buffer.from('ping'), 0);
 * equal(bytes.toString('latin1', 0, sys.recv(right, bytes, 0)), 'ping');
 * sys.send(right, Buffer.from('pong'), 0);
 * equal(bytes.toString('latin1', 0, sys.recv(left, bytes, 0)), 'pong');
 * for (const fd of [left, right]) sys.close(fd);
 * ```
 */
export function socketpair(
  domain: number,
  type: number,
  protocol: number,
): [left: number, right: number] {
  const fds = new Int32Array(2);
  const result = linux.socketpair(
    argument.integer(domain, 'domain'),
    argument.integer(type, 'type'),
    argument.integer(protocol, 'protocol'),
    fds,
  );
  check(result, 'socketpair');
  return [fds[0] as number, fds[1] as number];
}

/**
 * `int socket(int domain, int type, int protocol)` — makes a socket that is neither bound nor
 * connected.
 *
 * @param domain AF_INET, AF_INET6 or AF_UNIX
 * @param type SOCK_STREAM, SOCK_DGRAM or SOCK_SEQPACKET (AF_UNIX), or'ed with SOCK_CLOEXEC and
 *   SOCK_NONBLOCK
 * @param protocol 0 for the one that the type has: TCP for a stream, UDP for datagrams
 * @returns the descriptor
 * @throws EACCES not permitted; EAFNOSUPPORT no such domain, or no IPv6 here; EINVAL unknown type
 *   or flag; EMFILE this process has RLIMIT_NOFILE descriptors open; ENFILE the system has no more;
 *   EPROTONOSUPPORT the domain has no such protocol; ESOCKTNOSUPPORT the domain has no sockets of
 *   the type
 * @see socket(2), ip(7), ipv6(7), unix(7)
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const fd = sys.socket(sys.AF_INET, sys.SOCK_STREAM | sys.SOCK_CLOEXEC, 0);
 * equal(sys.getsockopt(fd, sys.SOL_SOCKET, sys.SO_PROTOCOL), sys.IPPROTO_TCP);
 * sys.close(fd);
 * ```
 */
export function socket(domain: number, type: number, protocol: number): number {
  const result = linux.socket(
    argument.integer(domain, 'domain'),
    argument.integer(type, 'type'),
    argument.integer(protocol, 'protocol'),
  );
  return check(result, 'socket');
}

/**
 * `int connect(int sockfd, const struct sockaddr *addr, socklen_t addrlen)` — connects to a
 * listener, or sets whom a datagram socket talks to.
 *
 * With O_NONBLOCK a TCP connect is EINPROGRESS: it goes on by itself. Wait until the socket is
 * writable, then ask getsockopt for SO_ERROR: 0 is connected, anything else is why not. A Unix
 * connect is never in progress: it is done at once, or EAGAIN when the listener's queue is full.
 *
 * After EINTR the attempt goes on as well: calling again is EALREADY or EISCONN, not a second
 * attempt.
 *
 * @param fd the socket
 * @param address as for `bind`; {family: 'other', bytes: new Uint8Array(16)} (AF_UNSPEC) undoes a
 *   datagram socket's connect
 * @returns 0
 * @throws EACCES no write permission for the path; EADDRNOTAVAIL no local port is free;
 *   EAFNOSUPPORT another family; EAGAIN see above; EALREADY in progress; EBADF not open;
 *   ECONNREFUSED nobody listens; EINPROGRESS see above; EINTR; EISCONN connected already;
 *   ENETUNREACH, EHOSTUNREACH no way there; ENOENT no such path; ENOTSOCK; EPROTOTYPE a Unix socket
 *   of another type; ETIMEDOUT no answer
 * @see connect(2), tcp(7), unix(7)
 *
 * @example
 * ```ts
 * import { throws } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const fd = sys.socket(sys.AF_UNIX, sys.SOCK_STREAM | sys.SOCK_CLOEXEC, 0);
 * const nobody = { family: 'unix', abstract: `nobody-${process.pid}` } as const;
 * throws(() => sys.connect(fd, nobody), { code: 'ECONNREFUSED', syscall: 'connect' });
 * sys.close(fd);
 * ```
 */
export function connect(fd: argument.Descriptor, address: SocketAddress): number {
  const number = argument.descriptor(fd, 'fd');
  return check(linux.connect(number, encodeAddress(address)), 'connect', number);
}

/**
 * `int getsockname(int sockfd, struct sockaddr *addr, socklen_t *addrlen)` — the address that the
 * socket has itself: after `bind` with port 0, the port that Linux chose.
 *
 * @param fd the socket
 * @returns the address; port 0 and '0.0.0.0' or '::', or {family: 'unix'}, where the socket is not
 *   bound
 * @throws EBADF not open; ENOTSOCK
 * @see getsockname(2)
 *
 * @example
 * ```ts
 * import { deepEqual } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const fd = sys.socket(sys.AF_INET6, sys.SOCK_STREAM | sys.SOCK_CLOEXEC, 0);
 * deepEqual(sys.getsockname(fd), { family: 'inet6', address: '::', port: 0 });
 * sys.close(fd);
 * ```
 */
export function getsockname(fd: argument.Descriptor): SocketAddress {
  const number = argument.descriptor(fd, 'fd');
  const bytes = new Uint8Array(SOCKADDR_BYTES);
  return decodeAddress(bytes, check(linux.getsockname(number, bytes), 'getsockname', number));
}

/**
 * `int getpeername(int sockfd, struct sockaddr *addr, socklen_t *addrlen)` — the address at the
 * other end.
 *
 * @param fd a connected socket
 * @returns the address; {family: 'unix'} where the peer did not bind
 * @throws EBADF not open; ENOTCONN not connected, or no longer; ENOTSOCK
 * @see getpeername(2)
 *
 * @example
 * ```ts
 * import { deepEqual } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const [left, right] = sys.socketpair(sys.AF_UNIX, sys.SOCK_STREAM | sys.SOCK_CLOEXEC, 0);
 * deepEqual(sys.getpeername(left), { family: 'unix' });
 * for (const fd of [left, right]) sys.close(fd);
 * ```
 */
export function getpeername(fd: argument.Descriptor): SocketAddress {
  const number = argument.descriptor(fd, 'fd');
  const bytes = new Uint8Array(SOCKADDR_BYTES);
  return decodeAddress(bytes, check(linux.getpeername(number, bytes), 'getpeername', number));
}
