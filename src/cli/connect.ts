/**
 * Connections at the level of descriptors: made, or waited for. Sleeping is done on another thread,
 * so an abort is heard at any moment; what is answered has O_NONBLOCK set.
 */
import { lookup } from 'node:dns/promises';
import { rmSync } from 'node:fs';
import type { Runtime } from '../fd/runtime.js';
import {
  decodeAddress,
  encodeAddress,
  SOCKADDR_BYTES,
  type SocketAddress,
} from '../kernel/address.js';
import { EINTR } from '../kernel/errno.js';
import { check, throwIfAborted } from '../kernel/error.js';
import * as f from '../kernel/flags.js';
import type { Endpoint } from './endpoint.js';
import { withoutPacing } from './pacing.js';

export type Address = Extract<Endpoint, { kind: 'tcp' | 'unix' }>;

/** Connects to the first address of the endpoint that answers. */
export async function connectTo(
  runtime: Runtime,
  endpoint: Address,
  signal: AbortSignal,
): Promise<number> {
  let refusal: unknown;
  for (const address of await resolve(endpoint)) {
    try {
      return await connectOne(runtime, address, signal);
    } catch (error) {
      throwIfAborted(signal);
      refusal ??= error;
    }
  }
  throw refusal;
}

/**
 * Waits for one connection. The listener, and the name of a Unix socket, are gone when it has come.
 */
export async function listenAt(
  runtime: Runtime,
  endpoint: Address,
  signal: AbortSignal,
  onListening: (address: string) => void,
): Promise<number> {
  const [address] = await resolve(endpoint);
  const listener = bindTo(runtime, address as SocketAddress, 1);
  try {
    onListening(showAddress(localAddress(runtime, listener)));
    return await accept(runtime, listener, signal);
  } finally {
    runtime.kernel.close(listener);
    if (endpoint.kind === 'unix') rmSync(endpoint.path, { force: true });
  }
}

/** All addresses of the endpoint, in the order in which to try them. */
export async function resolve(endpoint: Address): Promise<SocketAddress[]> {
  if (endpoint.kind === 'unix') return [{ family: 'unix', path: endpoint.path }];
  const { host, port } = endpoint;
  const found = await lookup(host, { all: true });
  return found.map(({ address, family }) =>
    family === 6 ? { family: 'inet6', address, port } : { family: 'inet', address, port },
  );
}

const FAMILIES = { inet: f.AF_INET, inet6: f.AF_INET6, unix: f.AF_UNIX, other: f.AF_UNSPEC };

/** A socket for the address. `flags` may be SOCK_NONBLOCK. */
export function openSocket({ kernel }: Runtime, address: SocketAddress, flags = 0): number {
  const type = f.SOCK_STREAM | f.SOCK_CLOEXEC | flags;
  const fd = check(kernel.socket(FAMILIES[address.family], type, 0), 'socket');
  withoutPacing(kernel, fd, address);
  return fd;
}

async function connectOne(
  runtime: Runtime,
  address: SocketAddress,
  signal: AbortSignal,
): Promise<number> {
  const { kernel } = runtime;
  const fd = openSocket(runtime, address);
  try {
    check(await runtime.offload('connect', [fd, encodeAddress(address)], signal), 'connect');
    check(kernel.fcntl(fd, f.F_SETFL, f.O_RDWR | f.O_NONBLOCK), 'fcntl');
    return fd;
  } catch (error) {
    kernel.close(fd);
    throw error;
  }
}

/**
 * A socket that listens at the address, for so many connections that wait to be accepted. `beside`:
 * at an address of TCP where another of this user listens, which has SO_REUSEPORT too.
 */
export function bindTo(
  runtime: Runtime,
  address: SocketAddress,
  backlog: number,
  flags = 0,
  beside = false,
): number {
  const { kernel } = runtime;
  const fd = openSocket(runtime, address, flags);
  const on = new Uint8Array(Int32Array.of(1).buffer);
  try {
    if (address.family !== 'unix') kernel.setsockopt(fd, f.SOL_SOCKET, f.SO_REUSEADDR, on);
    if (beside) check(kernel.setsockopt(fd, f.SOL_SOCKET, f.SO_REUSEPORT, on), 'setsockopt');
    check(kernel.bind(fd, encodeAddress(address)), 'bind');
    check(kernel.listen(fd, backlog), 'listen');
    return fd;
  } catch (error) {
    kernel.close(fd);
    throw error;
  }
}

/** Where the socket is. */
export function localAddress({ kernel }: Runtime, fd: number): SocketAddress {
  const bytes = new Uint8Array(SOCKADDR_BYTES);
  const length = check(kernel.getsockname(fd, bytes), 'getsockname');
  return decodeAddress(bytes.subarray(0, length));
}

/** As an endpoint is written; an abstract name of a Unix socket begins with @, as in systemd. */
export function showAddress(address: SocketAddress): string {
  if (address.family === 'inet') return `tcp:${address.address}:${address.port}`;
  if (address.family === 'inet6') return `tcp:[${address.address}]:${address.port}`;
  if (address.family !== 'unix') return '';
  return address.path === undefined ? `unix:@${address.abstract ?? ''}` : `unix:${address.path}`;
}

async function accept(runtime: Runtime, listener: number, signal: AbortSignal): Promise<number> {
  const flags = f.SOCK_NONBLOCK | f.SOCK_CLOEXEC;
  let fd = -EINTR;
  while (fd === -EINTR) {
    throwIfAborted(signal);
    fd = await runtime.offload('accept4', [listener, flags, null], signal);
  }
  return check(fd, 'accept4');
}
