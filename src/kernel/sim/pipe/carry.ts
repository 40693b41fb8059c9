/**
 * splice(2) between a pipe and what has no pages to give: by its own read and write, with the pages
 * of the pipe as the memory. This module is browser compatible.
 */
import type { Offset } from '../../kernel.js';
import type { Call } from '../call.js';
import { Cursor } from '../cursor.js';
import type { Description } from '../description.js';
import { PAGE_SIZE } from '../page.js';
import type { Pipe } from './pipe.js';

/** A `spliceRead`: new pages, filled by one read. Invariant: the pipe has the room. */
export function carryIn(
  file: Description,
  position: Offset | null,
  pipe: Pipe,
  length: number,
  call: Call,
): number {
  const { pages } = pipe.machine;
  const fresh = Array.from({ length: Math.ceil(length / PAGE_SIZE) }, () => pages.take());
  const memory = new Cursor(
    fresh.map(({ bytes }) => bytes),
    length,
    call.caller.space,
    call.tally,
  );
  const result = file.object.read(file, memory, position, call);
  let left = Math.max(result, 0);
  for (const page of fresh) {
    const size = Math.min(left, PAGE_SIZE);
    if (size === 0) pages.release(page);
    else pipe.slots.push({ page, offset: 0, length: size, isMergeable: false, isPacket: false });
    left -= size;
  }
  return result;
}

/** A `spliceWrite`: what the pipe holds, up to `length` bytes, by one write. */
export function carryOut(
  pipe: Pipe,
  file: Description,
  position: Offset | null,
  length: number,
  call: Call,
): number {
  const pieces: Uint8Array[] = [];
  let total = 0;
  for (let index = 0; index < pipe.slots.count && total < length; index++) {
    const slot = pipe.slots.at(index);
    const size = Math.min(slot.length, length - total);
    pieces.push(slot.page.bytes.subarray(slot.offset, slot.offset + size));
    total += size;
  }
  const memory = new Cursor(pieces, total, call.caller.space, call.tally);
  const result = file.object.write(file, memory, position, call);
  consumeBytes(pipe, Math.max(result, 0));
  return result;
}

/** Takes bytes off the front, slot by slot. Precondition: so many are there. */
export function consumeBytes(pipe: Pipe, length: number): void {
  for (let left = length; left > 0; ) {
    const size = Math.min(pipe.slots.at(0).length, left);
    pipe.consume(size);
    left -= size;
  }
}
