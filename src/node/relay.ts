/**
 * `relay` on this machine's kernel, for Node's sockets as well.
 */
import { Fd } from '../fd/fd.js';
import { type RelayOptions, type RelayResult, relay as relayFds } from '../flow/relay.js';
import { linuxRuntime } from './runtime.js';
import { type Adoptable, adoptObject } from './sockets.js';

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
 * @param a a TCP or Unix stream connection: an `Fd`, a `net.Socket`, a number
 * @param b the other
 * @param options.signal ends it with an AbortError; both sides see a reset
 * @param options.idleTimeoutMs ends it with ERR_SLUICE_IDLE when no byte has moved for so long
 * @param options.halfCloseTimeoutMs the same in its place, once one side has ended
 * @param options.minBytesPerSecond ends it with ERR_SLUICE_SLOW when fewer move, both ways
 *   together, over ten seconds
 * @returns how many bytes of `a` the other has taken (`sent`), how many of `b` (`received`), and
 *   whether it ended by a reset; an error that ends it early has both counts too
 * @throws ERR_SLUICE_NO_CONNECTION not a stream socket, or twice the same; ERR_SLUICE_SIGPIPE the
 *   signal is set to end this process; ERR_SLUICE_ADOPT as `adopt`; ENOTCONN not connected
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
  a: Adoptable,
  b: Adoptable,
  options?: RelayOptions,
): Promise<RelayResult> {
  const first = own(a);
  try {
    const second = own(b);
    try {
      return await relayFds(linuxRuntime, first, second, options);
    } finally {
      giveBack(b, second);
    }
  } finally {
    giveBack(a, first);
  }
}

function own(source: Adoptable): Fd {
  return source instanceof Fd ? source : adoptObject(linuxRuntime, source);
}

/** What the relay took over is closed by now; what it refused is left as it was. */
function giveBack(source: Adoptable, fd: Fd): void {
  if (!fd.closed) {
    if (typeof source === 'number') fd.release();
    else if (source !== fd) fd.close();
    return;
  }
  if (typeof source === 'object' && 'destroy' in source) source.destroy();
}
