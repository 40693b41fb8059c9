/**
 * What goes wrong between two ends of a ring, as errors. This module is browser compatible.
 */
import { SluiceError, type SluiceErrorCode } from '../../kernel/error.js';
import { CLOSED, OPEN, UNOPENED } from './layout.js';

/** An error of a ring that has to do with one of its lanes. */
export class RingError extends SluiceError {
  /** Of a receiver: the index of the sender it is about. */
  declare lane?: number;

  constructor(code: SluiceErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** The memory of a lane holds what its other end never writes: `what` is the word that tells. */
export function corrupt(what: string, value: number): RingError {
  const message = `the ring is corrupt: its other end never writes ${value} as a ${what}`;
  return new RingError('ERR_SLUICE_RING_CORRUPT', message);
}

export function senderDied(opened: boolean): RingError {
  const message = opened
    ? 'the sender is gone without having closed the ring: it was killed or it exited'
    : 'the sender is gone and had never opened the ring: it was killed, exited, or was not started';
  return new RingError('ERR_SLUICE_PEER_GONE', message);
}

export function receiverGone(state: number): RingError {
  const message = RECEIVER_GONE.get(state) ?? 'the receiver is gone';
  return new RingError('ERR_SLUICE_PEER_GONE', message);
}

const RECEIVER_GONE: ReadonlyMap<number, string> = new Map([
  [UNOPENED, 'the receiver is gone and had never opened the ring: it was killed, or not started'],
  [OPEN, 'the receiver is gone without having closed the ring: it was killed or it exited'],
  [CLOSED, 'the receiver has closed the ring'],
]);

export function closed(end: 'sender' | 'receiver'): SluiceError {
  return new SluiceError('ERR_SLUICE_CLOSED', `the ${end} of the ring is closed`);
}
