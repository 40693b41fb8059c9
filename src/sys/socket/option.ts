/**
 * The options of a socket: getsockopt(2), setsockopt(2).
 */
import * as argument from '../../kernel/argument.js';
import { check } from '../../kernel/error.js';
import { linux } from '../../kernel/linux.js';

const INT_BYTES = 4;

/**
 * `int getsockopt(int sockfd, int level, int optname, void *optval, socklen_t *optlen)` — reads an
 * option.
 *
 * SO_ERROR is read once: the pending error is cleared. SO_SNDBUF and SO_RCVBUF are twice what was
 * set, because Linux counts its own bookkeeping too.
 *
 * @param fd the socket
 * @param level SOL_SOCKET, IPPROTO_TCP, IPPROTO_IPV6 …
 * @param optname SO_ERROR, TCP_NODELAY …
 * @param length for an option that is not an int, the largest value that is expected, in bytes
 * @returns the int; with `length` the bytes of the value, as many as there are
 * @throws EBADF not open; EINVAL a length that the option cannot have; ENOPROTOOPT no such option
 *   at this level; ENOTSOCK; EOPNOTSUPP the socket has no such level
 * @see getsockopt(2), socket(7), tcp(7), ipv6(7)
 *
 * @example
 * ```ts
 * import { deepEqual, equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const fd = sys.socket(sys.AF_INET, sys.SOCK_STREAM | sys.SOCK_CLOEXEC, 0);
 * equal(sys.getsockopt(fd, sys.SOL_SOCKET, sys.SO_ERROR), 0);
 * const linger = sys.getsockopt(fd, sys.SOL_SOCKET, sys.SO_LINGER, 8);
 * deepEqual(linger, new Uint8Array(8));
 * sys.close(fd);
 * ```
 */
export function getsockopt(fd: argument.Descriptor, level: number, optname: number): number;
export function getsockopt(
  fd: argument.Descriptor,
  level: number,
  optname: number,
  length: number,
): Uint8Array;
export function getsockopt(
  fd: argument.Descriptor,
  level: number,
  optname: number,
  length?: number,
): number | Uint8Array {
  const number = argument.descriptor(fd, 'fd');
  const value = new Uint8Array(length === undefined ? INT_BYTES : valueLength(length));
  const result = linux.getsockopt(
    number,
    argument.integer(level, 'level'),
    argument.integer(optname, 'optname'),
    value,
  );
  const filled = check(result, 'getsockopt', number);
  if (length !== undefined) return value.subarray(0, filled);
  return new DataView(value.buffer).getInt32(0, true);
}

/**
 * `int setsockopt(int sockfd, int level, int optname, const void *optval, socklen_t optlen)` — sets
 * an option.
 *
 * @param fd the socket
 * @param level SOL_SOCKET, IPPROTO_TCP, IPPROTO_IPV6 …
 * @param optname SO_REUSEADDR, TCP_NODELAY …
 * @param value a number for an option that is an int, 1 and 0 for on and off; otherwise the bytes
 *   of the C structure
 * @returns 0
 * @throws EACCES, EPERM for the privileged only; EBADF not open; EDOM, EINVAL not a value or length
 *   of this option; ENOPROTOOPT no such option at this level; ENOTSOCK
 * @see setsockopt(2), socket(7), tcp(7), ipv6(7)
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const fd = sys.socket(sys.AF_INET, sys.SOCK_STREAM | sys.SOCK_CLOEXEC, 0);
 * sys.setsockopt(fd, sys.IPPROTO_TCP, sys.TCP_NODELAY, 1);
 * equal(sys.getsockopt(fd, sys.IPPROTO_TCP, sys.TCP_NODELAY), 1);
 * // struct linger { int l_onoff, l_linger; }: close sends RST at once.
 * sys.setsockopt(fd, sys.SOL_SOCKET, sys.SO_LINGER, new Int32Array([1, 0]));
 * sys.close(fd);
 * ```
 */
export function setsockopt(
  fd: argument.Descriptor,
  level: number,
  optname: number,
  value: number | argument.Bytes,
): number {
  const number = argument.descriptor(fd, 'fd');
  const result = linux.setsockopt(
    number,
    argument.integer(level, 'level'),
    argument.integer(optname, 'optname'),
    valueBytes(value),
  );
  return check(result, 'setsockopt', number);
}

/** No option is as large; what is would only be memory. */
const MAX_VALUE_BYTES = 0x10000;

function valueLength(length: unknown): number {
  const checked = argument.integer(length, 'length');
  if (checked >= 0 && checked <= MAX_VALUE_BYTES) return checked;
  throw new argument.ArgumentOutOfRange('length', `from 0 to ${MAX_VALUE_BYTES}`, length);
}

function valueBytes(value: number | argument.Bytes): Uint8Array {
  if (typeof value !== 'number') return argument.bytes(value, 'value');
  const bytes = new Uint8Array(INT_BYTES);
  new DataView(bytes.buffer).setUint32(0, argument.integer(value, 'value'), true);
  return bytes;
}
