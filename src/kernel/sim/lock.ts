/**
 * Locks of open file descriptions: F_OFD_SETLK, F_OFD_SETLKW and F_OFD_GETLK of fcntl(2). They lie
 * on the object, range by range, and belong to a description: duplicates share them, and they go
 * with the last.
 * This module is browser compatible.
 */
import { EAGAIN, EBADF, EINVAL, EOVERFLOW } from '../errno.js';
import {
  F_RDLCK,
  F_UNLCK,
  F_WRLCK,
  SEEK_CUR,
  SEEK_END,
  SEEK_SET,
  STAT_FIELDS,
  STAT_SIZE,
} from '../flags.js';
import type { Call, Outcome } from './call.js';
import type { Dependent, Description } from './description.js';
import { WaitQueue } from './wait.js';

/** A lock, or the wish for one: bytes `start` to `end`, both included. */
interface Lock {
  readonly owner: Description;
  readonly type: number;
  readonly start: bigint;
  readonly end: bigint;
}

const LAST = 2n ** 63n - 1n;
/** Whom F_OFD_GETLK names: a description has no process. */
const NO_PROCESS = -1n;

/** The locks of one object, in no order. */
export class LockList implements Dependent {
  #locks: Lock[] = [];
  /** Who waits until a lock is out of its way. */
  readonly waiters = new WaitQueue();

  /** Sets or takes off; −EAGAIN where another description is in the way. */
  set(wish: Lock): number {
    if (wish.type !== F_UNLCK && this.conflict(wish) !== undefined) return -EAGAIN;
    this.#locks = this.#locks.flatMap((lock) =>
      lock.owner === wish.owner ? less(lock, wish) : [lock],
    );
    if (wish.type !== F_UNLCK) this.#add(wish);
    wish.owner.attach(this);
    // Less may be locked than before. Who is woken for nothing waits again.
    this.waiters.wakeAll();
    return 0;
  }

  /** A lock that is in the way of this one. To ask with F_UNLCK finds the asker's own. */
  conflict(wish: Lock): Lock | undefined {
    return this.#locks
      .filter((lock) => overlap(lock, wish) && excludes(lock, wish))
      .sort((one, other) => Number(one.start - other.start))[0];
  }

  gone(owner: Description): void {
    this.#locks = this.#locks.filter((lock) => lock.owner !== owner);
    this.waiters.wakeAll();
  }

  /** Its owner's locks of the same type that touch it become one with it. */
  #add(wish: Lock): void {
    let { start, end } = wish;
    const touches = (lock: Lock) =>
      lock.owner === wish.owner &&
      lock.type === wish.type &&
      lock.start <= end + 1n &&
      lock.end >= start - 1n;
    const parts = this.#locks.filter(touches);
    for (const part of parts) {
      if (part.start < start) start = part.start;
      if (part.end > end) end = part.end;
    }
    const others = this.#locks.filter((lock) => !parts.includes(lock));
    this.#locks = [...others, { ...wish, start, end }];
  }
}

function overlap(one: Lock, other: Lock): boolean {
  return one.start <= other.end && other.start <= one.end;
}

function excludes(lock: Lock, wish: Lock): boolean {
  if (wish.type === F_UNLCK) return lock.owner === wish.owner;
  return lock.owner !== wish.owner && (lock.type === F_WRLCK || wish.type === F_WRLCK);
}

/** What is left of a lock when a range is taken out: none, one or two pieces. */
function less(lock: Lock, range: Lock): Lock[] {
  if (!overlap(lock, range)) return [lock];
  const pieces: Lock[] = [];
  if (lock.start < range.start) pieces.push({ ...lock, end: range.start - 1n });
  if (lock.end > range.end) pieces.push({ ...lock, start: range.end + 1n });
  return pieces;
}

/** F_OFD_SETLK: `words` are type, whence, start, length, pid. */
export function setLock(file: Description, words: BigInt64Array): number {
  const wish = readWish(file, words);
  return typeof wish === 'number' ? wish : file.object.locks.set(wish);
}

/** F_OFD_SETLKW: sleeps while another description is in the way. Nobody looks for deadlocks. */
export function setLockWaiting(file: Description, words: BigInt64Array): Outcome {
  const wish = readWish(file, words);
  if (typeof wish === 'number') return wish;
  const { locks } = file.object;
  return (call: Call) => {
    const result = locks.set(wish);
    return result === -EAGAIN ? call.sleepInTurn(locks.waiters) : result;
  };
}

/** F_OFD_GETLK: the lock in the way goes into `words`, or F_UNLCK into the first. */
export function getLock(file: Description, words: BigInt64Array): number {
  const wish = readLock(file, words);
  if (typeof wish === 'number') return wish;
  if (words[4] !== 0n) return -EINVAL;
  const found = file.object.locks.conflict(wish);
  if (found === undefined) words[0] = BigInt(F_UNLCK);
  else words.set(shown(found));
  return 0;
}

function shown({ type, start, end }: Lock): bigint[] {
  const length = end === LAST ? 0n : end - start + 1n;
  return [BigInt(type), BigInt(SEEK_SET), start, length, NO_PROCESS];
}

function readWish(file: Description, words: BigInt64Array): Lock | number {
  const wish = readLock(file, words);
  if (typeof wish === 'number') return wish;
  if (wish.type === F_RDLCK && !file.isReadable) return -EBADF;
  if (wish.type === F_WRLCK && !file.isWritable) return -EBADF;
  return words[4] === 0n ? wish : -EINVAL;
}

const TYPES: readonly number[] = [F_RDLCK, F_WRLCK, F_UNLCK];

function readLock(owner: Description, words: BigInt64Array): Lock | number {
  const [type = 0n, whence = 0n, offset = 0n, length = 0n] = words;
  const from = origin(owner, Number(whence));
  if (from === undefined) return -EINVAL;
  if (offset > LAST - from) return -EOVERFLOW;
  const start = from + offset;
  if (start < 0n) return -EINVAL;
  if (length > 0n && length - 1n > LAST - start) return -EOVERFLOW;
  if (start + length < 0n) return -EINVAL;
  if (!TYPES.includes(Number(type))) return -EINVAL;
  return { owner, type: Number(type), ...range(start, length) };
}

/** A negative length reaches back from the start, 0 to the end of all offsets. */
function range(start: bigint, length: bigint): { start: bigint; end: bigint } {
  if (length < 0n) return { start: start + length, end: start - 1n };
  return { start, end: length === 0n ? LAST : start + length - 1n };
}

function origin({ offset, object }: Description, whence: number): bigint | undefined {
  if (whence === SEEK_SET) return 0n;
  if (whence === SEEK_CUR) return BigInt(offset);
  if (whence !== SEEK_END) return undefined;
  const stat = new BigInt64Array(STAT_FIELDS);
  object.stat(stat);
  return stat[STAT_SIZE];
}
