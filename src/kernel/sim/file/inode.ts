/**
 * An inode: what every named thing has, whoever has it open. There are no hard links, so an inode
 * has one name at most and knows it. This module is browser compatible.
 */
import { EINVAL, ENODEV } from '../../errno.js';
import * as f from '../../flags.js';
import type { Offset } from '../../kernel.js';
import type { Call } from '../call.js';
import { Description } from '../description.js';
import type { Machine } from '../machine.js';
import { SimObject } from '../object.js';
import { sum } from '../offset.js';
import type { Page } from '../page.js';
import type { Process } from '../processes.js';
import type { NameState } from '../states.js';
import type { Directory } from './directory.js';
import type { FileSystem } from './file-system.js';

/** Permissions that are asked for: the bits of a class in st_mode. */
export const MAY_READ = 4;
export const MAY_WRITE = 2;
export const MAY_SEARCH = 1;

/** S_IALLUGO: the permission bits and S_ISUID, S_ISGID, S_ISVTX. */
export const PERMISSIONS = 0o7777;

const LARGEST_TIME = 2n ** 63n - 1n;

/** Milliseconds by the machine's clock, or the nanoseconds that somebody has set. */
type Time = number | bigint;

/** Whose a new inode is and what may be done with it. */
export interface Ownership {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export const ROOTS: Ownership = { mode: 0o755, uid: 0, gid: 0 };

/** What is open now, −errno, or what is tried again after each sleep until it answers that. */
export type Opening = Description | number | (() => Description | number);

export abstract class Inode extends SimObject {
  readonly inode: number;
  /** The permission bits of st_mode. */
  mode: number;
  uid: number;
  gid: number;
  /** Where its name is; undefined where it has none, or none any more. */
  parent: Directory | undefined;
  /** A byte a character. */
  name = '';
  atime: Time;
  mtime: Time;
  ctime: Time;
  /** FS_APPEND_FL: it is written at its end only. */
  isAppendOnly = false;
  /** How many descriptions are open on it. */
  #opens = 0;
  /** What /proc/self/fd shows of an inode without a name. */
  #formerPath = '';

  constructor(
    readonly machine: Machine,
    readonly fileSystem: FileSystem,
    ownership: Ownership,
  ) {
    super();
    this.inode = machine.newInode();
    this.mode = ownership.mode;
    this.uid = ownership.uid;
    this.gid = ownership.gid;
    this.atime = this.now();
    this.mtime = this.atime;
    this.ctime = this.atime;
    fileSystem.countFile(1);
  }

  /** S_IFREG, S_IFDIR … */
  abstract readonly type: number;

  get rdev(): number {
    return 0;
  }

  get size(): number | bigint {
    return 0;
  }

  /** In units of 512 bytes. */
  get blocks(): number {
    return 0;
  }

  get links(): number {
    return this.parent === undefined ? 0 : 1;
  }

  /** open(2) with the flags that F_GETFL shows. */
  open(_call: Call, flags: number): Opening {
    return new Description(this, flags);
  }

  /** O_TRUNC, for what has a size. */
  empty(_call: Call): number {
    return 0;
  }

  /** It has no name any more, or never had one but this. Whoever has it open keeps it. */
  unlinked(formerPath = this.path): void {
    this.#formerPath = `${formerPath} (deleted)`;
    this.parent = undefined;
    if (this.#opens === 0) this.gone();
  }

  /** Nothing refers to it any more. */
  protected gone(): void {
    this.fileSystem.countFile(-1);
  }

  override opened(_file: Description): void {
    this.#opens++;
  }

  override released(_file: Description): void {
    if (--this.#opens === 0 && this.parent === undefined) this.gone();
  }

  /** Whether the process may do all of this. */
  permits({ uid, gid, isPrivileged }: Process, wanted: number): boolean {
    if (isPrivileged) return true;
    const shift = uid === this.uid ? 6 : gid === this.gid ? 3 : 0;
    return ((this.mode >> shift) & wanted) === wanted;
  }

  /** Whether the process may do what is the owner's to do: chmod(2), O_NOATIME. */
  isOwnedBy({ uid, isPrivileged }: Process): boolean {
    return isPrivileged || uid === this.uid;
  }

  /** The whole name, as /proc/self/fd shows it, a byte a character. */
  override get path(): string {
    if (this.parent === undefined) return this.#formerPath;
    if (this.parent === (this as Inode)) return '/';
    const above = this.parent.path;
    return above === '/' ? `/${this.name}` : `${above}/${this.name}`;
  }

  now(): Time {
    return this.machine.clock.now();
  }

  /** Its content has changed. */
  modified(): void {
    this.mtime = this.now();
    this.ctime = this.mtime;
  }

  override mappable(_file: Description, _protection: number, _flags: number): number {
    return -ENODEV;
  }

  override get hasPositions(): boolean {
    return true;
  }

  /** Without a size that counts there is no end to seek from. */
  override seek(file: Description, offset: Offset, whence: number): Offset {
    if (whence !== f.SEEK_SET && whence !== f.SEEK_CUR) return -EINVAL;
    const target = whence === f.SEEK_SET ? offset : sum(file.offset, offset);
    if (target < 0) return -EINVAL;
    file.offset = target;
    return target;
  }

  override get mustAppend(): boolean {
    return this.isAppendOnly;
  }

  override stat(stat: BigInt64Array): void {
    stat[f.STAT_DEV] = BigInt(this.fileSystem.device);
    stat[f.STAT_INO] = BigInt(this.inode);
    stat[f.STAT_MODE] = BigInt(this.type | this.mode);
    stat[f.STAT_NLINK] = BigInt(this.links);
    stat[f.STAT_UID] = BigInt(this.uid);
    stat[f.STAT_GID] = BigInt(this.gid);
    stat[f.STAT_RDEV] = BigInt(this.rdev);
    stat[f.STAT_SIZE] = BigInt(this.size);
    stat[f.STAT_BLKSIZE] = BigInt(this.fileSystem.kind.blockBytes);
    stat[f.STAT_BLOCKS] = BigInt(this.blocks);
    stat[f.STAT_ATIME] = nanoseconds(this.atime);
    stat[f.STAT_MTIME] = nanoseconds(this.mtime);
    stat[f.STAT_CTIME] = nanoseconds(this.ctime);
  }

  override inspect(_placeOf: (page: Page) => number): NameState {
    const { inode, path, links } = this;
    return { inode, path, links };
  }

  override statfs(statfs: BigInt64Array): void {
    this.fileSystem.statfs(statfs);
  }
}

function nanoseconds(time: Time): bigint {
  if (typeof time === 'number') return BigInt(Math.floor(time * 1e6));
  return time > LARGEST_TIME ? LARGEST_TIME : time;
}
