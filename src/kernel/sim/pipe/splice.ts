/**
 * splice(2) and tee(2): what is refused in which order, and which way it goes. This module is
 * browser compatible.
 */
import { EBADF, EINVAL, ESPIPE } from '../../errno.js';
import {
  O_APPEND,
  O_NONBLOCK,
  SPLICE_F_GIFT,
  SPLICE_F_MORE,
  SPLICE_F_MOVE,
  SPLICE_F_NONBLOCK,
} from '../../flags.js';
import type { Offset, OffsetPointer } from '../../kernel.js';
import type { Call, Outcome } from '../call.js';
import { WOULD_SLEEP } from '../call.js';
import type { Description } from '../description.js';
import { isBeyond, OffsetVariable } from '../offset.js';
import { PAGE_SIZE } from '../page.js';
import { movePipe, teePipe } from './move.js';
import { Pipe } from './pipe.js';
import { awaitData, awaitReadRoom } from './room.js';

const KNOWN_FLAGS = SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE | SPLICE_F_GIFT;

export function isSpliceFlags(flags: number): boolean {
  return (flags & ~KNOWN_FLAGS) === 0;
}

export function splice(
  call: Call,
  fdIn: number,
  offsetIn: OffsetPointer,
  fdOut: number,
  offsetOut: OffsetPointer,
  length: number,
  flags: number,
): Outcome {
  if (length === 0) return 0;
  if (!isSpliceFlags(flags)) return -EINVAL;
  const source = call.file(fdIn);
  const target = call.file(fdOut);
  if (source === undefined || target === undefined) return -EBADF;
  if (isPipe(source)) {
    if (isGiven(offsetIn)) return -ESPIPE;
    source.maySkipWait = false;
  }
  if (isPipe(target)) {
    if (isGiven(offsetOut)) return -ESPIPE;
    target.maySkipWait = false;
  }
  const to = OffsetVariable.read(call, offsetOut);
  if (typeof to === 'number') return to;
  const from = OffsetVariable.read(call, offsetIn);
  if (typeof from === 'number') return from;
  if (!source.isReadable || !target.isWritable) return -EBADF;
  call.mustNotSplice = (flags & SPLICE_F_NONBLOCK) !== 0;
  return way({ source, from, target, to, length }, call);
}

/** One splice, its descriptors found and its offsets read. */
interface Splice {
  readonly source: Description;
  readonly from: OffsetVariable;
  readonly target: Description;
  readonly to: OffsetVariable;
  readonly length: number;
}

/** Which of the three it is. */
function way(splice: Splice, call: Call): Outcome {
  const { source, target, length } = splice;
  const [input, output] = [source.object, target.object];
  if (input instanceof Pipe && output instanceof Pipe) {
    if (input === output) return -EINVAL;
    heed(source.flags | target.flags, call);
    return () => movePipe(input, output, length, call);
  }
  if (input instanceof Pipe) return fromPipe(input, splice, call);
  if (output instanceof Pipe) return toPipe(output, splice, call);
  return -EINVAL;
}

/** O_NONBLOCK of a pipe acts like SPLICE_F_NONBLOCK. */
function heed(flags: number, call: Call): void {
  if ((flags & O_NONBLOCK) !== 0) call.mustNotSplice = true;
}

function fromPipe(pipe: Pipe, { source, target, to, length }: Splice, call: Call): Outcome {
  const { object } = target;
  if (to.value !== null && !object.hasPositions) return -EINVAL;
  if ((target.flags & O_APPEND) !== 0) return -EINVAL;
  if (!isRange(to.value ?? target.offset, length) || !object.takesSplices) return -EINVAL;
  heed(source.flags, call);
  return () => {
    const waits = call.done > 0 ? 0 : awaitData(pipe, call);
    if (waits !== 0 || pipe.isEmpty) return waits || call.done;
    const { count } = pipe.slots;
    const result = object.spliceWrite(pipe, target, to.value, length, call);
    if (pipe.slots.count < count) pipe.tellWriters();
    return finish(result, to);
  };
}

function toPipe(pipe: Pipe, { source, from, target, length }: Splice, call: Call): Outcome {
  const { object } = source;
  if (from.value !== null && !object.hasPositions) return -EINVAL;
  if (!isRange(from.value ?? source.offset, length)) return -EINVAL;
  heed(target.flags, call);
  return () => {
    const waits = awaitReadRoom(pipe, call);
    if (waits !== 0) return waits;
    const room = (pipe.slotLimit - pipe.slots.count) * PAGE_SIZE;
    const result = object.spliceRead(source, from.value, pipe, Math.min(length, room), call);
    if (result > 0) pipe.tellReaders();
    return finish(result, from);
  };
}

function isRange(start: Offset, length: number): boolean {
  return start >= 0 && !isBeyond(start, length);
}

/** The offset variable moves with the bytes; that it cannot be written is known only now. */
function finish(result: number, variable: OffsetVariable): number {
  if (result === WOULD_SLEEP || result <= 0) return result;
  const stored = variable.advance(result);
  return stored < 0 ? stored : result;
}

function isPipe({ object }: Description): boolean {
  return object instanceof Pipe;
}

function isGiven(pointer: OffsetPointer): boolean {
  return pointer instanceof BigUint64Array ? pointer[0] !== 0n : pointer !== null;
}

export function tee(
  call: Call,
  fdIn: number,
  fdOut: number,
  length: number,
  flags: number,
): Outcome {
  if (!isSpliceFlags(flags)) return -EINVAL;
  if (length === 0) return 0;
  const source = call.file(fdIn);
  const target = call.file(fdOut);
  if (source === undefined || target === undefined) return -EBADF;
  if (!source.isReadable || !target.isWritable) return -EBADF;
  const [input, output] = [source.object, target.object];
  if (!(input instanceof Pipe && output instanceof Pipe) || input === output) return -EINVAL;
  call.mustNotSplice = (flags & SPLICE_F_NONBLOCK) !== 0;
  heed(source.flags | target.flags, call);
  return () => teePipe(input, output, length, call);
}
