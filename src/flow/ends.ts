/**
 * The two descriptors of a flow: what they are, and waiting for them. This module is browser
 * compatible.
 */
import { isReady } from '../fd/ready.js';
import { READABLE, type Runtime, WRITABLE } from '../fd/runtime.js';
import { check, retry, SluiceError } from '../kernel/error.js';
import * as f from '../kernel/flags.js';
import type { Kernel } from '../kernel/kernel.js';
import { isFile, type Kind, type Place } from './route.js';
import { isInMemory } from './warm.js';

export interface End extends Place {
  readonly fd: number;
  /** The length of a regular file, as it was; 0 for what has none. */
  readonly size: number;
  /** Opened by the flow itself: a description of its own, to be closed with the flow. */
  readonly own: boolean;
}

export type Side = 'source' | 'target';

/**
 * What a descriptor is. A pipe or terminal without O_NONBLOCK is opened anew, through /proc, with
 * flags of its own: the description is shared with the shell or a child, so its flags stay as they
 * are. Where that cannot be had (a socket, a sandbox) it is `blocking`.
 *
 * Throws EBADF where it is not open, ERR_SLUICE_UNSUPPORTED for a socket of messages.
 */
export function describeEnd({ kernel }: Runtime, fd: number, side: Side): End {
  const stat = statOf(kernel, fd);
  const kind = kindOf(kernel, fd, stat);
  const flags = check(
    retry(() => kernel.fcntl(fd, f.F_GETFL)),
    'fcntl',
    fd,
  );
  const size = Number(stat[f.STAT_SIZE]);
  const end = { fd, kind, size, own: false, blocking: false };
  if (!canWaitForever(kind, stat) || (flags & f.O_NONBLOCK) !== 0) return end;
  const own = kind === 'pipe' || kind === 'terminal' ? reopen(kernel, fd, side) : -1;
  return own < 0 ? { ...end, blocking: true } : { ...end, fd: own, own: true };
}

/** What a descriptor is, and nothing more. Throws as `describeEnd`. */
export function kindOfNumber(kernel: Kernel, fd: number): Kind {
  return kindOf(kernel, fd, statOf(kernel, fd));
}

export function releaseEnd({ kernel, poller }: Runtime, end: Pick<End, 'fd' | 'own'>): void {
  poller.release(end.fd);
  if (end.own) kernel.close(end.fd);
}

/**
 * After EAGAIN, which does not say whose: waits for the end that is not ready. Answers false where
 * both claim to be: readiness is a hint, and waiting for what is already there would be for ever.
 */
export async function awaitReady(
  { kernel, poller }: Runtime,
  source: End,
  target: End,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (!isFile(source.kind) && !isReady(kernel, source.fd, READABLE)) {
    await poller.wait(source.fd, READABLE, signal);
  } else if (!isReady(kernel, target.fd, WRITABLE)) await poller.wait(target.fd, WRITABLE, signal);
  else return false;
  return true;
}

function statOf(kernel: Kernel, fd: number): BigInt64Array {
  const stat = new BigInt64Array(f.STAT_FIELDS);
  check(
    retry(() => kernel.fstat(fd, stat)),
    'fstat',
    fd,
  );
  return stat;
}

function kindOf(kernel: Kernel, fd: number, stat: BigInt64Array): Kind {
  switch (Number(stat[f.STAT_MODE]) & f.S_IFMT) {
    case f.S_IFREG:
      return kindOfFile(kernel, fd);
    case f.S_IFSOCK:
      return kindOfSocket(kernel, fd);
    case f.S_IFCHR:
      return TERMINALS.has(major(stat[f.STAT_RDEV] as bigint)) ? 'terminal' : 'device';
    case f.S_IFIFO:
      return 'pipe';
    case f.S_IFBLK:
      return 'block';
    default:
      return 'other';
  }
}

const MADE_UP = new Set([
  0x9fa0n /* proc */,
  0x62656572n /* sysfs */,
  0x63677270n /* cgroup2 */,
  0x27e0ebn /* cgroup */,
  0x64626720n /* debugfs */,
  0x74726163n /* tracefs */,
  0x73636673n /* securityfs */,
  0x62656570n /* configfs */,
]);

function kindOfFile(kernel: Kernel, fd: number): Kind {
  const statfs = new BigInt64Array(f.STATFS_FIELDS);
  if (retry(() => kernel.fstatfs(fd, statfs)) < 0) return 'file';
  const type = statfs[f.STATFS_TYPE] as bigint;
  if (isInMemory(type)) return 'memory';
  return MADE_UP.has(type) ? 'virtual' : 'file';
}

function kindOfSocket(kernel: Kernel, fd: number): Kind {
  if (optionOf(kernel, fd, f.SO_TYPE) !== f.SOCK_STREAM) {
    const message = 'a socket of messages cannot be copied: a stream has no boundaries to keep';
    throw new SluiceError('ERR_SLUICE_UNSUPPORTED', message);
  }
  const domain = optionOf(kernel, fd, f.SO_DOMAIN);
  return domain === f.AF_INET || domain === f.AF_INET6 ? 'tcp' : 'unix';
}

function optionOf(kernel: Kernel, fd: number, option: number): number {
  const value = new Int32Array(1);
  const bytes = new Uint8Array(value.buffer);
  check(
    retry(() => kernel.getsockopt(fd, f.SOL_SOCKET, option, bytes)),
    'getsockopt',
    fd,
  );
  return value[0] as number;
}

/** tty, console and pty, and the serial lines: Documentation/admin-guide/devices.txt. */
const TERMINALS = new Set([4, 5, 136, 137, 138, 139, 140, 141, 142, 143, 166, 188, 204]);

function major(device: bigint): number {
  return Number((device >> 8n) & 0xfffn);
}

/** null, zero, full and urandom: never empty and never full. */
const BOTTOMLESS = new Set([0x103n, 0x105n, 0x107n, 0x109n]);

function canWaitForever(kind: Kind, stat: BigInt64Array): boolean {
  if (kind === 'device') return !BOTTOMLESS.has(stat[f.STAT_RDEV] as bigint);
  return kind !== 'file' && kind !== 'memory' && kind !== 'virtual' && kind !== 'block';
}

const ACCESS: Readonly<Record<Side, number>> = { source: f.O_RDONLY, target: f.O_WRONLY };

function reopen(kernel: Kernel, fd: number, side: Side): number {
  const flags = ACCESS[side] | f.O_NONBLOCK | f.O_CLOEXEC | f.O_NOCTTY;
  return retry(() => kernel.openat(f.AT_FDCWD, `/proc/self/fd/${fd}`, flags, 0));
}
