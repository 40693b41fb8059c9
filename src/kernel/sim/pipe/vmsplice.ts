/**
 * vmsplice(2): pages of memory into a pipe, or what a pipe holds into memory. This module is
 * browser compatible.
 */
import { EBADF, EFAULT, EINVAL } from '../../errno.js';
import { SPLICE_F_NONBLOCK } from '../../flags.js';
import type { Memory } from '../../kernel.js';
import type { Call, Outcome } from '../call.js';
import type { Cursor } from '../cursor.js';
import { Pipe } from './pipe.js';
import { awaitData, awaitReadRoom } from './room.js';
import { isSpliceFlags } from './splice.js';

/** O_NONBLOCK is not asked here: only SPLICE_F_NONBLOCK keeps it from waiting. */
export function vmsplice(
  call: Call,
  fd: number,
  vector: readonly Memory[],
  flags: number,
): Outcome {
  if (!isSpliceFlags(flags)) return -EINVAL;
  const file = call.file(fd);
  if (file === undefined) return -EBADF;
  const memory = call.vector(vector);
  if (typeof memory === 'number') return memory;
  if (memory.left === 0) return 0;
  const { object } = file;
  if (!(object instanceof Pipe)) return -EBADF;
  file.maySkipWait = false;
  call.mustNotSplice = (flags & SPLICE_F_NONBLOCK) !== 0;
  if (file.isWritable) return () => givePages(object, memory, call);
  return () => takeBytes(object, memory, call);
}

/** How many pages are looked up at a time: also those for which there is no slot then. */
const BATCH_PAGES = 16;

/** Each page, or the part of one that a piece covers, becomes a slot. */
function givePages(pipe: Pipe, memory: Cursor, call: Call): number {
  const waits = awaitReadRoom(pipe, call);
  if (waits !== 0) return waits;
  let fits = true;
  for (let index = 0; memory.left > 0 && (fits || index % BATCH_PAGES > 0); index++) {
    const part = memory.page();
    if (part === undefined) break;
    memory.advance(part.length);
    fits &&= !pipe.isFull;
    if (fits) {
      pipe.slots.push({ ...part, isMergeable: false, isPacket: false });
      call.done += part.length;
      call.tally.pagesPassed++;
    } else {
      pipe.machine.pages.release(part.page);
    }
  }
  if (call.done === 0) return -EFAULT;
  pipe.tellReaders();
  return call.done;
}

function takeBytes(pipe: Pipe, memory: Cursor, call: Call): number {
  const waits = awaitData(pipe, call);
  if (waits !== 0) return waits;
  const { count } = pipe.slots;
  let refusal = 0;
  while (memory.left > 0 && !pipe.isEmpty && refusal === 0) {
    const { page, offset, length } = pipe.slots.at(0);
    const wanted = Math.min(length, memory.left);
    if (memory.fill(page.bytes, offset, wanted) < wanted) {
      refusal = -EFAULT;
    } else {
      pipe.consume(wanted);
      call.done += wanted;
    }
  }
  if (pipe.slots.count < count) pipe.tellWriters();
  return call.done || refusal;
}
