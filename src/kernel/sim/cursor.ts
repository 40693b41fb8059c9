/**
 * The memory of a call, piece by piece, as a place that moves: bytes of JavaScript and addresses
 * alike. It stays where it is while the call sleeps. This module is browser compatible.
 */
import { EFAULT, EINVAL } from '../errno.js';
import { IOV_MAX, MAX_RW_COUNT } from '../flags.js';
import type { Memory } from '../kernel.js';
import type { Tally } from './counters.js';
import { PAGE_SIZE, Page } from './page.js';
import { ADDRESS_END, type AddressSpace } from './space.js';

const SSIZE_END = 2n ** 63n;
/** Below so many bytes a loop is faster than a view. */
const SMALL_BYTES = 48;

export class Cursor {
  #index = 0;
  /** How far into the piece. */
  #at = 0;
  #left: number;

  constructor(
    readonly pieces: readonly Memory[],
    length: number,
    readonly space: AddressSpace,
    readonly tally: Tally,
  ) {
    this.#left = length;
  }

  /** How many bytes are still to come. */
  get left(): number {
    return this.#left;
  }

  /** Takes no more than so many bytes from here on. */
  limit(length: number): void {
    this.#left = Math.min(this.#left, length);
  }

  /** Fills the memory from `bytes`. Answers how many bytes: fewer at a bad address or the end. */
  fill(bytes: Uint8Array, start: number, length: number): number {
    return this.#move(bytes, start, length, copyIn);
  }

  /** Reads the memory into `bytes`, in the same way. */
  take(bytes: Uint8Array, start: number, length: number): number {
    return this.#move(bytes, start, length, copyOut);
  }

  /**
   * The memory under the place as a page, for vmsplice(2): the bytes from `offset` on, as many as
   * lie in this page and this piece, with a reference for the taker. undefined at a bad address.
   * Does not move on: `advance` does.
   */
  page(): { page: Page; offset: number; length: number } | undefined {
    const piece = this.#piece() as Memory;
    const inPiece = Math.min(lengthOf(piece) - this.#at, this.#left);
    if (piece instanceof Uint8Array) return pageOfBytes(piece, this.#at, inPiece);
    const address = Number(piece[0]) + this.#at;
    const page = this.space.page(address);
    if (page === undefined) return undefined;
    const offset = address % PAGE_SIZE;
    return { page, offset, length: Math.min(PAGE_SIZE - offset, inPiece) };
  }

  /** Moves on by bytes that `page` gave. */
  advance(length: number): void {
    this.#at += length;
    this.#left -= length;
  }

  #move(bytes: Uint8Array, start: number, length: number, copy: Copy): number {
    const wanted = Math.min(length, this.#left);
    let done = 0;
    while (done < wanted) {
      const piece = this.#piece() as Memory;
      const room = Math.min(lengthOf(piece) - this.#at, wanted - done);
      const moved = copy(this.space, piece, this.#at, bytes, start + done, room);
      this.#at += moved;
      done += moved;
      if (moved < room) break;
    }
    this.#left -= done;
    this.tally.bytesCopied += done;
    return done;
  }

  /** The piece under the place: those that are used up, or empty, are behind it. */
  #piece(): Memory | undefined {
    let piece = this.pieces[this.#index];
    while (piece !== undefined && this.#at === lengthOf(piece)) {
      piece = this.pieces[++this.#index];
      this.#at = 0;
    }
    return piece;
  }
}

/**
 * How many bytes one piece has, as read(2) takes it; −EFAULT where the address is beyond all
 * memory.
 */
export function lengthOfOne(memory: Memory): number {
  if (memory instanceof Uint8Array) return Math.min(memory.length, MAX_RW_COUNT);
  return isBeyond(memory) ? -EFAULT : Math.min(lengthOf(memory), MAX_RW_COUNT);
}

/** The same of an iovec: −EINVAL for too many pieces and for a length that is no ssize_t. */
export function lengthOfVector(vector: readonly Memory[]): number {
  if (vector.length > IOV_MAX) return -EINVAL;
  let length = 0;
  let beyond = false;
  for (const piece of vector) {
    if (!(piece instanceof Uint8Array)) {
      if ((piece[1] as bigint) >= SSIZE_END) return -EINVAL;
      beyond ||= isBeyond(piece);
    }
    length += lengthOf(piece);
  }
  return beyond ? -EFAULT : Math.min(length, MAX_RW_COUNT);
}

function isBeyond(memory: BigUint64Array): boolean {
  return Number(memory[0]) + Number(memory[1]) > ADDRESS_END;
}

function lengthOf(memory: Memory): number {
  return memory instanceof Uint8Array ? memory.length : Number(memory[1]);
}

/** Bytes of JavaScript as if their array began with a page. */
function pageOfBytes(piece: Uint8Array, at: number, inPiece: number) {
  const length = Math.min(PAGE_SIZE - (at % PAGE_SIZE), inPiece);
  return { page: new Page(piece.subarray(at, at + length), true), offset: 0, length };
}

type Copy = (
  space: AddressSpace,
  piece: Memory,
  at: number,
  bytes: Uint8Array,
  start: number,
  length: number,
) => number;

function copyIn(...[space, piece, at, bytes, start, length]: Parameters<Copy>): number {
  if (piece instanceof Uint8Array) return copyBytes(bytes, start, piece, at, length);
  return space.store(Number(piece[0]) + at, bytes, start, length);
}

function copyOut(...[space, piece, at, bytes, start, length]: Parameters<Copy>): number {
  if (piece instanceof Uint8Array) return copyBytes(piece, at, bytes, start, length);
  return space.load(Number(piece[0]) + at, bytes, start, length);
}

/** memmove(3). Answers the length. */
export function copyBytes(
  source: Uint8Array,
  from: number,
  target: Uint8Array,
  to: number,
  length: number,
): number {
  if (length > SMALL_BYTES || source.buffer === target.buffer) {
    target.set(source.subarray(from, from + length), to);
    return length;
  }
  for (let index = 0; index < length; index++) target[to + index] = source[from + index] as number;
  return length;
}
