/** File offsets: exact beyond 2^53, and as variables that calls advance. Browser compatible. */
import { EFAULT } from '../errno.js';
import type { Offset, OffsetPointer } from '../kernel.js';
import type { Call } from './call.js';
import { PAGE_SIZE } from './page.js';

/** The sum: a number up to 2^53, a bigint beyond. */
export function plus(offset: Offset, length: number): Offset {
  if (typeof offset === 'number') {
    const sum = offset + length;
    if (Number.isSafeInteger(sum)) return sum;
  }
  const exact = BigInt(offset) + BigInt(length);
  return exact <= Number.MAX_SAFE_INTEGER ? Number(exact) : exact;
}

/** What an `off_t *` names: nothing, a value, or eight bytes of the process that are advanced. */
export class OffsetVariable {
  private constructor(
    /** null: no pointer was given. */
    readonly value: Offset | null,
    readonly call: Call,
    /** Where it is; undefined where it was given by value. */
    readonly address: number | undefined,
  ) {}

  /** Reads the variable; −EFAULT. */
  static read(call: Call, pointer: OffsetPointer): OffsetVariable | number {
    if (!(pointer instanceof BigUint64Array)) return new OffsetVariable(pointer, call, undefined);
    const address = Number(pointer[0]);
    // A null pointer is no pointer.
    if (address === 0) return new OffsetVariable(null, call, undefined);
    const word = new BigInt64Array(1);
    const bytes = new Uint8Array(word.buffer);
    if (call.caller.space.load(address, bytes, 0, 8) < 8) return -EFAULT;
    return new OffsetVariable(plus(word[0] as bigint, 0), call, address);
  }

  /** Advances the variable; 0 or −EFAULT. */
  advance(length: number): number {
    if (this.address === undefined || this.value === null || length === 0) return 0;
    const bytes = new Uint8Array(BigInt64Array.of(BigInt(plus(this.value, length))).buffer);
    return this.call.caller.space.store(this.address, bytes, 0, 8) < 8 ? -EFAULT : 0;
  }
}

/** The sum of two that may both be beyond 2^53. */
export function sum(one: Offset, other: Offset): Offset {
  return typeof other === 'number' ? plus(one, other) : plus(BigInt(one) + other, 0);
}

const OFFSET_END = 2n ** 63n;

/** Whether so many bytes from the offset on go beyond all offsets. */
export function isBeyond(offset: Offset, length: number): boolean {
  return typeof offset === 'bigint' && offset + BigInt(length) >= OFFSET_END;
}

/** How far it is from one offset to another; exact up to 2^53. */
export function distance(from: Offset, to: Offset): number {
  if (typeof from === 'number' && typeof to === 'number') return to - from;
  return Number(BigInt(to) - BigInt(from));
}

/** The page of a file that holds the byte at the offset. Exact up to 2^63. */
export function pageAt(offset: Offset): number {
  if (typeof offset === 'number') return Math.floor(offset / PAGE_SIZE);
  return Number(offset / BigInt(PAGE_SIZE));
}

/** How many pages hold so many bytes: the first page that begins at the offset or behind it. */
export function pagesIn(size: Offset): number {
  return pageAt(plus(size, PAGE_SIZE - 1));
}

/** How far into that page. */
export function insidePage(offset: Offset): number {
  return typeof offset === 'number' ? offset % PAGE_SIZE : Number(offset % BigInt(PAGE_SIZE));
}

/** Where a page of a file begins. */
export function startOfPage(index: number): Offset {
  const start = index * PAGE_SIZE;
  return Number.isSafeInteger(start) ? start : BigInt(index) * BigInt(PAGE_SIZE);
}
