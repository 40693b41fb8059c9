/**
 * Two connections joined: what one sends the other gets, both ways. This module is browser
 * compatible.
 */
import { Fd } from '../fd/fd.js';
import type { Runtime } from '../fd/runtime.js';
import * as argument from '../kernel/argument.js';
import { ENOTSOCK } from '../kernel/errno.js';
import { AbortError, check, SluiceError, throwIfAborted } from '../kernel/error.js';
import * as f from '../kernel/flags.js';
import type { Kernel } from '../kernel/kernel.js';
import type { Connection } from './end.js';
import { Engine } from './engine.js';
import { checkRelayOptions, type RelayOptions, type RelayResult } from './relay-options.js';
import { Session } from './session.js';
import { traced, tracedKind } from './traced.js';

/**
 * Joins two `Fd`s until both have ended. They are the relay's then: it closes them, and they count
 * as closed at once. Where it refuses them they stay the caller's.
 */
export async function relay(
  runtime: Runtime,
  a: Fd,
  b: Fd,
  options: RelayOptions = {},
): Promise<RelayResult> {
  checkRelayOptions(options);
  checkOwned(a, 'a');
  checkOwned(b, 'b');
  const describe = () => ({ a: tracedKind(runtime, a), b: tracedKind(runtime, b), options });
  return traced(runtime, 'relay', describe, () => join(runtime, a, b, options));
}

async function join(
  runtime: Runtime,
  a: Fd,
  b: Fd,
  { signal, ...limits }: RelayOptions,
): Promise<RelayResult> {
  throwIfAborted(signal);
  const engine = Engine.of(runtime);
  engine.refuseDeadly();
  if (a === b) throw noConnection('a and b are the same');
  const { kernel } = runtime;
  const pair = [describe(kernel, a), describe(kernel, b)] as const;
  const [fromA, fromB] = [await buffered(a), await buffered(b)];
  throwIfAborted(signal);
  takeOver(kernel, a, b);
  return new Promise((resolve, reject) => {
    const session = new Session(engine, ...pair, (outcome) => {
      signal?.removeEventListener('abort', onAbort);
      const { error, ...result } = outcome;
      if (error === undefined) resolve(result);
      else reject(Object.assign(error, { sent: result.sent, received: result.received }));
    });
    const onAbort = () => session.fail(new AbortError(signal?.reason));
    signal?.addEventListener('abort', onAbort);
    session.forward.stage(fromA);
    session.backward.stage(fromB);
    session.start(limits);
  });
}

function checkOwned(fd: unknown, name: string): void {
  if (!(fd instanceof Fd)) throw new argument.InvalidArgumentType(name, 'an Fd', fd);
}

/** What Node had read before the socket was adopted. */
async function buffered(fd: Fd): Promise<Uint8Array> {
  const bytes = new Uint8Array(fd.buffered);
  if (bytes.length > 0) await fd.read(bytes);
  return bytes;
}

function takeOver(kernel: Kernel, a: Fd, b: Fd): void {
  const fd = a.release();
  try {
    b.release();
  } catch (error) {
    kernel.close(fd);
    throw error;
  }
}

/**
 * What the descriptor is, and that it can be relayed and taken over at all: before anything of it
 * is read. So its number is lent, which others are refused while there is what Node had read.
 */
function describe(kernel: Kernel, one: Fd): Connection {
  one.refuseWhileSleeping('release');
  const { fd, giveBack } = one.lend();
  try {
    return connectionOf(kernel, fd);
  } finally {
    giveBack();
  }
}

function connectionOf(kernel: Kernel, fd: number): Connection {
  const type = option(kernel, fd, f.SO_TYPE);
  if (type === undefined) throw noConnection(`the descriptor ${fd} is no socket`);
  if (type !== f.SOCK_STREAM) {
    throw noConnection(`the socket ${fd} carries messages: their bounds would be lost`);
  }
  const flags = check(kernel.fcntl(fd, f.F_GETFL), 'fcntl', fd);
  const tcp = option(kernel, fd, f.SO_PROTOCOL) === f.IPPROTO_TCP;
  return { fd, nonBlocking: (flags & f.O_NONBLOCK) !== 0, tcp };
}

/** Undefined where it is no socket. */
function option(kernel: Kernel, fd: number, name: number): number | undefined {
  const value = new Int32Array(1);
  const bytes = new Uint8Array(value.buffer);
  const result = kernel.getsockopt(fd, f.SOL_SOCKET, name, bytes);
  if (result === -ENOTSOCK) return undefined;
  check(result, 'getsockopt', fd);
  return value[0];
}

function noConnection(why: string): SluiceError {
  const message = `${why}: relay joins two connections of stream sockets`;
  return new SluiceError('ERR_SLUICE_NO_CONNECTION', message);
}
