/**
 * Whether a part of a file is in memory, so that a call on it does not wait for the disk.
 * O_NONBLOCK says nothing about that, on neither side: reading a file sleeps while its disk does.
 * This module is browser compatible.
 */
import { EAGAIN, EOPNOTSUPP } from '../kernel/errno.js';
import { RWF_NOWAIT, STATFS_FIELDS, STATFS_TYPE } from '../kernel/flags.js';
import type { Kernel } from '../kernel/kernel.js';

/**
 * Whether the first and the last page of the piece are in memory. A guess: pages between may be
 * missing, and the size of a piece bounds what that costs.
 */
export function isWarm(kernel: Kernel, file: number, position: number, count: number): boolean {
  if (!isCached(kernel, file, position)) return false;
  const end = position + count - 1;
  return pageOf(end) <= pageOf(position) || isCached(kernel, file, end);
}

/** The smallest page there is: with larger ones a probe may be one too many. */
function pageOf(position: number): number {
  return Math.floor(position / 4096);
}

/**
 * What fstatfs says of file systems whose pages are their only copy, so that reading never waits.
 */
const IN_MEMORY = new Set([0x01021994n /* tmpfs */, 0x858458f6n /* ramfs */]);

export function isInMemory(type: bigint): boolean {
  return IN_MEMORY.has(type);
}

const probe = [new Uint8Array(1)];

/**
 * The end of the file is known without a disk, and so is a refusal. EOPNOTSUPP: nobody can tell,
 * which is cold on a network, and of no importance in memory.
 */
function isCached(kernel: Kernel, file: number, position: number): boolean {
  const count = kernel.preadv2(file, probe, position, RWF_NOWAIT);
  if (count !== -EOPNOTSUPP) return count !== -EAGAIN;
  const statfs = new BigInt64Array(STATFS_FIELDS);
  return kernel.fstatfs(file, statfs) === 0 && isInMemory(statfs[STATFS_TYPE] as bigint);
}
