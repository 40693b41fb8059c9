/**
 * Which calls can move bytes between two descriptors, best first: a pure function of what they are.
 */

/**
 * What a descriptor is, as fstat tells it. 'device' is a block device, 'other' a character device
 * or worse.
 */
export type Kind = 'file' | 'pipe' | 'socket' | 'device' | 'other';

export const KINDS: readonly Kind[] = ['file', 'pipe', 'socket', 'device', 'other'];

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

/**
 * The ladder from `source` to `target`. A method may turn out not to work for just these two (a
 * file system without it, a target in append mode): then the next is tried, as long as nothing has
 * moved.
 */
export function route(source: Kind, target: Kind): readonly Method[] {
  const ladder: Method[] = [];
  if (source === 'file' && target === 'file') ladder.push('copy_file_range');
  if (source === 'file' || source === 'device') ladder.push('sendfile');
  if (source === 'pipe' || target === 'pipe') ladder.push('splice');
  if (source === 'socket' && target !== 'pipe') ladder.push('splice-pipe');
  ladder.push('read-write');
  return ladder;
}
