import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { decodeAddress, encodeAddress, type SocketAddress } from '../../src/kernel/address.js';
import * as f from '../../src/kernel/flags.js';
import type { Kernel } from '../../src/kernel/kernel.js';
import { succeeds } from './claims.js';
import type { Subject } from './conformance.js';

/** IPv4 on this machine, a port that Linux chooses. */
export const LOOPBACK: SocketAddress = { family: 'inet', address: '127.0.0.1', port: 0 };
export const LOOPBACK6: SocketAddress = { family: 'inet6', address: '::1', port: 0 };

/** Why a row cannot run that needs IPv6; false where it can. */
export const NEEDS_IPV6: string | false = Object.values(networkInterfaces())
  .flat()
  .some((address) => address?.address === '::1')
  ? false
  : 'needs IPv6 on the loopback interface';

export const TCP_FAMILIES: readonly { name: string; any: SocketAddress; skip: string | false }[] = [
  { name: 'IPv4', any: LOOPBACK, skip: false },
  { name: 'IPv6', any: LOOPBACK6, skip: NEEDS_IPV6 },
];

const DOMAIN = { inet: f.AF_INET, inet6: f.AF_INET6, unix: f.AF_UNIX, other: f.AF_UNSPEC };

/** Who keeps descriptors: a row's subject, or whoever has the same three. */
type Keeper = Pick<Subject, 'kernel' | 'keep' | 'close'>;

/** For who closes all of them without a subject. */
export function unkept(kernel: Kernel): Keeper {
  return { kernel, keep: succeeds, close: (fd) => void succeeds(kernel.close(fd), 0) };
}

/** A socket of the address's family, kept. `type` may carry SOCK_NONBLOCK. */
export function socketFor(
  { kernel, keep }: Keeper,
  address: SocketAddress,
  type: number = f.SOCK_STREAM,
): number {
  return keep(kernel.socket(DOMAIN[address.family], type | f.SOCK_CLOEXEC, 0));
}

/** A socket bound to the address, kept. */
export function bound(subject: Keeper, address: SocketAddress, type?: number): number {
  const fd = socketFor(subject, address, type);
  succeeds(subject.kernel.bind(fd, encodeAddress(address)), 0);
  return fd;
}

export interface Listener {
  readonly fd: number;
  /** Where it listens, with the port that Linux chose. */
  readonly address: SocketAddress;
}

/** A socket that listens at the address, kept. */
export function listener(
  subject: Keeper,
  address: SocketAddress,
  { type = f.SOCK_STREAM, backlog = 8 }: { type?: number; backlog?: number } = {},
): Listener {
  const fd = bound(subject, address, type);
  succeeds(subject.kernel.listen(fd, backlog), 0);
  return { fd, address: nameOf(subject.kernel, fd) };
}

/** A connection at the address, its ends kept. */
export function connection(
  subject: Keeper,
  address: SocketAddress,
): [client: number, server: number] {
  const { kernel, keep, close } = subject;
  const listening = listener(subject, address);
  const client = socketFor(subject, address);
  succeeds(kernel.connect(client, encodeAddress(listening.address)), 0);
  const server = keep(kernel.accept4(listening.fd, f.SOCK_CLOEXEC, null));
  close(listening.fd);
  return [client, server];
}

/** A connection over TCP on this machine, whose ends the caller closes. */
export function tcpPair(
  kernel: Kernel,
  flags: number = f.O_NONBLOCK,
): [client: number, server: number] {
  const ends = connection(unkept(kernel), LOOPBACK);
  for (const fd of ends) succeeds(kernel.fcntl(fd, f.F_SETFL, flags), 0);
  return ends;
}

/** The socket's own address. */
export function nameOf(kernel: Kernel, fd: number): SocketAddress {
  const bytes = new Uint8Array(128);
  return decodeAddress(bytes, succeeds(kernel.getsockname(fd, bytes)));
}

/** The address at the other end. */
export function peerOf(kernel: Kernel, fd: number): SocketAddress {
  const bytes = new Uint8Array(128);
  return decodeAddress(bytes, succeeds(kernel.getpeername(fd, bytes)));
}

/** An option that is an int. */
export function option(kernel: Kernel, fd: number, level: number, name: number): number {
  const value = new Int32Array(1);
  succeeds(kernel.getsockopt(fd, level, name, new Uint8Array(value.buffer)), 4);
  return value[0] as number;
}

export function setOption(
  kernel: Kernel,
  fd: number,
  level: number,
  name: number,
  ...value: number[]
): number {
  return kernel.setsockopt(fd, level, name, new Uint8Array(Int32Array.from(value).buffer));
}

/** Waits until one of the events is there; answers all that are. */
export function ready(kernel: Kernel, fd: number, events: number): number {
  const fds = Int32Array.of(fd, events, 0);
  assert.equal(succeeds(kernel.poll(10_000, fds)), 1, 'no such event in 10 seconds');
  return fds[2] as number;
}
