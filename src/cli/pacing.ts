/**
 * Connections within this machine do without pacing. BBR, the default of many servers, measures a
 * path and then sends by a timer. On loopback there is no path to spare: the timers cost half of a
 * relay's time and more than half of its throughput (see bench/RESULTS.md).
 */
import type { SocketAddress } from '../kernel/address.js';
import { IPPROTO_TCP, TCP_CONGESTION } from '../kernel/flags.js';
import { parseIpv6 } from '../kernel/ip.js';
import type { Kernel } from '../kernel/kernel.js';

/** Every Linux has it, and it never paces. */
const RENO = new TextEncoder().encode('reno');

/**
 * Takes the pacing from a TCP socket for an address of loopback, any other is left as it is. To be
 * called before it connects or listens: later the timers stay, whatever the algorithm. What a
 * listener accepts inherits it. Where Linux refuses, the connection is slower and as good.
 */
export function withoutPacing(kernel: Kernel, fd: number, address: SocketAddress): void {
  if (isLoopback(address)) kernel.setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, RENO);
}

/** Whether the other end can only be in this machine: 127.0.0.0/8, ::1, and the first as IPv6. */
export function isLoopback(address: SocketAddress): boolean {
  if (address.family === 'inet') return address.address.startsWith('127.');
  if (address.family !== 'inet6') return false;
  const bytes = parseIpv6(address.address);
  return bytes !== undefined && (isOne(bytes) || isMappedLoopback(bytes));
}

function isOne(bytes: Uint8Array): boolean {
  return bytes.every((byte, at) => byte === (at === 15 ? 1 : 0));
}

function isMappedLoopback(bytes: Uint8Array): boolean {
  const mapped = bytes.every((byte, at) => at >= 12 || byte === (at >= 10 ? 0xff : 0));
  return mapped && bytes[12] === 127;
}
