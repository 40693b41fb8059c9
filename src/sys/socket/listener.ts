/**
 * What a listener needs: bind(2), listen(2), accept(2).
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
 * `int bind(int sockfd, const struct sockaddr *addr, socklen_t addrlen)` — gives a socket its own
 * address.
 *
 * Port 0 lets Linux choose a free one, which `getsockname` tells. A Unix path is made as a file,
 * which stays after the socket is closed: remove it before the next bind. An abstract name goes
 * with its socket.
 *
 * Introductory texts say that SO_REUSEADDR shares a port. On Linux it only allows a port whose old
 * connections are in TIME_WAIT; a second listener is still EADDRINUSE.
 *
 * @param fd the socket
 * @param address {family: 'inet' | 'inet6', address, port} or {family: 'unix', path} or {family:
 *   'unix', abstract}; a plain {family: 'unix'} lets Linux choose an abstract name
 * @returns 0
 * @throws EACCES a port below 1024 (ip_unprivileged_port_start) or a directory that may not be
 *   written; EADDRINUSE taken, or the path exists; EADDRNOTAVAIL no interface of this machine has
 *   it; EAFNOSUPPORT of another family; EBADF not open; EINVAL bound already; ENOENT, ENOTDIR,
 *   ELOOP, EROFS, ENAMETOOLONG as for a file; ENOTSOCK
 * @see bind(2), ip(7), unix(7)
 *
 * @example
 * ```ts
 * import { ok } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const fd = sys.socket(sys.AF_INET, sys.SOCK_STREAM | sys.SOCK_CLOEXEC, 0);
 * sys.bind(fd, { family: 'inet', address: '127.0.0.1', port: 0 });
 * const chosen = sys.getsockname(fd);
 * ok(chosen.family === 'inet' && chosen.port > 0);
 * sys.close(fd);
 * ```
 */
export function bind(fd: argument.Descriptor, address: SocketAddress): number {
  const number = argument.descriptor(fd, 'fd');
  return check(linux.bind(number, encodeAddress(address)), 'bind', number);
}

/**
 * `int listen(int sockfd, int backlog)` — lets connections come in, to be taken by `accept4`.
 *
 * A TCP socket that is not bound gets a port of Linux's choice on every interface. Listening again
 * changes the backlog.
 *
 * @param fd a bound stream or seqpacket socket
 * @param backlog how many complete connections wait at most to be accepted; Linux takes no more
 *   than /proc/sys/net/core/somaxconn (SOMAXCONN as a rule), and it allows one more than is asked
 * @returns 0
 * @throws EADDRINUSE another socket listens there; EBADF not open; EINVAL connected, or a Unix
 *   socket that is not bound; ENOTSOCK; EOPNOTSUPP a datagram socket
 * @see listen(2), tcp(7)
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const fd = sys.socket(sys.AF_INET, sys.SOCK_STREAM | sys.SOCK_CLOEXEC, 0);
 * sys.bind(fd, { family: 'inet', address: '127.0.0.1', port: 0 });
 * sys.listen(fd, sys.SOMAXCONN);
 * equal(sys.getsockopt(fd, sys.SOL_SOCKET, sys.SO_ACCEPTCONN), 1);
 * sys.close(fd);
 * ```
 */
export function listen(fd: argument.Descriptor, backlog: number): number {
  const number = argument.descriptor(fd, 'fd');
  return check(linux.listen(number, argument.integer(backlog, 'backlog')), 'listen', number);
}

/** What `accept4` answers: the connection's descriptor, and who is at the other end. */
export interface Accepted {
  readonly fd: number;
  readonly address: SocketAddress;
}

/**
 * `int accept4(int sockfd, struct sockaddr *addr, socklen_t *addrlen, int flags)` — takes the
 * oldest connection that waits.
 *
 * Differs from the manual page: the peer's address comes with the descriptor. A Unix client that
 * did not bind has none: {family: 'unix'}; trailing NULs of an abstract name are not seen here,
 * `getpeername` shows them.
 *
 * O_NONBLOCK of the listener is not inherited (on BSD it is): ask for SOCK_NONBLOCK. A blocking
 * listener may block even after poll(2) said that it is readable, because the client can be gone by
 * then.
 *
 * @param fd a listening socket
 * @param flags SOCK_CLOEXEC, SOCK_NONBLOCK, or'ed; 0 for none
 * @returns the new descriptor and the peer's address
 * @throws EAGAIN none waits, and O_NONBLOCK is set; EBADF not open; ECONNABORTED the connection was
 *   reset while it waited; EINTR a signal came first; EINVAL not listening, or an unknown flag;
 *   EMFILE, ENFILE no descriptor is free, and the connection goes on waiting: a loop on readiness
 *   spins; ENOTSOCK; EOPNOTSUPP a datagram socket
 * @see accept(2)
 *
 * @example
 * ```ts
 * import { deepEqual } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const type = sys.SOCK_STREAM | sys.SOCK_CLOEXEC;
 * const listener = sys.socket(sys.AF_INET, type, 0);
 * sys.bind(listener, { family: 'inet', address: '127.0.0.1', port: 0 });
 * sys.listen(listener, 1);
 * const client = sys.socket(sys.AF_INET, type, 0);
 * sys.connect(client, sys.getsockname(listener));
 * const { fd, address } = sys.accept4(listener, sys.SOCK_CLOEXEC);
 * deepEqual(address, sys.getsockname(client));
 * for (const open of [listener, client, fd]) sys.close(open);
 * ```
 */
export function accept4(fd: argument.Descriptor, flags: number): Accepted {
  const listener = argument.descriptor(fd, 'fd');
  const bytes = new Uint8Array(SOCKADDR_BYTES);
  const result = linux.accept4(listener, argument.integer(flags, 'flags'), bytes);
  return { fd: check(result, 'accept4', listener), address: decodeAddress(bytes) };
}
