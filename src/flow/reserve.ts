/**
 * Room on the disk for a file that is about to be written. ext4 puts off where bytes go until it
 * writes them out, and accounts for that page by page: with the blocks reserved beforehand a copy
 * costs a quarter less, and the file lies in fewer pieces. This module is browser compatible.
 */
import { retry } from '../kernel/error.js';
import * as f from '../kernel/flags.js';
import type { Flow } from './flow.js';

/** statfs(2): EXT4_SUPER_MAGIC, and ext2's and ext3's, which may refuse. */
const EXT4 = 0xef53n;

/** A trip to a thread is not worth it for less. */
const LEAST = 8 * 1024 * 1024;

/** Never a failure of the copy: where there is no room, the write itself says so. */
export class Reserve {
  readonly #flow: Flow;
  /** Where in the target the reserved blocks end. */
  #end = 0;
  #refused = false;

  constructor(flow: Flow) {
    this.#flow = flow;
  }

  /** Undefined where it is of no use, or nobody knows for how much. */
  static of(flow: Flow): Reserve | undefined {
    if (flow.target.kind !== 'file' || left(flow) < LEAST) return undefined;
    const statfs = new BigInt64Array(f.STATFS_FIELDS);
    if (retry(() => flow.runtime.kernel.fstatfs(flow.target.fd, statfs)) < 0) return undefined;
    return statfs[f.STATFS_TYPE] === EXT4 ? new Reserve(flow) : undefined;
  }

  /** Before so many bytes are written where the target's file offset is. */
  async ahead(count: number): Promise<void> {
    const { runtime, target, signal } = this.#flow;
    const length = Math.min(count, left(this.#flow));
    const start = this.#position();
    if (this.#refused || length <= 0 || start < 0 || start + length <= this.#end) return;
    const parameters = [target.fd, f.FALLOC_FL_KEEP_SIZE, start, length] as const;
    const result = await runtime.offload('fallocate', [...parameters], signal);
    this.#refused = result < 0;
    // What was refused for want of room may have been given in part.
    this.#end = start + length;
  }

  /**
   * Gives back what was not written, which is kept behind the end of the file otherwise. Of at most
   * one piece, that was never written, so no disk is waited for.
   */
  giveBack(): void {
    const { runtime, target } = this.#flow;
    const position = this.#position();
    if (position < 0 || position >= this.#end) return;
    const stat = new BigInt64Array(f.STAT_FIELDS);
    if (retry(() => runtime.kernel.fstat(target.fd, stat)) < 0) return;
    // A file that goes on behind it was there before, or is somebody's else too.
    if (stat[f.STAT_SIZE] === BigInt(position)) runtime.kernel.ftruncate(target.fd, position);
  }

  /** Or −errno, where it was closed meanwhile. */
  #position(): number {
    const { kernel } = this.#flow.runtime;
    const position = new BigInt64Array(1);
    const { fd } = this.#flow.target;
    const result = retry(() => kernel.lseek(fd, 0, f.SEEK_CUR, position));
    return result < 0 ? result : Number(position[0]);
  }
}

/** How much of the source there is to come, as far as its length said. */
function left({ remaining, source, position }: Flow): number {
  return Math.min(remaining, position === null ? 0 : source.size - position);
}
