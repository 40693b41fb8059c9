/**
 * What a description is open on: a pipe, a file, a socket, a device. One interface, as the file
 * operations of Linux; each method here is what Linux answers for "not this kind", and an object
 * overrides what it can do. This module is browser compatible.
 */
import { EBADF, EINVAL, ENODEV, ENOTTY, EPERM, ESPIPE } from '../errno.js';
import {
  POLLIN,
  POLLOUT,
  PROT_EXEC,
  STATFS_BSIZE,
  STATFS_FLAGS,
  STATFS_FRSIZE,
  STATFS_NAMELEN,
  STATFS_TYPE,
} from '../flags.js';
import type { Offset } from '../kernel.js';
import type { Call } from './call.js';
import type { Cursor } from './cursor.js';
import type { Description } from './description.js';
import { LockList } from './lock.js';
import { PAGE_SIZE, type Page } from './page.js';
import { carryIn, carryOut } from './pipe/carry.js';
import type { Pipe } from './pipe/pipe.js';
import type { ObjectKind, ObjectState } from './states.js';
import type { WaitQueue } from './wait.js';

/** Where an object is mapped, as the object sees it. */
export interface MappedRange {
  /** Whether a store changes the object, now or after mprotect(2): F_SEAL_WRITE wants none. */
  readonly storesToObject: boolean;
  /** Whether it refers to the object's page of this index now. */
  has(index: number): boolean;
  /**
   * The pages from the index `first` up to `last` are the object's no more. `keepsOwn`: copies that
   * private mappings made of them stay.
   */
  lost(first: number, last: number, keepsOwn: boolean): void;
}

/** ANON_INODE_FS_MAGIC */
const ANONYMOUS_MAGIC = 0x09041934n;
const ST_VALID = 0x20n;

export abstract class SimObject {
  /** What `inspect` calls it: 'pipe', 'file'. */
  abstract readonly kind: ObjectKind;
  #locks: LockList | undefined;

  /** F_OFD_SETLK's locks on it. */
  get locks(): LockList {
    this.#locks ??= new LockList();
    return this.#locks;
  }

  /** Whether pread(2), pwrite(2) and offsets of splice(2) are known: the others are −ESPIPE. */
  get hasPositions(): boolean {
    return false;
  }

  /** Whether lseek(2) is known, if only to stay at 0: sendfile(2) reads from nothing else. */
  get isSeekable(): boolean {
    return this.hasPositions;
  }

  /** Whether RWF_NOWAIT is known: the others are −EOPNOTSUPP. */
  get supportsNoWait(): boolean {
    return false;
  }

  /** Whether it knows any RWF_… but RWF_HIPRI, when it is read or written. */
  knowsFlags(_writing: boolean): boolean {
    return true;
  }

  /** Whether F_SETFL may set O_DIRECT. */
  get supportsDirect(): boolean {
    return false;
  }

  /** Whether F_SETFL may not clear O_APPEND. */
  get mustAppend(): boolean {
    return false;
  }

  /** A description of it has been made. */
  opened(_file: Description): void {}

  /** The last reference to the description has gone. */
  released(_file: Description): void {}

  /**
   * Fills memory from `position`, or from the description's own offset, which moves, where that is
   * null; an object without positions is asked with null only. Called for length 0 too.
   */
  read(_file: Description, _memory: Cursor, _position: Offset | null, _call: Call): number {
    return -EINVAL;
  }

  /** Takes memory, in the same way. With O_APPEND the object itself finds the end. */
  write(_file: Description, _memory: Cursor, _position: Offset | null, _call: Call): number {
    return -EINVAL;
  }

  /** Whether splice(2) reads and writes it as read(2) and write(2) would, by a copy. */
  get splicesByCopy(): boolean {
    return false;
  }

  /**
   * splice(2) from here: puts up to `length` bytes into the pipe, which has room for them in pages,
   * and answers how many.
   */
  spliceRead(
    file: Description,
    position: Offset | null,
    pipe: Pipe,
    length: number,
    call: Call,
  ): number {
    return this.splicesByCopy ? carryIn(file, position, pipe, length, call) : -EINVAL;
  }

  /** Whether splice(2) to it is known: otherwise it is refused before the pipe is waited for. */
  get takesSplices(): boolean {
    return this.splicesByCopy || this.spliceWrite !== SimObject.prototype.spliceWrite;
  }

  /** splice(2) to here: takes up to `length` bytes out of the pipe, and answers how many. */
  spliceWrite(
    pipe: Pipe,
    file: Description,
    position: Offset | null,
    length: number,
    call: Call,
  ): number {
    return this.splicesByCopy ? carryOut(pipe, file, position, length, call) : -EINVAL;
  }

  /** What is true now, in the bits of poll(2), whoever asks. */
  poll(_file: Description): number {
    return POLLIN | POLLOUT;
  }

  /** Where one waits for that to change; none: poll(2) says ready always, epoll(7) −EPERM. */
  queues(_file: Description): readonly WaitQueue[] {
    return [];
  }

  /** F_SETFL O_ASYNC: an object that sends signals notes it; the others ignore it. */
  setAsync(_file: Description, _on: boolean): void {}

  /** Fills the STAT_… places. */
  abstract stat(stat: BigInt64Array): void;

  /** Fills the STATFS_… places: here what has no name and no blocks says. */
  statfs(statfs: BigInt64Array): void {
    statfs.fill(0n);
    statfs[STATFS_TYPE] = ANONYMOUS_MAGIC;
    statfs[STATFS_BSIZE] = BigInt(PAGE_SIZE);
    statfs[STATFS_FRSIZE] = BigInt(PAGE_SIZE);
    statfs[STATFS_NAMELEN] = 255n;
    statfs[STATFS_FLAGS] = ST_VALID;
  }

  /** Answers the new offset or −errno. */
  seek(_file: Description, _offset: Offset, _whence: number): Offset {
    return -ESPIPE;
  }

  /** How many bytes can be read; −errno where FIONREAD is not known. */
  unread(_file: Description): number {
    return -ENOTTY;
  }

  /** ioctl(2) FIONREAD: fills in how many bytes can be read; 0 or −errno. */
  countUnread(file: Description, count: Int32Array): number {
    const unread = this.unread(file);
    if (unread >= 0) count[0] = unread;
    return Math.min(unread, 0);
  }

  truncate(_file: Description, _length: Offset, _call: Call): number {
    return -EINVAL;
  }

  allocate(
    _file: Description,
    _mode: number,
    _offset: Offset,
    _length: Offset,
    _call: Call,
  ): number {
    return -ENODEV;
  }

  /** What /proc/self/fd shows: 'pipe:[7]', a name. */
  get path(): string {
    return `anon_inode:[${this.kind}]`;
  }

  /** fsync(2), fdatasync(2). */
  sync(_file: Description): number {
    return -EINVAL;
  }

  /** F_GETPIPE_SZ, in bytes. */
  capacity(): number {
    return -EBADF;
  }

  /** F_SETPIPE_SZ; answers the capacity. */
  setCapacity(_bytes: number, _call: Call): number {
    return -EBADF;
  }

  /** F_GET_SEALS. */
  seals(): number {
    return -EINVAL;
  }

  /** F_ADD_SEALS; the description is open for writing. */
  addSeals(_seals: number): number {
    return -EINVAL;
  }

  /**
   * mmap(2): whether it can be mapped with this protection and these flags: 0 or −errno. What has
   * no name is as on a file system from which nothing is run.
   */
  mappable(_file: Description, protection: number, _flags: number): number {
    return (protection & PROT_EXEC) === 0 ? -ENODEV : -EPERM;
  }

  /** Whether a mapping of it is memory of its own, as of /dev/zero. */
  get mapsMemory(): boolean {
    return false;
  }

  /** A mapping of it has come, and is told of pages that the object loses. */
  mapped(_range: MappedRange): void {}

  /** It has gone. */
  unmapped(_range: MappedRange): void {}

  /**
   * The page of a mapping that begins at `position` of the object, for a load or, `writing`, for a
   * store: the mapping takes its own reference. undefined where that is SIGBUS.
   */
  mappedPage(_position: number, _writing: boolean): Page | undefined {
    return undefined;
  }

  /** What `kernel.inspect()` shows: plain data. `placeOf` numbers the pages it names. */
  inspect(_placeOf: (page: Page) => number): ObjectState {
    return {};
  }
}
