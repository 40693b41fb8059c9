/** eventfd(2): a counter of 64 bits that can be waited for. This module is browser compatible. */
import { EAGAIN, EFAULT, EINVAL, EMFILE } from '../../errno.js';
import * as f from '../../flags.js';
import type { FileCalls, Memory } from '../../kernel.js';
import { AnonymousObject } from '../anonymous.js';
import type { Call } from '../call.js';
import { Cursor, lengthOfOne } from '../cursor.js';
import { int } from '../decode.js';
import { Description } from '../description.js';
import type { Machine } from '../machine.js';
import { type Rows, row } from '../row.js';
import type { CounterState } from '../states.js';
import { WaitQueue } from '../wait.js';

export const eventfdRows: Rows<Pick<FileCalls, 'eventfd'>> = { eventfd: row([int, int], eventfd) };

const KNOWN_FLAGS = f.EFD_CLOEXEC | f.EFD_NONBLOCK | f.EFD_SEMAPHORE;

function eventfd({ caller }: Call, initial: number, flags: number): number {
  if ((flags & ~KNOWN_FLAGS) !== 0) return -EINVAL;
  const { machine, table, descriptorLimit } = caller;
  if (!table.hasRoom(1, descriptorLimit)) return -EMFILE;
  const isSemaphore = (flags & f.EFD_SEMAPHORE) !== 0;
  const counter = new Counter(machine, BigInt(initial >>> 0), isSemaphore);
  const file = new Description(counter, f.O_RDWR | (flags & f.EFD_NONBLOCK));
  return table.open(file, (flags & f.EFD_CLOEXEC) !== 0, descriptorLimit);
}

const WORD_BYTES = 8;
/** What is on its way into memory or out of it: making such arrays costs more than all the rest. */
const WORD = new BigUint64Array(1);
const BYTES = new Uint8Array(WORD.buffer);
/** It never gets as high by write(2). */
const END = 2n ** 64n - 1n;

class Counter extends AnonymousObject {
  readonly kind = 'eventfd';
  readonly #queue = new WaitQueue();

  constructor(
    machine: Machine,
    public value: bigint,
    readonly isSemaphore: boolean,
  ) {
    super(machine);
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
    WORD[0] = taken;
    return memory.fill(BYTES, 0, WORD_BYTES) < WORD_BYTES ? -EFAULT : WORD_BYTES;
  }

  /** Each piece of memory is a value of its own. */
  override write(file: Description, memory: Cursor, _position: null, call: Call): number {
    for (;;) {
      const piece = memory.pieces[call.done / WORD_BYTES];
      if (piece === undefined) return call.done;
      const added = readWord(piece, memory);
      if (typeof added === 'number') return call.done || added;
      if (END - this.value <= added) return this.#refused(file, call);
      this.value += added;
      call.done += WORD_BYTES;
      this.#queue.wake(f.POLLIN);
    }
  }

  #refused(file: Description, call: Call): number {
    return call.isNonBlocking(file) ? call.done || -EAGAIN : call.sleepInTurn(this.#queue);
  }

  override poll(): number {
    const readable = this.value > 0n ? f.POLLIN : 0;
    const writable = this.value < END - 1n ? f.POLLOUT : 0;
    return readable | writable | (this.value === END ? f.POLLERR : 0);
  }

  override queues(): readonly WaitQueue[] {
    return [this.#queue];
  }

  override inspect(): CounterState {
    return { value: `${this.value}`, isSemaphore: this.isSemaphore };
  }
}

function readWord(piece: Memory, { space, tally }: Cursor): bigint | number {
  if (lengthOfOne(piece) !== WORD_BYTES) return -EINVAL;
  const memory = new Cursor([piece], WORD_BYTES, space, tally);
  if (memory.take(BYTES, 0, WORD_BYTES) < WORD_BYTES) return -EFAULT;
  const value = WORD[0] as bigint;
  return value === END ? -EINVAL : value;
}
