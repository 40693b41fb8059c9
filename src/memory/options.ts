/** What `map` may be asked. */
import * as argument from '../kernel/argument.js';
import type { Offset } from '../kernel/kernel.js';
import { type Advice, checkAdvice } from './advice.js';

/** What stores into the mapping do: see `MapOptions.access`. */
export type Access = 'read' | 'write' | 'private';

export interface MapOptions {
  /**
   * Where in the file the mapping begins, in bytes: anywhere below 2^53, not at pages only. 0
   * without.
   */
  readonly offset?: Offset | undefined;
  /**
   * How long it is, in bytes; without, the file to its end. Longer than that only with `grow`.
   * Memory without a file needs it.
   */
  readonly length?: number | undefined;
  /**
   * - `'write'`: the mapping is the file's pages. Stores change the file and are seen by all who
   *   read it. As without, for memory without a file.
   * - `'read'`, as without, for files: what is in the file. Nothing stops a store into an
   *   ArrayBuffer; it stays in this mapping, whose page then is a copy, and never reaches the file.
   * - `'private'`: as 'read', where stores are meant: their memory is accounted for beforehand.
   */
  readonly access?: Access | undefined;
  /** Of a path: makes the file where there is none; a number is its permissions. With 'write'. */
  readonly create?: boolean | number | undefined;
  /** Makes the file longer where it is too short for `offset` and `length`. With 'write'. */
  readonly grow?: boolean | undefined;
  /**
   * Gives the whole range room on the disk first, by fallocate(2), so that no store can find it
   * full; without, what `grow` adds has room. `false`: the file may be sparse, and a full disk is
   * found out by `flush` and `damaged`. With 'write'.
   */
  readonly allocate?: boolean | undefined;
  /** Reads all of it in now, so that no load has to wait for the disk. */
  readonly populate?: boolean | undefined;
  /**
   * `true`: huge pages where Linux has some (madvise). A number: pages of just this many bytes
   * (2097152, 1073741824), for memory without a file; they must have been set aside.
   */
  readonly hugePages?: boolean | number | undefined;
  /** How it will be used, in the words of madvise(2). */
  readonly advice?: Advice | readonly Advice[] | undefined;
}

/** Throws a TypeError or RangeError that names the option. */
export function checkMapOptions(options: MapOptions): void {
  argument.checkOptions(options, CHECKS);
}

const CHECKS: argument.Checks<MapOptions> = {
  offset: argument.size,
  length: argument.count,
  access: (value, name) => argument.choice(value, name, ['read', 'write', 'private']),
  create: (value, name) =>
    typeof value === 'number' ? argument.integer(value, name) : argument.boolean(value, name),
  grow: argument.boolean,
  allocate: argument.boolean,
  populate: argument.boolean,
  hugePages: checkHugePages,
  advice: checkAdvice,
};

function checkHugePages(value: unknown, name: string): void {
  if (typeof value === 'boolean') return;
  const size = argument.positiveCount(value, name);
  if (size >= 4096 && Number.isInteger(Math.log2(size))) return;
  throw new argument.ArgumentOutOfRange(name, 'a boolean, or the size of a page in bytes', value);
}
