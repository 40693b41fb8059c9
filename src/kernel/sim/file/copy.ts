/**
 * sendfile(2) and copy_file_range(2): splice(2) through a pipe that belongs to the call. This
 * module is browser compatible.
 */
import * as e from '../../errno.js';
import { MAX_RW_COUNT, O_APPEND, O_NONBLOCK, S_IFDIR, S_IFREG } from '../../flags.js';
import type { FileCalls, Offset, OffsetPointer } from '../../kernel.js';
import { type Call, type Outcome, WOULD_SLEEP } from '../call.js';
import { fd, int, offsetPointer, size } from '../decode.js';
import type { Description } from '../description.js';
import { distance, isBeyond, OffsetVariable, plus } from '../offset.js';
import { PAGE_SIZE } from '../page.js';
import { consumeBytes } from '../pipe/carry.js';
import { Pipe } from '../pipe/pipe.js';
import { awaitReadRoom } from '../pipe/room.js';
import { type Rows, row } from '../row.js';
import { Inode } from './inode.js';
import { writable } from './limit.js';

export const copyRows: Rows<Pick<FileCalls, 'sendfile' | 'copy_file_range'>> = {
  sendfile: row([fd, fd, offsetPointer, size], sendfile),
  copy_file_range: row([fd, offsetPointer, fd, offsetPointer, size, int], copyFileRange),
};

/** One end of a copy: where it starts, and what moves with it. */
class End {
  readonly start: Offset;

  constructor(
    readonly file: Description,
    readonly variable?: OffsetVariable,
  ) {
    this.start = variable?.value ?? file.offset;
  }

  /** So many bytes have moved since the start; −EFAULT where that cannot be said. */
  advance(done: number): number {
    const { variable } = this;
    if (variable !== undefined && variable.value !== null) return variable.advance(done);
    this.file.offset = plus(this.start, done);
    return 0;
  }
}

function sendfile(
  call: Call,
  fdOut: number,
  fdIn: number,
  offset: OffsetPointer,
  count: number,
): Outcome {
  const variable = OffsetVariable.read(call, offset);
  if (typeof variable === 'number') return variable;
  const source = call.file(fdIn);
  if (source === undefined || !source.isReadable) return -e.EBADF;
  if (variable.value !== null && !source.object.hasPositions) return -e.ESPIPE;
  const from = new End(source, variable);
  const refused = verify(from.start, count);
  if (refused < 0) return refused;
  const target = call.file(fdOut);
  if (target === undefined || !target.isWritable) return -e.EBADF;
  const length = within(source, target, from.start, Math.min(count, MAX_RW_COUNT));
  if (length < 0) return length;
  const { object } = target;
  if (object instanceof Pipe) return intoPipe(from, target, object, length, call);
  if ((target.flags & O_APPEND) !== 0 || !source.object.isSeekable) return -e.EINVAL;
  const to = object.hasPositions ? new End(target) : undefined;
  return () => pump({ from, target, to, length }, call);
}

const OFFSET_END = 2n ** 63n;

/** rw_verify_area: −EINVAL for what is before the start or beyond all offsets. */
function verify(start: Offset, length: number): number {
  if (start < 0) return -e.EINVAL;
  return isBeyond(start, length) ? -e.EINVAL : 0;
}

/** How much of it both file systems have offsets for; −EOVERFLOW for none. */
function within(source: Description, target: Description, start: Offset, count: number): number {
  const largest = [source, target].map(({ object }) =>
    object instanceof Inode ? object.fileSystem.kind.largest : OFFSET_END - 1n,
  );
  const end = largest.reduce((one, other) => (one < other ? one : other));
  if (plus(start, count) <= end) return count;
  return start >= end ? -e.EOVERFLOW : distance(start, end);
}

/** What fits into the pipe now, or once there is room. */
function intoPipe(from: End, target: Description, pipe: Pipe, count: number, call: Call): Outcome {
  if ((target.flags & O_NONBLOCK) !== 0) call.mustNotSplice = true;
  return () => {
    const waits = awaitReadRoom(pipe, call);
    if (waits !== 0 || count === 0) return waits;
    const { file } = from;
    const start = file.object.hasPositions ? from.start : null;
    const length = Math.min(count, (pipe.slotLimit - pipe.slots.count) * PAGE_SIZE);
    const moved = file.object.spliceRead(file, start, pipe, length, call);
    if (moved <= 0) return moved;
    pipe.tellReaders();
    return from.advance(moved) || moved;
  };
}

/** A copy under way. What has moved is `call.done`, and the offsets move with it. */
interface Copy {
  readonly from: End;
  readonly target: Description;
  /** undefined where the target has no positions. */
  readonly to: End | undefined;
  readonly length: number;
}

/** How many slots the pipe in between has. */
const SLOTS = 16;

/** Piece by piece, until one is short. */
function pump(copy: Copy, call: Call): number {
  const pipe = new Pipe(call.caller.machine, call.caller.user, SLOTS);
  let result = call.done;
  while (call.done < copy.length) {
    result = pumpOnce(copy, pipe, call);
    if (result <= 0) break;
  }
  if (result === WOULD_SLEEP) return result;
  return call.done > 0 ? call.done : result;
}

/**
 * One fill of the pipe. Answers what has moved; 0 at the end and where it was short. What the
 * target did not take goes, and is read again.
 */
function pumpOnce({ from, target, to, length }: Copy, pipe: Pipe, call: Call): number {
  const before = call.done;
  const wanted = Math.min(length - before, SLOTS * PAGE_SIZE);
  const { file } = from;
  const read = file.object.spliceRead(file, plus(from.start, before), pipe, wanted, call);
  if (read <= 0) return read;
  const position = to === undefined ? null : plus(to.start, before);
  // Whatever the target counts in the call, what has left the pipe is what has moved.
  call.done = 0;
  const answer = target.object.spliceWrite(pipe, target, position, read, call);
  const left = pipe.length;
  consumeBytes(pipe, left);
  call.done = before + read - left;
  const refused = from.advance(call.done) || (to?.advance(call.done) ?? 0);
  if (refused < 0) return refused;
  if (answer < 0) return answer;
  return left > 0 ? 0 : read;
}

function copyFileRange(
  call: Call,
  fdIn: number,
  offsetIn: OffsetPointer,
  fdOut: number,
  offsetOut: OffsetPointer,
  count: number,
  flags: number,
): Outcome {
  const source = call.file(fdIn);
  const target = call.file(fdOut);
  if (source === undefined || target === undefined) return -e.EBADF;
  const input = OffsetVariable.read(call, offsetIn);
  if (typeof input === 'number') return input;
  const output = OffsetVariable.read(call, offsetOut);
  if (typeof output === 'number') return output;
  if (flags !== 0) return -e.EINVAL;
  const [from, to] = [new End(source, input), new End(target, output)];
  const length = rangeLength(from, to, count, call);
  if (length < 0) return length;
  const refused = verify(from.start, length) || verify(to.start, length);
  if (refused < 0) return refused;
  return () => pump({ from, target, to, length: Math.min(length, MAX_RW_COUNT) }, call);
}

/** How much there is to copy; −errno, in the order of Linux. */
function rangeLength(from: End, to: End, count: number, call: Call): number {
  const refused = pairable(from.file, to.file);
  if (refused < 0) return refused;
  const [source, target] = [from.file.object as Inode, to.file.object as Inode];
  if (wraps(from.start, count) || wraps(to.start, count)) return -e.EOVERFLOW;
  const left = Math.max(0, distance(from.start, source.size));
  const { largest } = target.fileSystem.kind;
  const length = writable(call, to.start, Math.min(count, left), largest);
  if (length < 0) return length;
  const overlaps =
    source === target && plus(to.start, length) > from.start && to.start < plus(from.start, length);
  return overlaps ? -e.EINVAL : length;
}

/** Whether bytes can go from one to the other: regular files of one file system. */
function pairable(source: Description, target: Description): number {
  const [input, output] = [source.object, target.object];
  for (const object of [input, output]) {
    if (object instanceof Inode && object.type === S_IFDIR) return -e.EISDIR;
  }
  for (const object of [input, output]) {
    if (!(object instanceof Inode) || object.type !== S_IFREG) return -e.EINVAL;
  }
  const isOpen = source.isReadable && target.isWritable && (target.flags & O_APPEND) === 0;
  if (!isOpen) return -e.EBADF;
  return (input as Inode).fileSystem === (output as Inode).fileSystem ? 0 : -e.EXDEV;
}

/** Whether the end of the range is beyond 64 bits: a negative offset is a large one. */
function wraps(start: Offset, length: number): boolean {
  return start < 0 && plus(start, length) >= 0;
}
