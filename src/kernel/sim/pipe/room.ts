/**
 * What splice(2), tee(2) and vmsplice(2) wait for before they move anything: data in a pipe, room
 * in a pipe. Each answers 0 when it is there. This module is browser compatible.
 */
import { EAGAIN } from '../../errno.js';
import type { Call } from '../call.js';
import type { Pipe } from './pipe.js';

/** Until there is data or nobody writes any more. */
export function awaitData(pipe: Pipe, call: Call): number {
  if (!pipe.isEmpty || pipe.writers === 0) return 0;
  return call.mustNotSplice ? -EAGAIN : call.sleep(pipe.readQueue);
}

/** Until there is a free slot. That nobody reads is seen only while there is none. */
export function awaitRoom(pipe: Pipe, call: Call): number {
  if (!pipe.isFull) return 0;
  if (pipe.readers === 0) return call.broken();
  return call.mustNotSplice ? -EAGAIN : call.sleep(pipe.writeQueue);
}

/** The same, but a pipe that nobody reads is refused with room in it too. */
export function awaitReadRoom(pipe: Pipe, call: Call): number {
  return pipe.readers === 0 ? call.broken() : awaitRoom(pipe, call);
}
