/**
 * read(2) and write(2) of a pipe, in the order of Linux (fs/pipe.c): what merges, what is whole,
 * who is woken when. This module is browser compatible.
 */
import { EAGAIN, EFAULT } from '../../errno.js';
import { O_DIRECT, POLL_IN, POLL_OUT, POLLIN, POLLOUT } from '../../flags.js';
import type { Call } from '../call.js';
import type { Cursor } from '../cursor.js';
import type { Description } from '../description.js';
import { PAGE_SIZE } from '../page.js';
import type { Pipe, Slot } from './pipe.js';

/** Takes what is there; sleeps only while there is nothing and somebody may write. */
export function readPipe(pipe: Pipe, file: Description, memory: Cursor, call: Call): number {
  if (memory.left === 0) return 0;
  const wasFull = pipe.isFull;
  const result = takeSlots(pipe, memory);
  if (result === 0 && pipe.writers > 0) {
    if (!call.isNonBlocking(file)) return call.sleepInTurn(pipe.readQueue);
    pipe.asyncWriters.send(pipe.machine, POLL_OUT);
    return -EAGAIN;
  }
  if (wasFull && !pipe.isFull) pipe.writeQueue.wake(POLLOUT);
  // Who was woken and leaves something wakes the next reader: the wake-up was for one.
  if (call.hasSlept && !pipe.isEmpty) pipe.readQueue.wake(POLLIN);
  pipe.asyncWriters.send(pipe.machine, POLL_OUT);
  return result;
}

function takeSlots(pipe: Pipe, memory: Cursor): number {
  let done = 0;
  while (!pipe.isEmpty && memory.left > 0) {
    const slot = pipe.slots.at(0);
    const length = Math.min(slot.length, memory.left);
    // Bytes that met a bad address halfway are not taken: the slot stays whole.
    if (memory.fill(slot.page.bytes, slot.offset, length) < length) return done || -EFAULT;
    done += length;
    const { isPacket } = slot;
    if (isPacket) pipe.drop();
    else pipe.consume(length);
    if (isPacket) break;
  }
  return done;
}

/** Up to PIPE_BUF bytes go in as one piece; of more, what fits now. Sleeps until all is in. */
export function writePipe(pipe: Pipe, file: Description, memory: Cursor, call: Call): number {
  if (memory.left === 0) return 0;
  if (pipe.readers === 0) return call.broken();
  const wasEmpty = pipe.isEmpty;
  const result = putSlots(pipe, file, memory, call);
  if (wasEmpty || pipe.isPolled) pipe.readQueue.wake(POLLIN);
  pipe.asyncReaders.send(pipe.machine, POLL_IN);
  if (call.hasSlept && !pipe.isFull) pipe.writeQueue.wake(POLLOUT);
  return result;
}

function putSlots(pipe: Pipe, file: Description, memory: Cursor, call: Call): number {
  // What is more than whole pages goes behind what is there, so that the rest is whole pages.
  if (!call.hasSlept) {
    const odd = memory.left % PAGE_SIZE;
    const slot = pipe.slots.last;
    if (odd > 0 && slot !== undefined && hasRoomFor(slot, odd)) {
      if (memory.take(slot.page.bytes, slot.offset + slot.length, odd) < odd) return -EFAULT;
      slot.length += odd;
      call.done += odd;
    }
  }
  while (memory.left > 0) {
    if (pipe.isFull) return refused(pipe, file, call);
    if (!putPage(pipe, file, memory, call)) return call.done || -EFAULT;
  }
  return call.done;
}

function hasRoomFor(slot: Slot, length: number): boolean {
  return slot.isMergeable && slot.offset + slot.length + length <= PAGE_SIZE;
}

function refused(pipe: Pipe, file: Description, call: Call): number {
  if (call.isNonBlocking(file)) return call.done || -EAGAIN;
  return call.sleepInTurn(pipe.writeQueue);
}

/** One page more. Answers whether all of it could be copied. */
function putPage(pipe: Pipe, file: Description, memory: Cursor, call: Call): boolean {
  const { pages } = pipe.machine;
  const page = pages.take();
  const wanted = Math.min(PAGE_SIZE, memory.left);
  const length = memory.take(page.bytes, 0, wanted);
  if (length < wanted) {
    pages.release(page);
    return false;
  }
  const isPacket = (file.flags & O_DIRECT) !== 0;
  pipe.slots.push({ page, offset: 0, length, isMergeable: !isPacket, isPacket });
  call.done += length;
  return true;
}
