import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ENOMEM } from '../../src/kernel/errno.js';
import { linux } from '../../src/kernel/linux.js';
import * as sys from '../../src/sys.js';
import { failsWith, succeeds } from './claims.js';

export const READ_WRITE = sys.PROT_READ | sys.PROT_WRITE;
export const ANONYMOUS = sys.MAP_PRIVATE | sys.MAP_ANONYMOUS;
export const PAGE = sys.getpagesize();

export function anonymous(length: number): ArrayBuffer {
  return sys.mmap(null, length, READ_WRITE, ANONYMOUS, -1, 0);
}

/** A range for `place`. */
export function reserve(length: number): ArrayBuffer {
  return sys.mmap(null, length, sys.PROT_NONE, ANONYMOUS | sys.MAP_NORESERVE, -1, 0);
}

export function place(address: number, length: number = PAGE): ArrayBuffer {
  return sys.mmap(address, length, READ_WRITE, ANONYMOUS | sys.MAP_FIXED, -1, 0);
}

/** Linux knows no mapping of these pages. */
export function isFree(address: number, length: number = PAGE): void {
  failsWith(linux.msync(address, length, sys.MS_ASYNC), ENOMEM);
}

/** All of these pages are mapped. */
export function isMapped(address: number, length: number = PAGE): void {
  succeeds(linux.msync(address, length, sys.MS_ASYNC), 0);
}

const NAME = 'sluice-test-mapping';

/** A file in memory, which the caller closes. */
export function file(content: Uint8Array): number {
  const fd = succeeds(linux.memfd_create(NAME, sys.MFD_CLOEXEC));
  succeeds(linux.write(fd, content), content.length);
  return fd;
}

/** How many areas of this process are mappings of a `file`. */
export function areas(): number {
  return readFileSync('/proc/self/maps', 'latin1').split(NAME).length - 1;
}

/** Moves the memory of a buffer to a new one, and detaches the old: Node ≥ 22. */
export function transfer(buffer: ArrayBuffer): ArrayBuffer {
  return (buffer as ArrayBuffer & { transfer(): ArrayBuffer }).transfer();
}

/** `test`, but on Node 20, which has no `transfer` and so nothing to test. */
export const whereMovable = 'transfer' in ArrayBuffer.prototype ? test : () => {};
