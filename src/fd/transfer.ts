/**
 * One read or write that never stops the thread, whatever the description's flags say.
 *
 * O_NONBLOCK cannot be relied on: it belongs to the description, and giving a descriptor to a child
 * clears it (seen: 04001 → 00001 after `spawn`). So the call is made with RWF_NOWAIT, which belongs
 * to the call: pipes, sockets and most files take it. What does not (terminals, tmpfs, procfs)
 * answers EOPNOTSUPP: it is made plainly where O_NONBLOCK is set, and on a thread otherwise. A file
 * that would have to wait for its disk answers EAGAIN, and no poller can tell when that is over: a
 * thread as well.
 *
 * This module is browser compatible.
 */
import { EAGAIN, EFAULT, EOPNOTSUPP } from '../kernel/errno.js';
import { check, retry, SluiceError, SystemError } from '../kernel/error.js';
import {
  F_GETFL,
  O_NONBLOCK,
  RWF_NOWAIT,
  S_IFBLK,
  S_IFDIR,
  S_IFMT,
  S_IFREG,
  STAT_FIELDS,
  STAT_MODE,
} from '../kernel/flags.js';
import type { Kernel } from '../kernel/kernel.js';
import { isReady } from './ready.js';
import { type Interest, READABLE, WRITABLE } from './runtime.js';

/** The two directions; the names are those of the calls that take several buffers. */
export type Direction = 'readv' | 'writev';

/** What became of an attempt: its answer, or what has to happen before the next. */
export type Attempt = number | 'wait' | 'sleep';

export const INTEREST: Readonly<Record<Direction, Interest>> = {
  readv: READABLE,
  writev: WRITABLE,
};

/** In place of a position: use the file offset, and move it. */
export const FILE_OFFSET = -1;

/** Tries once, without sleeping: n ≥ 0, −errno, 'wait' for readiness, or 'sleep' for a thread. */
export function attempt(
  kernel: Kernel,
  direction: Direction,
  fd: number,
  vector: Uint8Array[],
  position = FILE_OFFSET,
): Attempt {
  const noWait = direction === 'readv' ? 'preadv2' : 'pwritev2';
  const result = retry(() => kernel[noWait](fd, vector, position, RWF_NOWAIT));
  if (result !== -EAGAIN && result !== -EOPNOTSUPP) return result;
  if (isStorage(kernel, fd)) return 'sleep';
  return result === -EAGAIN ? 'wait' : attemptPlainly(kernel, direction, fd, vector, position);
}

/**
 * The count of a read or write, or its error. EFAULT for bytes of JavaScript has one cause: they
 * are mapped, and the file no longer has them, or they were unmapped.
 */
export function moved(result: number, syscall: string, fd: number): number {
  if (result !== -EFAULT) return check(result, syscall, fd);
  const message = 'the bytes are of a mapping whose file has lost them, or that was closed';
  const cause = new SystemError(result, { syscall, fd });
  throw new SluiceError('ERR_SLUICE_MAPPING_LOST', message, { cause });
}

function attemptPlainly(
  kernel: Kernel,
  direction: Direction,
  fd: number,
  vector: Uint8Array[],
  position: number,
): Attempt {
  if ((kernel.fcntl(fd, F_GETFL) & O_NONBLOCK) === 0) {
    // Another reader may take what made it ready, so even then it is a thread's; it is soon back.
    return isReady(kernel, fd, INTEREST[direction]) ? 'sleep' : 'wait';
  }
  const result = retry(() =>
    position === FILE_OFFSET
      ? kernel[direction](fd, vector)
      : kernel[`p${direction}`](fd, vector, position),
  );
  return result === -EAGAIN ? 'wait' : result;
}

/** Whether it waits for a disk (or a file system that acts like one), which no poller can watch. */
function isStorage(kernel: Kernel, fd: number): boolean {
  const stat = new BigInt64Array(STAT_FIELDS);
  if (kernel.fstat(fd, stat) < 0) return false;
  const kind = Number(stat[STAT_MODE]) & S_IFMT;
  return kind === S_IFREG || kind === S_IFBLK || kind === S_IFDIR;
}
