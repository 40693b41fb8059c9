/** /dev/null, /dev/zero, /dev/full, /dev/urandom. This module is browser compatible. */
import { EFAULT, EINVAL, ENOSPC } from '../../errno.js';
import { S_IFCHR } from '../../flags.js';
import type { Offset } from '../../kernel.js';
import { mulberry32 } from '../../random.js';
import type { Call } from '../call.js';
import type { Cursor } from '../cursor.js';
import type { Description } from '../description.js';
import type { Machine } from '../machine.js';
import { PAGE_SIZE } from '../page.js';
import { consumeBytes } from '../pipe/carry.js';
import type { Pipe } from '../pipe/pipe.js';
import type { FileSystem } from './file-system.js';
import { Inode } from './inode.js';

const ZEROS = new Uint8Array(PAGE_SIZE);
/** The devices of memory: major number 1. */
const MEMORY_MAJOR = 1;

abstract class Device extends Inode {
  readonly kind = 'device';
  readonly type = S_IFCHR;

  constructor(
    machine: Machine,
    fileSystem: FileSystem,
    readonly minor: number,
  ) {
    super(machine, fileSystem, { mode: 0o666, uid: 0, gid: 0 });
  }

  override get rdev(): number {
    return MEMORY_MAJOR * 256 + this.minor;
  }

  override get supportsNoWait(): boolean {
    return true;
  }

  /** Every offset is 0. */
  override seek(file: Description): Offset {
    file.offset = 0;
    return 0;
  }

  /** All is taken, and none of it looked at. */
  override write(
    _file: Description,
    memory: Cursor,
    _position: Offset | null,
    _call: Call,
  ): number {
    return memory.left;
  }
}

export class NullDevice extends Device {
  override read(..._read: Parameters<Inode['read']>): number {
    return 0;
  }

  /** The references go, and nothing is copied. */
  override spliceWrite(
    pipe: Pipe,
    _file: Description,
    _position: Offset | null,
    length: number,
  ): number {
    const size = Math.min(length, pipe.length);
    consumeBytes(pipe, size);
    return size;
  }
}

/** It is written as /dev/null is: they share these functions on Linux, too. */
export class ZeroDevice extends NullDevice {
  override read(_file: Description, memory: Cursor, _position: Offset | null, _call: Call): number {
    return fillAll(memory, () => ZEROS);
  }

  override get splicesByCopy(): boolean {
    return true;
  }

  override get mapsMemory(): boolean {
    return true;
  }

  override mappable(_file: Description, _protection: number, _flags: number): number {
    return 0;
  }
}

/** A disk that is full. */
export class FullDevice extends Device {
  override knowsFlags(writing: boolean): boolean {
    return !writing;
  }

  override get supportsNoWait(): boolean {
    return false;
  }

  override get splicesByCopy(): boolean {
    return true;
  }

  override get takesSplices(): boolean {
    return false;
  }

  override read(_file: Description, memory: Cursor, _position: Offset | null, _call: Call): number {
    return fillAll(memory, () => ZEROS);
  }

  override write(): number {
    return -ENOSPC;
  }

  override spliceWrite(): number {
    return -EINVAL;
  }
}

/** Bytes that look random, and are the same in every run. */
export class RandomDevice extends Device {
  readonly #random = mulberry32(0);

  override get splicesByCopy(): boolean {
    return true;
  }

  override read(_file: Description, memory: Cursor, _position: Offset | null, _call: Call): number {
    const byte = () => this.#random() * 256;
    return fillAll(memory, (length) => Uint8Array.from({ length }, byte));
  }
}

function fillAll(memory: Cursor, next: (length: number) => Uint8Array): number {
  let done = 0;
  while (memory.left > 0) {
    const length = Math.min(memory.left, PAGE_SIZE);
    const moved = memory.fill(next(length), 0, length);
    done += moved;
    if (moved < length) return done || -EFAULT;
  }
  return done;
}
