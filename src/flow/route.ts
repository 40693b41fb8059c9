/**
 * Which calls can move bytes between two descriptors, best first: a pure function of what they are.
 * This module is browser compatible.
 */

/**
 * What a descriptor is, as far as a route depends on it:
 *
 * - `file`: a regular file of a disk, or of a file system that acts like one;
 * - `memory`: a regular file whose pages are its only copy (tmpfs, memfd), so nothing waits;
 * - `virtual`: a regular file of proc(5), sysfs(5) and the like, made up as it is read;
 * - `block`: a block device;
 * - `pipe`: a pipe or FIFO;
 * - `tcp`, `unix`: a stream socket of the Internet, or of any other family;
 * - `terminal`, `device`: a character device, with a person at it or not;
 * - `other`: a directory, an eventfd, what has no name: one read or write will tell.
 */
export type Kind =
  | 'file'
  | 'memory'
  | 'virtual'
  | 'block'
  | 'pipe'
  | 'tcp'
  | 'unix'
  | 'terminal'
  | 'device'
  | 'other';

export const KINDS: readonly Kind[] = [
  'file',
  'memory',
  'virtual',
  'block',
  'pipe',
  'tcp',
  'unix',
  'terminal',
  'device',
  'other',
];

/**
 * How bytes move:
 *
 * - `copy_file_range`: file to file, inside the file system where that can share blocks;
 * - `sendfile`: from pages of a file to anything;
 * - `splice`: where one of the two is a pipe;
 * - `splice-pipe`: by splice into a pipe of our own, and by splice out of it;
 * - `read-write`: through a buffer of this process. Works for everything.
 */
export type Method = 'copy_file_range' | 'sendfile' | 'splice' | 'splice-pipe' | 'read-write';

export interface Place {
  readonly kind: Kind;
  /**
   * Without O_NONBLOCK, where waiting has no end: a socket or pipe of somebody else. Only read and
   * write can be told not to wait (RWF_NOWAIT); SPLICE_F_NONBLOCK does not stop splice from it.
   */
  readonly blocking: boolean;
}

/**
 * The ladder from `source` to `target`. A method may turn out not to work for just these two (a
 * file system without it, a target in append mode): then the next is tried, as long as nothing has
 * moved.
 */
export function route(source: Place, target: Place): readonly Method[] {
  if (source.blocking || target.blocking) return ['read-write'];
  const ladder: Method[] = [];
  const paged = hasPages(source.kind);
  if (isFile(source.kind) && isFile(target.kind)) ladder.push('copy_file_range');
  if (paged && canTakePages(target.kind)) ladder.push('sendfile');
  if (source.kind === 'pipe' ? canTakePages(target.kind) : target.kind === 'pipe') {
    if (canGivePages(source.kind)) ladder.push('splice');
  }
  if (isSocket(source.kind) && target.kind !== 'pipe' && canTakePages(target.kind)) {
    ladder.push('splice-pipe');
  }
  ladder.push('read-write');
  return ladder;
}

/** Whether it is stored: reading may wait for a disk, whatever O_NONBLOCK says. */
export function isStored(kind: Kind): boolean {
  return kind === 'file' || kind === 'block';
}

export function isFile(kind: Kind): boolean {
  return kind === 'file' || kind === 'memory';
}

function isSocket(kind: Kind): boolean {
  return kind === 'tcp' || kind === 'unix';
}

function hasPages(kind: Kind): boolean {
  return isFile(kind) || kind === 'block';
}

/** What proc(5) makes up goes by read(2) alone: splice refuses most of it, and it is little. */
function canGivePages(kind: Kind): boolean {
  return hasPages(kind) || kind === 'pipe' || isSocket(kind);
}

/** A terminal and the files of sysfs(5) take bytes; that they take pages would be an accident. */
function canTakePages(kind: Kind): boolean {
  return hasPages(kind) || kind === 'pipe' || isSocket(kind) || kind === 'device';
}
