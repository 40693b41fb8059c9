/** eventfd(2): a counter of 64 bits that can be waited for. This module is browser compatible. */
import { EAGAIN, EFAULT, EINVAL, EMFILE } from '../../errno.js';
import * as f from '../../flags.js';
import type { FileCalls } from '../../kernel.js';
import type { Call } from '../call.js';
import { Cursor } from '../cursor.js';
import { int } from '../decode.js';
import { Description } from '../description.js';
import { SimObject } from '../object.js';
import { type Rows, row } from '../row.js';
import { WaitQueue } from '../wait.js';

export const eventfdRows: Rows<Pick<FileCalls, 'eventfd'>> = { eventfd: row([int, int], eventfd) };

const KNOWN_FLAGS = f.EFD_CLOEXEC | f.EFD_NONBLOCK | f.EFD_SEMAPHORE;

function eventfd({ caller }: Call, initial: number, flags: number): number {
  if ((flags & ~KNOWN_FLAGS) !== 0) return -EINVAL;
  const { table, descriptorLimit, machine } = caller;
  if (!table.hasRoom(1, descriptorLimit)) return -EMFILE;
  const isSemaphore = (flags & f.EFD_SEMAPHORE) !== 0;
  const counter = new Counter(BigInt(initial >>> 0), isSemaphore, machine.newInode());
  const file = new Description(counter, f.O_RDWR | (flags & f.EFD_NONBLOCK));
  return table.open(file, (flags & f.EFD_CLOEXEC) !== 0, descriptorLimit);
}

const WORD_BYTES = 8;
/** It never gets as high by write(2). */
const END = 2n ** 64n - 1n;

class Counter extends SimObject {
  readonly kind = 'eventfd';
  readonly #queue = new WaitQueue();

  constructor(
    public value: bigint,
    readonly isSemaphore: boolean,
    readonly inode: number,
  ) {
    super();
  }

  override get supportsNoWait(): boolean {
    return true;
  }

  override knowsFlags(writing: boolean): boolean {
    return !writing;
  }

  /** Takes all of it, or one of a semaphore. */
  override read(file: Description, memory: Cursor, _position: null, call: Call): number {
    if (memory.left < WORD_BYTES) return -EINVAL;
    if (this.value === 0n) return this.#refused(file, call);
    const taken = this.isSemaphore ? 1n : this.value;
    this.value -= taken;
    this.#queue.wake(f.POLLOUT);
    const bytes = new Uint8Array(BigUint64Array.of(taken).buffer);
    return memory.fill(bytes, 0, WORD_BYTES) < WORD_BYTES ? -EFAULT : WORD_BYTES;
  }

  override write(file: Description, memory: Cursor, _position: null, call: Call): number {
    const added = readWord(memory);
    if (typeof added === 'number') return added;
    if (END - this.value <= added) return this.#refused(file, call);
    this.value += added;
    this.#queue.wake(f.POLLIN);
    return WORD_BYTES;
  }

  #refused(file: Description, call: Call): number {
    return call.isNonBlocking(file) ? -EAGAIN : call.sleepInTurn(this.#queue);
  }

  override poll(): number {
    const readable = this.value > 0n ? f.POLLIN : 0;
    const writable = this.value < END - 1n ? f.POLLOUT : 0;
    return readable | writable | (this.value === END ? f.POLLERR : 0);
  }

  override queues(): readonly WaitQueue[] {
    return [this.#queue];
  }

  override get isSeekable(): boolean {
    return true;
  }

  /** Every offset is 0. */
  override seek(): number {
    return 0;
  }

  override stat(stat: BigInt64Array): void {
    stat[f.STAT_DEV] = ANONYMOUS_DEVICE;
    stat[f.STAT_INO] = BigInt(this.inode);
    stat[f.STAT_MODE] = 0o600n;
    stat[f.STAT_NLINK] = 1n;
    stat[f.STAT_BLKSIZE] = 4096n;
  }

  override inspect(): Readonly<Record<string, unknown>> {
    return { value: `${this.value}`, isSemaphore: this.isSemaphore };
  }
}

/** The file system of what is neither file nor pipe nor socket. */
const ANONYMOUS_DEVICE = 16n;

/** Reads the value, and leaves the cursor where it is for the next attempt. */
function readWord({ pieces, left, space, tally }: Cursor): bigint | number {
  if (left !== WORD_BYTES) return -EINVAL;
  const memory = new Cursor(pieces, WORD_BYTES, space, tally);
  const word = new BigUint64Array(1);
  if (memory.take(new Uint8Array(word.buffer), 0, WORD_BYTES) < WORD_BYTES) return -EFAULT;
  const value = word[0] as bigint;
  return value === END ? -EINVAL : value;
}
