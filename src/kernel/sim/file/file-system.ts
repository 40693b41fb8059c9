/**
 * File systems: how large a file may be, how much room there is, what statfs(2) says. This module
 * is browser compatible.
 */
import {
  EXT4_SUPER_MAGIC,
  PROC_SUPER_MAGIC,
  STATFS_BAVAIL,
  STATFS_BFREE,
  STATFS_BLOCKS,
  STATFS_BSIZE,
  STATFS_FFREE,
  STATFS_FILES,
  STATFS_FLAGS,
  STATFS_FRSIZE,
  STATFS_NAMELEN,
  STATFS_TYPE,
  TMPFS_MAGIC,
} from '../../flags.js';
import { PAGE_SIZE } from '../page.js';

const SYSFS_MAGIC = 0x62656572;
/** NAME_MAX */
export const LONGEST_NAME = 255;
/** ST_VALID and ST_RELATIME */
const FLAGS = 0x1020n;
/** What a file system without a limit says it has. */
const PLENTY = 2 ** 26;

/** What kind of file system it is. */
interface Kind {
  readonly magic: number;
  /** st_blksize */
  readonly blockBytes: number;
  /** s_maxbytes: no file is larger. */
  readonly largest: bigint;
  /** FMODE_NOWAIT, and every mode of fallocate(2). */
  readonly isDisk: boolean;
}

/** ext4 with blocks of 4096 bytes. */
export const DISK: Kind = {
  magic: EXT4_SUPER_MAGIC,
  blockBytes: PAGE_SIZE,
  largest: 2n ** 44n - 4096n,
  isDisk: true,
};

/** tmpfs, which memfd_create(2) uses too. */
export const MEMORY: Kind = {
  magic: TMPFS_MAGIC,
  blockBytes: PAGE_SIZE,
  largest: 2n ** 63n - 1n,
  isDisk: false,
};

export const PROC: Kind = {
  magic: PROC_SUPER_MAGIC,
  blockBytes: 1024,
  largest: 2n ** 63n - 1n,
  isDisk: false,
};

export const SYSTEM: Kind = { ...PROC, magic: SYSFS_MAGIC, blockBytes: PAGE_SIZE };

export class FileSystem {
  #usedPages = 0;
  #files = 0;

  constructor(
    readonly kind: Kind,
    /** st_dev */
    readonly device: number,
    /** How many pages its files may have; Infinity: no limit; 0: it has no blocks, as /proc. */
    readonly pageLimit: number,
  ) {}

  /** Takes room for more pages; false, and none, where there is not so much. */
  charge(pages: number): boolean {
    if (this.#usedPages + pages > this.pageLimit) return false;
    this.#usedPages += pages;
    return true;
  }

  discharge(pages: number): void {
    this.#usedPages -= pages;
  }

  /** A file has come (1) or gone (−1). */
  countFile(change: 1 | -1): void {
    this.#files += change;
  }

  /** Fills the STATFS_… places. What has no blocks has no number of files either. */
  statfs(statfs: BigInt64Array): void {
    const total = this.pageLimit === 0 ? 0 : Math.min(this.pageLimit, PLENTY);
    const free = BigInt(Math.max(0, total - this.#usedPages));
    const files = this.pageLimit === 0 ? 0 : PLENTY;
    statfs[STATFS_TYPE] = BigInt(this.kind.magic);
    statfs[STATFS_BSIZE] = BigInt(PAGE_SIZE);
    statfs[STATFS_BLOCKS] = BigInt(total);
    statfs[STATFS_BFREE] = free;
    statfs[STATFS_BAVAIL] = free;
    statfs[STATFS_FILES] = BigInt(files);
    statfs[STATFS_FFREE] = BigInt(Math.max(0, files - this.#files));
    statfs[STATFS_NAMELEN] = BigInt(LONGEST_NAME);
    statfs[STATFS_FRSIZE] = BigInt(PAGE_SIZE);
    statfs[STATFS_FLAGS] = FLAGS;
  }
}
