/**
 * The header of the PROXY protocol, by which the target learns who the client is:
 * https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt
 */
import type { Runtime } from '../../fd/runtime.js';
import {
  decodeAddress,
  encodeAddress,
  SOCKADDR_BYTES,
  type SocketAddress,
} from '../../kernel/address.js';

export type ProxyVersion = 'v1' | 'v2';

/** What is sent before the first byte of the client, whose sockaddr is `peer`. */
export function proxyHeader(
  { kernel }: Runtime,
  version: ProxyVersion,
  fd: number,
  peer: Uint8Array,
): Uint8Array {
  const local = new Uint8Array(SOCKADDR_BYTES);
  const length = kernel.getsockname(fd, local);
  const destination = decodeAddress(local, Math.max(length, 0));
  return encodeHeader(version, decodeAddress(peer), destination);
}

/** Pure. A client without an address (a Unix socket) is UNKNOWN in v1, LOCAL's kin in v2. */
export function encodeHeader(
  version: ProxyVersion,
  source: SocketAddress,
  destination: SocketAddress,
): Uint8Array {
  return version === 'v1' ? headerOfText(source, destination) : headerOfBytes(source, destination);
}

function headerOfText(source: SocketAddress, destination: SocketAddress): Uint8Array {
  const name = NAMES[source.family];
  if (name === undefined || source.family !== destination.family) {
    return new TextEncoder().encode('PROXY UNKNOWN\r\n');
  }
  const [from, to] = [source, destination] as Internet[] as [Internet, Internet];
  const line = `PROXY ${name} ${from.address} ${to.address} ${from.port} ${to.port}\r\n`;
  return new TextEncoder().encode(line);
}

type Internet = Extract<SocketAddress, { family: 'inet' | 'inet6' }>;

const NAMES: Readonly<Record<string, string>> = { inet: 'TCP4', inet6: 'TCP6' };

const SIGNATURE = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];
/** Version 2, command PROXY. */
const PROXY = 0x21;
/** Family and protocol: unspecified, TCP over IPv4, over IPv6. */
const KINDS: Readonly<Record<string, number>> = { inet: 0x11, inet6: 0x21 };

function headerOfBytes(source: SocketAddress, destination: SocketAddress): Uint8Array {
  const kind = source.family === destination.family ? (KINDS[source.family] ?? 0) : 0;
  const [from, to] = [encodeAddress(source), encodeAddress(destination)];
  const body =
    kind === 0
      ? []
      : [...hostOf(source, from), ...hostOf(destination, to), ...portOf(from), ...portOf(to)];
  return Uint8Array.from([...SIGNATURE, PROXY, kind, 0, body.length, ...body]);
}

/** The places of the host in sockaddr_in and sockaddr_in6. */
function hostOf({ family }: SocketAddress, sockaddr: Uint8Array): Uint8Array {
  return family === 'inet' ? sockaddr.subarray(4, 8) : sockaddr.subarray(8, 24);
}

function portOf(sockaddr: Uint8Array): Uint8Array {
  return sockaddr.subarray(2, 4);
}
