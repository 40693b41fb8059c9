/**
 * Socket addresses as objects and as the bytes of a sockaddr: unix(7), ip(7), ipv6(7). This module
 * is browser compatible.
 */
import { ArgumentOutOfRange, InvalidArgumentType } from './argument.js';
import { AF_INET, AF_INET6, AF_UNIX } from './flags.js';
import { formatIpv4, formatIpv6, parseIpv4, parseIpv6 } from './ip.js';
import type { Path } from './kernel.js';

/**
 * sockaddr_in: an IPv4 address ('127.0.0.1', '0.0.0.0' for any) and a port,
 * 0 where Linux is to choose.
 */
export interface InetAddress {
  readonly family: 'inet';
  readonly address: string;
  readonly port: number;
}

/**
 * sockaddr_in6: `scope` is the interface of a link-local address, by its index.
 * Zero fields are left out.
 */
export interface Inet6Address {
  readonly family: 'inet6';
  readonly address: string;
  readonly port: number;
  readonly flowinfo?: number;
  readonly scope?: number;
}

/**
 * sockaddr_un: a file in a directory (`path`), a name that is in none (`abstract`, without its
 * leading NUL), or neither: a socket that was not bound. Names come as strings, and as bytes where
 * those are not UTF-8.
 */
export type UnixAddress =
  | { readonly family: 'unix'; readonly path: Path; readonly abstract?: never }
  | { readonly family: 'unix'; readonly abstract: Path; readonly path?: never }
  | { readonly family: 'unix'; readonly path?: never; readonly abstract?: never };

/** A sockaddr of any other family, AF_UNSPEC included, byte for byte. */
export interface OtherAddress {
  readonly family: 'other';
  readonly bytes: Uint8Array;
}

export type SocketAddress = InetAddress | Inet6Address | UnixAddress | OtherAddress;

/** sizeof(struct sockaddr_storage): room for an address of any family. */
export const SOCKADDR_BYTES = 128;

/** sun_path has 108 bytes, and a path ends with a NUL. */
const UNIX_NAME_BYTES = 107;
const UNIX_NAME_OFFSET = 2;

/**
 * The bytes of the sockaddr. `name` is the argument that a TypeError or RangeError blames.
 *
 * @example
 * ```ts
 * import { deepEqual, equal } from 'node:assert/strict';
 * import { AF_INET, decodeAddress, encodeAddress, SimKernel, SOCK_STREAM } from 'sluice/sim';
 *
 * const kernel = new SimKernel();
 * const fd = kernel.socket(AF_INET, SOCK_STREAM, 0);
 * const address = { family: 'inet', address: '127.0.0.1', port: 80 } as const;
 * equal(kernel.bind(fd, encodeAddress(address)), 0);
 * const bytes = new Uint8Array(16);
 * equal(kernel.getsockname(fd, bytes), 16);
 * deepEqual(decodeAddress(bytes), address);
 * ```
 */
export function encodeAddress(value: SocketAddress, name = 'address'): Uint8Array {
  if (typeof value !== 'object' || value === null) {
    throw new InvalidArgumentType(name, 'an object with a family', value);
  }
  switch (value.family) {
    case 'inet':
      return encodeInet(value, name);
    case 'inet6':
      return encodeInet6(value, name);
    case 'unix':
      return encodeUnix(value, name);
    case 'other':
      return encodeOther(value, name);
    default:
      throw new ArgumentOutOfRange(
        `${name}.family`,
        "one of 'inet', 'inet6', 'unix', 'other'",
        (value as { family: unknown }).family,
      );
  }
}

/**
 * The address in `bytes`. Without `length`, what Linux said of it, zeros at the end are padding:
 * then an abstract name that ends with NULs comes without them.
 */
export function decodeAddress(bytes: Uint8Array, length?: number): SocketAddress {
  const exact = bytes.subarray(0, Math.min(length ?? bytes.length, bytes.length));
  const view = viewOf(exact);
  const family = exact.length < 2 ? undefined : view.getUint16(0, true);
  if (family === AF_INET && exact.length >= 8) {
    return { family: 'inet', address: formatIpv4(exact.subarray(4, 8)), port: view.getUint16(2) };
  }
  if (family === AF_INET6 && exact.length >= 28) return decodeInet6(exact, view);
  if (family === AF_UNIX) {
    const sunPath = exact.subarray(UNIX_NAME_OFFSET);
    return decodeUnix(length === undefined ? withoutPadding(sunPath) : sunPath);
  }
  return { family: 'other', bytes: exact.slice() };
}

function encodeInet(value: InetAddress, name: string): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = viewOf(bytes);
  view.setUint16(0, AF_INET, true);
  view.setUint16(2, whole(value.port, `${name}.port`, 0xffff));
  bytes.set(parsed(value.address, `${name}.address`, parseIpv4, 'an IPv4 address'), 4);
  return bytes;
}

function encodeInet6(value: Inet6Address, name: string): Uint8Array {
  const bytes = new Uint8Array(28);
  const view = viewOf(bytes);
  view.setUint16(0, AF_INET6, true);
  view.setUint16(2, whole(value.port, `${name}.port`, 0xffff));
  view.setUint32(4, whole(value.flowinfo ?? 0, `${name}.flowinfo`, 0xffffffff));
  bytes.set(parsed(value.address, `${name}.address`, parseIpv6, 'an IPv6 address'), 8);
  view.setUint32(24, whole(value.scope ?? 0, `${name}.scope`, 0xffffffff), true);
  return bytes;
}

function encodeUnix(value: UnixAddress, name: string): Uint8Array {
  if (value.path !== undefined && value.abstract !== undefined) {
    throw new InvalidArgumentType(name, 'either with a path or with an abstract name', value);
  }
  if (value.path !== undefined) {
    const path = unixName(value.path, `${name}.path`);
    if (path.length === 0 || path.includes(0)) {
      throw new ArgumentOutOfRange(`${name}.path`, 'a name without a NUL, not empty', value.path);
    }
    return unixSockaddr([...path, 0]);
  }
  if (value.abstract === undefined) return unixSockaddr([]);
  return unixSockaddr([0, ...unixName(value.abstract, `${name}.abstract`)]);
}

function unixName(value: unknown, name: string): Uint8Array {
  if (typeof value !== 'string' && !(value instanceof Uint8Array)) {
    throw new InvalidArgumentType(name, 'of type string or Uint8Array', value);
  }
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
  if (bytes.length > UNIX_NAME_BYTES) {
    throw new ArgumentOutOfRange(name, `at most ${UNIX_NAME_BYTES} bytes`, value);
  }
  return bytes;
}

function unixSockaddr(sunPath: readonly number[]): Uint8Array {
  return Uint8Array.from([AF_UNIX, 0, ...sunPath]);
}

function encodeOther(value: OtherAddress, name: string): Uint8Array {
  if (!(value.bytes instanceof Uint8Array)) {
    throw new InvalidArgumentType(`${name}.bytes`, 'a Uint8Array', value.bytes);
  }
  if (value.bytes.length > SOCKADDR_BYTES) {
    throw new ArgumentOutOfRange(`${name}.bytes`, `at most ${SOCKADDR_BYTES} bytes`, value.bytes);
  }
  return value.bytes;
}

function parsed(
  value: unknown,
  name: string,
  parse: (text: string) => Uint8Array | undefined,
  expected: string,
): Uint8Array {
  if (typeof value !== 'string') throw new InvalidArgumentType(name, 'of type string', value);
  const bytes = parse(value);
  if (bytes === undefined) throw new ArgumentOutOfRange(name, expected, value);
  return bytes;
}

function whole(value: unknown, name: string, largest: number): number {
  if (typeof value !== 'number') throw new InvalidArgumentType(name, 'of type number', value);
  if (!Number.isInteger(value) || value < 0 || value > largest) {
    throw new ArgumentOutOfRange(name, `a whole number from 0 to ${largest}`, value);
  }
  return value;
}

function decodeInet6(bytes: Uint8Array, view: DataView): Inet6Address {
  const flowinfo = view.getUint32(4);
  const scope = view.getUint32(24, true);
  return {
    family: 'inet6',
    address: formatIpv6(bytes.subarray(8, 24)),
    port: view.getUint16(2),
    ...(flowinfo === 0 ? {} : { flowinfo }),
    ...(scope === 0 ? {} : { scope }),
  };
}

function decodeUnix(sunPath: Uint8Array): UnixAddress {
  if (sunPath.length === 0) return { family: 'unix' };
  if (sunPath[0] === 0) return { family: 'unix', abstract: decodeName(sunPath.subarray(1)) };
  const end = sunPath.indexOf(0);
  return { family: 'unix', path: decodeName(end < 0 ? sunPath : sunPath.subarray(0, end)) };
}

function decodeName(bytes: Uint8Array): Path {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return bytes.slice();
  }
}

function withoutPadding(bytes: Uint8Array): Uint8Array {
  const last = bytes.findLastIndex((byte) => byte !== 0);
  return bytes.subarray(0, last + 1);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
