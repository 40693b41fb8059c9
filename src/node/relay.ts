/**
 * `relay` on this machine's kernel, for Node's sockets as well.
 */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Fd } from '../fd/fd.js';
import { relay as relayFds } from '../flow/relay.js';
import { checkRelayOptions, type RelayOptions, type RelayResult } from '../flow/relay-options.js';
import { InvalidArgumentType } from '../kernel/argument.js';
import { net } from './builtin.js';
import { giveSourceBack } from './ends.js';
import { linuxRuntime } from './runtime.js';
import { type Adoptable, adoptObject } from './sockets.js';

/** Where to connect to, as `net.connect` has it. */
export type Endpoint =
  | { readonly port: number; readonly host?: string }
  | { readonly path: string };

/**
 * Joins two connections until both have ended: what one sends the other gets, both ways, and the
 * bytes of a flood never enter this process.
 *
 * - An end of one side (FIN), once its last byte is delivered, is an end for the other, which may
 *   go on sending. A reset of one side is a reset for the other.
 * - Both are the relay's from then on, and closed when it is over: an `Fd` counts as closed at
 *   once, a `net.Socket` is destroyed at the end. What Node had read from a socket goes first.
 * - It never blocks the event loop, whatever O_NONBLOCK says, and leaves it its turns.
 *
 * @param a a TCP or Unix stream connection: an `Fd`, a `net.Socket`, a number; or where to connect
 *   to: `{ port, host }`, `{ path }`
 * @param b the other
 * @param options.signal ends it with an AbortError; both sides see a reset
 * @param options.idleTimeoutMs ends it with ERR_SLUICE_IDLE when no byte has moved for so long
 * @param options.halfCloseTimeoutMs the same in its place, once one side has ended
 * @param options.minBytesPerSecond ends it with ERR_SLUICE_SLOW when fewer move, both ways
 *   together, over ten seconds
 * @returns how many bytes of `a` the other has taken (`sent`), how many of `b` (`received`), and
 *   whether it ended by a reset; an error that ends it early has both counts too
 * @throws ERR_SLUICE_NO_CONNECTION not a stream socket, or twice the same; ERR_SLUICE_SIGPIPE the
 *   signal is set to end this process; ERR_SLUICE_ADOPT as `adopt`; EBUSY a flow or a thread has
 *   the `Fd`; ENOTCONN not connected; ECONNREFUSED and others of connect(2), and a name that is
 *   not found: the other is left as it is
 * @see splice(2), shutdown(2), tcp(7)
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import { relay, socketPair } from 'sluice';
 *
 * const [client, front] = socketPair();
 * const [back, server] = socketPair();
 * const relaying = relay(front, back);
 * await client.write(Buffer.from('question'));
 * const buffer = Buffer.alloc(100);
 * equal(buffer.toString('utf8', 0, await server.read(buffer)), 'question');
 * await server.write(Buffer.from('answer'));
 * server.close();
 * equal(buffer.toString('utf8', 0, await client.read(buffer)), 'answer');
 * equal(await client.read(buffer), 0); // the end was carried across
 * client.close();
 * const { sent, received } = await relaying;
 * equal(sent, 8);
 * equal(received, 6);
 * ```
 */
export async function relay(
  a: Adoptable | Endpoint,
  b: Adoptable | Endpoint,
  options: RelayOptions = {},
): Promise<RelayResult> {
  checkRelayOptions(options);
  checkEnd(a, 'a');
  checkEnd(b, 'b');
  const sources: Adoptable[] = [];
  const fds: Fd[] = [];
  try {
    for (const one of [a, b]) sources.push(await reach(one, options.signal));
    for (const source of sources) fds.push(own(source));
    return await relayFds(linuxRuntime, fds[0] as Fd, fds[1] as Fd, options);
  } finally {
    for (const [index, source] of sources.entries()) {
      const made = source !== a && source !== b;
      await giveBack(source, fds[index], made);
    }
  }
}

function checkEnd(end: unknown, name: string): void {
  if (typeof end === 'number') return;
  if (typeof end === 'object' && end !== null && KNOWN_BY.some((key) => key in end)) return;
  throw new InvalidArgumentType(name, 'a descriptor, a socket, or where to connect to', end);
}

/** A property of each: a descriptor, a socket, the two endpoints. */
const KNOWN_BY = ['fd', 'destroy', 'port', 'path'];

async function reach(
  end: Adoptable | Endpoint,
  signal: AbortSignal | undefined,
): Promise<Adoptable> {
  if (!isEndpoint(end)) return end;
  // Paused, so that Node reads nothing of it.
  const socket = net()
    .connect({ ...end, allowHalfOpen: true, noDelay: true })
    .pause();
  try {
    await once(socket, 'connect', { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function isEndpoint(end: Adoptable | Endpoint): end is Endpoint {
  if (typeof end !== 'object' || end === null || 'fd' in end || 'destroy' in end) return false;
  return 'port' in end || 'path' in end;
}

function own(source: Adoptable): Fd {
  return source instanceof Fd ? source : adoptObject(linuxRuntime, source);
}

/** What the relay took over is closed by now; what it refused is left as it was. */
async function giveBack(source: Adoptable, fd: Fd | undefined, made: boolean): Promise<void> {
  const taken = fd?.closed === true;
  if (fd !== undefined && !taken) {
    if (typeof source === 'number') fd.release();
    else if (source !== fd) await giveSourceBack(source, fd, false);
  }
  if (taken || made) destroy(source);
}

function destroy(source: Adoptable): void {
  if (typeof source === 'object' && 'destroy' in source) (source as Socket).destroy();
}
