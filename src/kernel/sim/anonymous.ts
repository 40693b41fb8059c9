/** What has neither a name nor a file system of its own. This module is browser compatible. */
import { STAT_BLKSIZE, STAT_DEV, STAT_INO, STAT_MODE, STAT_NLINK } from '../flags.js';
import type { LockList } from './lock.js';
import type { Machine } from './machine.js';
import { SimObject } from './object.js';
import { PAGE_SIZE } from './page.js';

const DEVICE = 16n;
/** All of them share one inode. */
const INODE = 1n;

export abstract class AnonymousObject extends SimObject {
  constructor(readonly machine: Machine) {
    super();
  }

  override get isSeekable(): boolean {
    return true;
  }

  override get locks(): LockList {
    return this.machine.anonymousLocks;
  }

  /** Every offset is 0. */
  override seek(): number {
    return 0;
  }

  /** No type, and its owner may read and write. */
  override stat(stat: BigInt64Array): void {
    stat[STAT_DEV] = DEVICE;
    stat[STAT_INO] = INODE;
    stat[STAT_MODE] = 0o600n;
    stat[STAT_NLINK] = 1n;
    stat[STAT_BLKSIZE] = BigInt(PAGE_SIZE);
  }
}
