/**
 * Endpoints opened: from what a person wrote to a descriptor.
 */
import type { Runtime } from '../fd/runtime.js';
import { EISDIR } from '../kernel/errno.js';
import { check, SystemError, throwIfAborted } from '../kernel/error.js';
import * as f from '../kernel/flags.js';
import type { Kernel } from '../kernel/kernel.js';
import type { Endpoint } from './endpoint.js';
import { failure } from './failure.js';

/** An open end of a copy. */
export interface OpenEnd {
  /** As the person wrote it. */
  readonly name: string;
  readonly fd: number;
  readonly stat: BigInt64Array;
  /** A standard stream: nothing of it is ours, neither to empty nor to close. */
  readonly borrowed: boolean;
  /** Closes it, unless it is borrowed; late trouble (a disk that filled) is told here. Once. */
  close(): void;
  /** Closes it where nobody cares any more. */
  [Symbol.dispose](): void;
}

export interface OpenContext {
  readonly runtime: Runtime;
  readonly signal: AbortSignal;
  /** Told where a listener waits, which is news when its port was 0. */
  readonly onListening: (address: string) => void;
}

type Side = 'source' | 'target';

/** Opens one side of a copy. Throws a Failure that names it. */
export async function openEnd(
  context: OpenContext,
  endpoint: Endpoint,
  side: Side,
  name: string,
): Promise<OpenEnd> {
  try {
    return await open(context, endpoint, side, name);
  } catch (error) {
    throwIfAborted(context.signal);
    throw failure(name, error);
  }
}

/** Whether both are one and the same file, which would be emptied before it is read. */
export function isSameFile(left: OpenEnd, right: OpenEnd): boolean {
  const same = (place: number) => left.stat[place] === right.stat[place];
  return isRegular(left.stat) && same(f.STAT_DEV) && same(f.STAT_INO);
}

export function isRegular(stat: BigInt64Array): boolean {
  return formatOf(stat) === f.S_IFREG;
}

export function isSocket(stat: BigInt64Array): boolean {
  return formatOf(stat) === f.S_IFSOCK;
}

function formatOf(stat: BigInt64Array): number {
  return Number(stat[f.STAT_MODE]) & f.S_IFMT;
}

async function open(
  context: OpenContext,
  endpoint: Endpoint,
  side: Side,
  name: string,
): Promise<OpenEnd> {
  const { kernel } = context.runtime;
  const fd = await openFd(context, endpoint, side);
  const borrowed = fd === STANDARD[side];
  const stat = new BigInt64Array(f.STAT_FIELDS);
  try {
    check(kernel.fstat(fd, stat), 'fstat');
    if (formatOf(stat) === f.S_IFDIR) check(-EISDIR, 'read');
    // A FIFO that was opened here is nobody else's description, unlike a standard stream.
    if (formatOf(stat) === f.S_IFIFO && !borrowed) unblock(kernel, fd);
  } catch (error) {
    if (!borrowed) kernel.close(fd);
    throw error;
  }
  return new Opened(context.runtime, name, fd, stat, borrowed);
}

class Opened implements OpenEnd {
  #open: boolean;

  constructor(
    readonly runtime: Runtime,
    readonly name: string,
    readonly fd: number,
    readonly stat: BigInt64Array,
    readonly borrowed: boolean,
  ) {
    this.#open = !borrowed;
  }

  close(): void {
    const result = this.#release();
    if (result < 0) throw failure(this.name, new SystemError(result, { syscall: 'close' }));
  }

  [Symbol.dispose](): void {
    this.#release();
  }

  #release(): number {
    this.runtime.poller.forget(this.fd);
    if (!this.#open) return 0;
    this.#open = false;
    return this.runtime.kernel.close(this.fd);
  }
}

const STANDARD = { source: 0, target: 1 } as const;
const ACCESS = { source: f.O_RDONLY, target: f.O_WRONLY } as const;

async function openFd(context: OpenContext, endpoint: Endpoint, side: Side): Promise<number> {
  const { runtime, signal, onListening } = context;
  switch (endpoint.kind) {
    case 'standard':
      return reopen(runtime.kernel, side);
    case 'path':
      return openPath(context, endpoint.path, side);
    default: {
      // Between files nobody waits for the modules of names and connections.
      const { connectTo, listenAt } = await import('./connect.js');
      if (endpoint.listen) return listenAt(runtime, endpoint, signal, onListening);
      return connectTo(runtime, endpoint, signal);
    }
  }
}

/**
 * O_NONBLOCK belongs to the description that is shared with the shell, so a standard stream that is
 * a pipe is opened anew, with flags of its own. Anything else is used as it is, and may sleep.
 */
function reopen(kernel: Kernel, side: Side): number {
  const fd = STANDARD[side];
  const stat = new BigInt64Array(f.STAT_FIELDS);
  check(kernel.fstat(fd, stat), 'fstat');
  if (formatOf(stat) !== f.S_IFIFO) return fd;
  const flags = ACCESS[side] | f.O_NONBLOCK | f.O_CLOEXEC;
  const own = kernel.openat(f.AT_FDCWD, `/proc/self/fd/${fd}`, flags, 0);
  return own >= 0 ? own : fd;
}

/**
 * The target is made, not emptied: it may turn out to be the source. Opening a FIFO waits for its
 * other end.
 */
async function openPath(context: OpenContext, path: string, side: Side): Promise<number> {
  const { runtime, signal } = context;
  const create = side === 'target' ? f.O_CREAT : 0;
  const flags = ACCESS[side] | create | f.O_NOCTTY | f.O_CLOEXEC;
  const fd = await runtime.offload('openat', [f.AT_FDCWD, path, flags, 0o666], signal);
  return check(fd, 'openat', undefined, path);
}

function unblock(kernel: Kernel, fd: number): void {
  const flags = check(kernel.fcntl(fd, f.F_GETFL), 'fcntl');
  check(kernel.fcntl(fd, f.F_SETFL, flags | f.O_NONBLOCK), 'fcntl');
}
