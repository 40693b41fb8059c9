/** read(2), readv(2), pread(2), preadv2(2) and their writing twins. Browser compatible. */
import { EBADF, EINVAL, EOPNOTSUPP, ESPIPE } from '../../errno.js';
import { RWF_APPEND, RWF_DSYNC, RWF_HIPRI, RWF_NOWAIT, RWF_SYNC } from '../../flags.js';
import type { IoCalls, Memory, Offset } from '../../kernel.js';
import type { Call, Outcome } from '../call.js';
import type { Cursor } from '../cursor.js';
import { fd, int, memory, offset, vector } from '../decode.js';
import type { Description } from '../description.js';
import { SimObject } from '../object.js';
import { isBeyond } from '../offset.js';
import { type Rows, row } from '../row.js';

type Transfers = Pick<
  IoCalls,
  | 'read'
  | 'write'
  | 'readv'
  | 'writev'
  | 'pread'
  | 'pwrite'
  | 'preadv'
  | 'pwritev'
  | 'preadv2'
  | 'pwritev2'
>;

export const transferRows: Rows<Transfers> = {
  read: row([fd, memory], (call, fd, memory) => one(call, fd, memory, null, READ)),
  write: row([fd, memory], (call, fd, memory) => one(call, fd, memory, null, WRITE)),
  readv: row([fd, vector], (call, fd, vector) => many(call, fd, vector, null, READ)),
  writev: row([fd, vector], (call, fd, vector) => many(call, fd, vector, null, WRITE)),
  pread: row([fd, memory, offset], (call, fd, memory, offset) =>
    offset < 0 ? -EINVAL : one(call, fd, memory, offset, READ),
  ),
  pwrite: row([fd, memory, offset], (call, fd, memory, offset) =>
    offset < 0 ? -EINVAL : one(call, fd, memory, offset, WRITE),
  ),
  preadv: row([fd, vector, offset], (call, fd, vector, offset) =>
    offset < 0 ? -EINVAL : many(call, fd, vector, offset, READ),
  ),
  pwritev: row([fd, vector, offset], (call, fd, vector, offset) =>
    offset < 0 ? -EINVAL : many(call, fd, vector, offset, WRITE),
  ),
  preadv2: row([fd, vector, offset, int], (call, fd, vector, offset, flags) =>
    flagged(call, fd, vector, offset, flags, READ),
  ),
  pwritev2: row([fd, vector, offset, int], (call, fd, vector, offset, flags) =>
    flagged(call, fd, vector, offset, flags, WRITE),
  ),
};

/** Which way a transfer goes. */
interface Direction {
  readonly writes: boolean;
  isOpen(file: Description): boolean;
  /** Whether the object has such a method at all: what has none refuses an empty vector too. */
  isKnown(file: Description): boolean;
  move(file: Description, memory: Cursor, position: Offset | null, call: Call): number;
}

const READ: Direction = {
  writes: false,
  isOpen: (file) => file.isReadable,
  isKnown: ({ object }) => object.read !== SimObject.prototype.read,
  move: (file, memory, position, call) => file.object.read(file, memory, position, call),
};

const WRITE: Direction = {
  writes: true,
  isOpen: (file) => file.isWritable,
  isKnown: ({ object }) => object.write !== SimObject.prototype.write,
  move: (file, memory, position, call) => file.object.write(file, memory, position, call),
};

/** `position` null is the description's own offset. */
function one(
  call: Call,
  fd: number,
  memory: Memory,
  position: Offset | null,
  direction: Direction,
): Outcome {
  const file = find(call, fd, position);
  if (typeof file === 'number') return file;
  if (!direction.isOpen(file)) return -EBADF;
  if (!direction.isKnown(file)) return -EINVAL;
  const cursor = call.memory(memory);
  if (typeof cursor === 'number') return cursor;
  if (isBeyond(position ?? file.offset, cursor.left)) return -EINVAL;
  return () => direction.move(file, cursor, position, call);
}

/** A vector is looked at before the access mode is, and one without bytes moves nothing. */
function many(
  call: Call,
  fd: number,
  vector: readonly Memory[],
  position: Offset | null,
  direction: Direction,
  flags = 0,
): Outcome {
  const file = find(call, fd, position);
  if (typeof file === 'number') return file;
  const cursor = call.vector(vector);
  if (typeof cursor === 'number') return cursor;
  if (!direction.isOpen(file)) return -EBADF;
  if (!direction.isKnown(file)) return -EINVAL;
  if (cursor.left === 0) return 0;
  if (isBeyond(position ?? file.offset, cursor.left)) return -EINVAL;
  const refused = setFlags(call, file, flags, direction);
  if (refused < 0) return refused;
  return () => direction.move(file, cursor, position, call);
}

/** Offset −1 is the description's own. */
function flagged(
  call: Call,
  fd: number,
  vector: readonly Memory[],
  offset: Offset,
  flags: number,
  direction: Direction,
): Outcome {
  if (offset === -1) return many(call, fd, vector, null, direction, flags);
  return offset < 0 ? -EINVAL : many(call, fd, vector, offset, direction, flags);
}

function find(call: Call, fd: number, position: Offset | null): Description | number {
  const file = call.file(fd);
  if (file === undefined) return -EBADF;
  return position !== null && !file.object.hasPositions ? -ESPIPE : file;
}

/** Known to Linux since 6.9 and 6.18, and of no use above the seam. */
const RWF_NOAPPEND = 0x20;
const RWF_NOSIGNAL = 0x100;
const KNOWN_FLAGS =
  RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_NOWAIT | RWF_APPEND | RWF_NOAPPEND | RWF_NOSIGNAL;

function setFlags(call: Call, file: Description, flags: number, { writes }: Direction): number {
  const has = (flag: number) => (flags & flag) !== 0;
  const known = file.object.knowsFlags(writes) ? KNOWN_FLAGS : RWF_HIPRI;
  if (has(~known)) return -EOPNOTSUPP;
  if (has(RWF_APPEND) && has(RWF_NOAPPEND)) return -EINVAL;
  if (has(RWF_NOWAIT) && !(file.maySkipWait && file.object.supportsNoWait)) return -EOPNOTSUPP;
  call.mustNotSleep = has(RWF_NOWAIT);
  call.mustAppend = has(RWF_APPEND);
  call.mustNotAppend = has(RWF_NOAPPEND);
  call.mustNotSignal = has(RWF_NOSIGNAL);
  return 0;
}
