/**
 * The two descriptors of a flow: what they are, whether a call on them may sleep, and waiting for
 * them.
 */
import { READABLE, type Runtime, WRITABLE } from '../fd/runtime.js';
import { EAGAIN, EINTR } from '../kernel/errno.js';
import { check, retry, throwIfAborted } from '../kernel/error.js';
import * as f from '../kernel/flags.js';
import type { Kernel, SleepingCall } from '../kernel/kernel.js';
import type { Kind } from './route.js';

export interface End {
  readonly fd: number;
  readonly kind: Kind;
  /** A file, whose disk nothing keeps from sleeping, or a descriptor without O_NONBLOCK. */
  readonly sleeps: boolean;
}

export interface Ends {
  readonly runtime: Runtime;
  readonly source: End;
  readonly target: End;
  readonly signal: AbortSignal | undefined;
}

/** What the two descriptors are. Throws EBADF where one is not open. */
export function describeEnds(
  runtime: Runtime,
  source: number,
  target: number,
  signal: AbortSignal | undefined,
): Ends {
  const end = (fd: number): End => describeEnd(runtime.kernel, fd);
  return { runtime, source: end(source), target: end(target), signal };
}

/** The call, on this thread where none of `ends` makes it sleep, on another where one may. */
export function call<Name extends SleepingCall>(
  { runtime, signal }: Ends,
  sleeps: boolean,
  name: Name,
  ...parameters: Parameters<Kernel[Name]>
): number | Promise<number> {
  if (sleeps) return runtime.offload(name, parameters, signal);
  const now = runtime.kernel[name] as (...parameters: Parameters<Kernel[Name]>) => number;
  return now(...parameters);
}

/**
 * After EAGAIN, which does not say whose: waits for the end that is not ready. Answers false where
 * both claim to be: readiness is a hint, and waiting for what is already there would be for ever.
 */
export async function awaitReady({ runtime, source, target, signal }: Ends): Promise<boolean> {
  const fds = Int32Array.of(source.fd, f.POLLIN, 0, target.fd, f.POLLOUT, 0);
  check(
    retry(() => runtime.kernel.poll(0, fds)),
    'poll',
  );
  if (fds[2] === 0) await runtime.poller.wait(source.fd, READABLE, signal);
  else if (fds[5] === 0) await runtime.poller.wait(target.fd, WRITABLE, signal);
  return fds[2] === 0 || fds[5] === 0;
}

/** Writes all of `bytes`, however long the target takes. Answers 0 or −errno. */
export async function writeAll(ends: Ends, bytes: Uint8Array): Promise<number> {
  const { runtime, target, signal } = ends;
  let written = 0;
  while (written < bytes.length) {
    throwIfAborted(signal);
    const rest = bytes.subarray(written);
    const n = await call(ends, target.sleeps, 'write', target.fd, rest);
    if (n === -EAGAIN) await runtime.poller.wait(target.fd, WRITABLE, signal);
    else if (n >= 0) written += n;
    else if (n !== -EINTR) return n;
  }
  return 0;
}

function describeEnd(kernel: Kernel, fd: number): End {
  const stat = new BigInt64Array(f.STAT_FIELDS);
  check(kernel.fstat(fd, stat), 'fstat', fd);
  const kind = kindOf(Number(stat[f.STAT_MODE]));
  const flags = check(kernel.fcntl(fd, f.F_GETFL), 'fcntl', fd);
  const onDisk = kind === 'file' || kind === 'device';
  return { fd, kind, sleeps: onDisk || (flags & f.O_NONBLOCK) === 0 };
}

function kindOf(mode: number): Kind {
  return KIND_OF_FORMAT.get(mode & f.S_IFMT) ?? 'other';
}

const KIND_OF_FORMAT: ReadonlyMap<number, Kind> = new Map<number, Kind>([
  [f.S_IFREG, 'file'],
  [f.S_IFIFO, 'pipe'],
  [f.S_IFSOCK, 'socket'],
  [f.S_IFBLK, 'device'],
]);
