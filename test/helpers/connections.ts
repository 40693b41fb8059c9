/** Connections with both ends at hand, and what a peer does with its own. */

import { adopt, type Fd, linux, socketPair } from '../../src/index.js';
import * as f from '../../src/kernel/flags.js';
import type { Functions } from '../../src/sim.js';
import { succeeds } from './claims.js';
import { tcpPair } from './sockets.js';

export type Kind = 'tcp' | 'unix';
export const KINDS: readonly Kind[] = ['tcp', 'unix'];

/** Both ends of a connection, non-blocking. */
export function connected(kind: Kind): [Fd, Fd] {
  if (kind === 'unix') return [...socketPair()] as [Fd, Fd];
  const ends = tcpPair(linux);
  for (const fd of ends) {
    succeeds(linux.setsockopt(fd, f.IPPROTO_TCP, f.TCP_NODELAY, ON), 0);
  }
  return ends.map((fd) => adopt(fd)) as [Fd, Fd];
}

const ON = new Uint8Array(Int32Array.of(1).buffer);

/** A relay of these functions between two connections, and the peers of it. */
export interface Relayed {
  readonly client: Fd;
  readonly server: Fd;
  readonly result: ReturnType<Functions['relay']>;
}

export function relayed(
  { relay }: Pick<Functions, 'relay'>,
  kind: Kind = 'tcp',
  options?: Parameters<Functions['relay']>[2],
): Relayed {
  const [client, front] = connected(kind);
  const [back, server] = connected(kind);
  return { client, server, result: relay(front, back, options) };
}

export async function send(fd: Fd, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length; ) sent += await fd.write(bytes.subarray(sent));
}

/** Everything up to the end, in reads of at most `piece` bytes. */
export async function receiveAll(fd: Fd, piece = 65536): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const buffer = new Uint8Array(piece);
    const length = await fd.read(buffer);
    if (length === 0) return Buffer.concat(pieces);
    pieces.push(buffer.subarray(0, length));
  }
}

export async function receiveExactly(fd: Fd, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const count = await fd.read(bytes.subarray(at));
    if (count === 0) throw new Error(`an end after ${at} of ${length} bytes`);
    at += count;
  }
  return bytes;
}

/** Closes it so that the peer sees a reset. */
export function reset(fd: Fd): void {
  const linger = new Uint8Array(Int32Array.of(1, 0).buffer);
  succeeds(linux.setsockopt(fd.fd, f.SOL_SOCKET, f.SO_LINGER, linger), 0);
  fd.close();
}
