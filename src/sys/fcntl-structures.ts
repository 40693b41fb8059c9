/**
 * The structures that fcntl(2) takes and gives, and the words that the kernel has of them.
 */
import * as argument from '../kernel/argument.js';
import type { Offset } from '../kernel/kernel.js';

/** `struct f_owner_ex`: who gets the I/O signals of a description. */
export interface FileOwner {
  /** F_OWNER_TID, F_OWNER_PID or F_OWNER_PGRP. */
  readonly type: number;
  /** Of a thread, a process or a process group; 0 for nobody. */
  readonly id: number;
}

/** `struct flock`: a range of a file and the lock on it. */
export interface FileLock {
  /** F_RDLCK, F_WRLCK or F_UNLCK. */
  readonly type: number;
  /** SEEK_SET, SEEK_CUR or SEEK_END: where `start` counts from. */
  readonly whence: number;
  /** In bytes. */
  readonly start: Offset;
  /** In bytes; 0 reaches to the end, however far it grows. Negative: the bytes before `start`. */
  readonly len: Offset;
}

/** The lock that F_OFD_GETLK met. */
export interface FoundLock extends FileLock {
  /** The process that holds it; −1 for an open file description lock. */
  readonly pid: number;
}

export function ownerWords(value: unknown): Int32Array {
  const owner = argument.record(value, 'arg');
  return Int32Array.of(
    argument.integer(owner.type, 'arg.type'),
    argument.integer(owner.id, 'arg.id'),
  );
}

/** [type, whence, start, length, pid]: Linux wants the pid of a question to be 0. */
export function lockWords(value: unknown): BigInt64Array {
  const lock = argument.record(value, 'arg');
  return BigInt64Array.of(
    BigInt(argument.integer(lock.type, 'arg.type')),
    BigInt(argument.integer(lock.whence, 'arg.whence')),
    BigInt(argument.offset(lock.start, 'arg.start')),
    BigInt(argument.offset(lock.len, 'arg.len')),
    0n,
  );
}

export function foundLock(words: BigInt64Array): FoundLock {
  const [type, whence, start, len, pid] = [...words] as [bigint, bigint, bigint, bigint, bigint];
  return {
    type: Number(type),
    whence: Number(whence),
    start: exact(start),
    len: exact(len),
    pid: Number(pid),
  };
}

/** A number as long as it says just what the bigint says. */
function exact(value: bigint): Offset {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}
