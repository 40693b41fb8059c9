/** splice(2) and tee(2) from pipe to pipe: slots change hands, bytes stay. Browser compatible. */
import type { Call } from '../call.js';
import type { Pipe, Slot } from './pipe.js';
import { awaitData, awaitRoom } from './room.js';

/** Moves up to `length` bytes. */
export function movePipe(source: Pipe, target: Pipe, length: number, call: Call): number {
  const waits = awaitData(source, call) || awaitRoom(target, call);
  if (waits !== 0) return waits;
  if (target.readers === 0) return call.broken();
  let isRoomier = false;
  while (call.done < length && !source.isEmpty && !target.isFull) {
    const slot = source.slots.at(0);
    const wanted = Math.min(slot.length, length - call.done);
    if (wanted === slot.length) {
      target.slots.push(source.slots.shift());
      isRoomier = true;
    } else {
      shareSlot(target, slot, wanted);
      source.consume(wanted);
    }
    call.done += wanted;
    call.tally.pagesPassed++;
  }
  if (call.done > 0) target.tellReaders();
  if (isRoomier) source.tellWriters();
  return call.done;
}

/** Copies references to up to `length` bytes, and consumes none. */
export function teePipe(source: Pipe, target: Pipe, length: number, call: Call): number {
  const waits = awaitData(source, call) || awaitRoom(target, call);
  if (waits !== 0) return waits;
  if (target.readers === 0) return call.broken();
  const { slots } = source;
  for (let index = 0; index < slots.count && call.done < length && !target.isFull; index++) {
    const slot = slots.at(index);
    const wanted = Math.min(slot.length, length - call.done);
    shareSlot(target, slot, wanted);
    call.done += wanted;
    call.tally.pagesPassed++;
  }
  if (call.done > 0) target.tellReaders();
  return call.done;
}

/**
 * The first bytes of the slot in the target too. Only one of the two may go on writing behind its
 * bytes: the slot that was there.
 */
function shareSlot(target: Pipe, { page, offset, isPacket }: Slot, length: number): void {
  target.machine.pages.share(page);
  target.slots.push({ page, offset, length, isMergeable: false, isPacket });
}
