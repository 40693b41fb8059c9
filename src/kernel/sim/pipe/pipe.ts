/**
 * A pipe: a ring of slots, each a piece of a page. Its capacity is a number of slots, so many small
 * pieces fill it long before its bytes do. This module is browser compatible.
 */

import { ESPIPE } from '../../errno.js';
import {
  POLL_IN,
  POLL_OUT,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLOUT,
  S_IFIFO,
  STAT_BLKSIZE,
  STAT_DEV,
  STAT_INO,
  STAT_MODE,
  STAT_NLINK,
  STATFS_TYPE,
} from '../../flags.js';
import { AsyncList } from '../async.js';
import type { Call } from '../call.js';
import type { Cursor } from '../cursor.js';
import type { Description } from '../description.js';
import type { Opening } from '../file/inode.js';
import type { Machine, User } from '../machine.js';
import { SimObject } from '../object.js';
import { PAGE_SIZE, type Page } from '../page.js';
import type { PipeState } from '../states.js';
import { WaitQueue } from '../wait.js';
import { resize } from './capacity.js';
import { Ring } from './ring.js';
import { readPipe, writePipe } from './stream.js';

/** A struct pipe_buffer: `length` bytes of the page from `offset` on. */
export interface Slot {
  readonly page: Page;
  offset: number;
  length: number;
  /** The page is the pipe's own, so a write may go on behind the slot's bytes. */
  readonly isMergeable: boolean;
  /** A read takes it whole and drops what does not fit. */
  readonly isPacket: boolean;
}

/** What a name in the tree adds to a pipe. */
export interface PipeName {
  readonly path: string;
  stat(stat: BigInt64Array): void;
  statfs(statfs: BigInt64Array): void;
  /** The last description of the pipe has gone, and what was in it with it. */
  pipeEnded(): void;
  /** open(2), once more. */
  open(call: Call, flags: number): Opening;
}

/** PIPEFS_MAGIC */
const PIPE_MAGIC = 0x50495045n;
/** pipefs has a device of its own. */
const PIPE_DEVICE = 14n;

export class Pipe extends SimObject {
  readonly kind = 'pipe';
  readonly slots = new Ring<Slot>();
  /** Who waits for data, and who for room. */
  readonly readQueue = new WaitQueue();
  readonly writeQueue = new WaitQueue();
  readonly asyncReaders = new AsyncList();
  readonly asyncWriters = new AsyncList();
  /** How many descriptions are open for each. */
  readers = 0;
  writers = 0;
  /**
   * Somebody has asked poll(2) or epoll(7): from then on each write is an event, not only the first
   * into an empty pipe, for the sake of old programs with EPOLLET.
   */
  isPolled = false;
  readonly inode: number;

  constructor(
    readonly machine: Machine,
    readonly user: User,
    /** How many slots it may have. */
    public slotLimit: number,
    /** The FIFO it belongs to, if it has a name. */
    readonly fifo?: PipeName,
  ) {
    super();
    this.inode = machine.newInode();
  }

  get isEmpty(): boolean {
    return this.slots.count === 0;
  }

  get isFull(): boolean {
    return this.slots.count >= this.slotLimit;
  }

  /** How many bytes are in it. */
  get length(): number {
    let length = 0;
    for (let index = 0; index < this.slots.count; index++) length += this.slots.at(index).length;
    return length;
  }

  /** Drops the oldest slot and its reference to the page. */
  drop(): void {
    this.machine.pages.release(this.slots.shift().page);
  }

  /** Takes `length` bytes off the oldest slot, and the slot away when it is used up. */
  consume(length: number): void {
    const slot = this.slots.at(0);
    slot.offset += length;
    slot.length -= length;
    if (slot.length === 0) this.drop();
  }

  /** A splice has brought data: who waits there hears of it whatever event he asked for. */
  tellReaders(): void {
    this.readQueue.wake();
    this.asyncReaders.send(this.machine, POLL_IN);
  }

  /** A splice has made room. */
  tellWriters(): void {
    this.writeQueue.wake();
    this.asyncWriters.send(this.machine, POLL_OUT);
  }

  override get supportsNoWait(): boolean {
    return true;
  }

  /** O_DIRECT is packet mode here. */
  override get supportsDirect(): boolean {
    return true;
  }

  override opened(file: Description): void {
    if (file.isReadable) this.readers++;
    if (file.isWritable) this.writers++;
  }

  override released(file: Description): void {
    if (file.isReadable) this.readers--;
    if (file.isWritable) this.writers--;
    this.asyncReaders.remove(file);
    this.asyncWriters.remove(file);
    if ((this.readers === 0) !== (this.writers === 0)) this.#tellAll();
    if (this.readers + this.writers === 0) this.#end();
  }

  /** The last reader or the last writer has gone. */
  #tellAll(): void {
    this.readQueue.wakeAll();
    this.writeQueue.wakeAll();
    this.asyncReaders.send(this.machine, POLL_IN);
    this.asyncWriters.send(this.machine, POLL_OUT);
  }

  #end(): void {
    while (!this.isEmpty) this.drop();
    this.user.pipePages -= this.slotLimit;
    this.slotLimit = 0;
    this.fifo?.pipeEnded();
  }

  override read(file: Description, memory: Cursor, _position: null, call: Call): number {
    return readPipe(this, file, memory, call);
  }

  override write(file: Description, memory: Cursor, _position: null, call: Call): number {
    return writePipe(this, file, memory, call);
  }

  override poll(file: Description): number {
    this.isPolled = true;
    let mask = 0;
    if (file.isReadable) {
      if (!this.isEmpty) mask |= POLLIN;
      if (this.writers === 0) mask |= POLLHUP;
    }
    if (file.isWritable) {
      if (!this.isFull) mask |= POLLOUT;
      if (this.readers === 0) mask |= POLLERR;
    }
    return mask;
  }

  override queues(file: Description): readonly WaitQueue[] {
    if (!file.isWritable) return [this.readQueue];
    return file.isReadable ? [this.readQueue, this.writeQueue] : [this.writeQueue];
  }

  override setAsync(file: Description, on: boolean): void {
    if (file.isReadable) this.asyncReaders.set(file, on);
    if (file.isWritable) this.asyncWriters.set(file, on);
  }

  override get path(): string {
    return this.fifo?.path ?? `pipe:[${this.inode}]`;
  }

  override allocate(): number {
    return -ESPIPE;
  }

  override statfs(statfs: BigInt64Array): void {
    super.statfs(statfs);
    statfs[STATFS_TYPE] = PIPE_MAGIC;
    this.fifo?.statfs(statfs);
  }

  override stat(stat: BigInt64Array): void {
    stat[STAT_DEV] = PIPE_DEVICE;
    stat[STAT_INO] = BigInt(this.inode);
    stat[STAT_MODE] = BigInt(S_IFIFO | 0o600);
    stat[STAT_NLINK] = 1n;
    stat[STAT_BLKSIZE] = BigInt(PAGE_SIZE);
    this.fifo?.stat(stat);
  }

  override unread(): number {
    return this.length;
  }

  override capacity(): number {
    return this.slotLimit * PAGE_SIZE;
  }

  override setCapacity(bytes: number, call: Call): number {
    return resize(this, bytes, call.caller);
  }

  override inspect(placeOf: (page: Page) => number): PipeState {
    const slots = Array.from({ length: this.slots.count }, (_, index) => {
      const slot = this.slots.at(index);
      return { ...slot, page: placeOf(slot.page) };
    });
    const { inode, slotLimit, readers, writers } = this;
    return { inode, slotLimit, readers, writers, slots };
  }
}
