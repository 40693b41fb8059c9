/**
 * What splice(2), tee(2) and vmsplice(2) wait for before they move anything: data in a pipe, room
 * in a pipe. Each answers 0 when it is there. This module is browser compatible.
 */
import { EAGAIN, EPIPE } from '../../errno.js';
import type { Call } from '../call.js';
import { BROKEN_PIPE } from '../signals.js';
import type { Pipe } from './pipe.js';

/** Until there is data or nobody writes any more. */
export function awaitData(pipe: Pipe, call: Call): number {
  if (!pipe.isEmpty || pipe.writers === 0) return 0;
  return call.mustNotSplice ? -EAGAIN : call.sleep(pipe.readQueue);
}

/** Until there is a free slot. That nobody reads is seen only while there is none. */
export function awaitRoom(pipe: Pipe, call: Call): number {
  if (!pipe.isFull) return 0;
  if (pipe.readers === 0) return broken(call);
  return call.mustNotSplice ? -EAGAIN : call.sleep(pipe.writeQueue);
}

/** The same, but a pipe that nobody reads is refused with room in it too. */
export function awaitReadRoom(pipe: Pipe, call: Call): number {
  return pipe.readers === 0 ? broken(call) : awaitRoom(pipe, call);
}

/** Nobody reads: SIGPIPE, and EPIPE unless something has moved. */
export function broken(call: Call): number {
  call.caller.signals.send(BROKEN_PIPE);
  return call.done || -EPIPE;
}
