/**
 * A range of addresses with its ArrayBuffer, from the moment it is mapped until nobody can reach
 * it.
 *
 * It never refers to its buffer, only to the memory below: who keeps a view of the buffer keeps the
 * range mapped, and when the last view is collected the range goes too.
 */

import { openingStack } from '../fd/leak.js';
import { ArgumentOutOfRange } from '../kernel/argument.js';
import { EINVAL, ENOTSUP } from '../kernel/errno.js';
import { check, SluiceError } from '../kernel/error.js';
import * as f from '../kernel/flags.js';
import type { LinuxKernel } from '../kernel/linux-kernel.js';
import type { Piece } from './piece.js';
import type { Retired } from './quarantine.js';
import type { MemoryRuntime } from './runtime.js';

/** The bytes of a range that its ArrayBuffer shows. */
export interface Shown {
  readonly start: number;
  readonly size: number;
}

/** Memory of zeros that costs nothing until it is touched. */
export const NOTHING = f.MAP_PRIVATE | f.MAP_ANONYMOUS | f.MAP_NORESERVE;
export const READ_WRITE = f.PROT_READ | f.PROT_WRITE;

/** Filled and read at once, so one does for all. */
const ticket = new Int32Array(1);

export class Range implements Retired {
  readonly address: number;
  readonly length: number;
  readonly #runtime: MemoryRuntime;
  readonly #stack: string | undefined;
  readonly #pieces: Piece[] = [];
  #ticket = -1;
  #state: 'open' | 'retired' | 'unmapped' = 'open';
  #released = false;
  /** Who has the bare address keeps the buffer from being collected, though it is detached. */
  #held = false;

  static readonly #collected = new FinalizationRegistry<Range>((range) => {
    range.#held = false;
    range.#tell();
  });

  private constructor(runtime: MemoryRuntime, address: number, length: number) {
    this.#runtime = runtime;
    this.address = address;
    this.length = length;
    this.#stack = openingStack(runtime);
  }

  /**
   * A range over what was mapped just now, in whole pages, and its buffer. Where there can be no
   * buffer, nothing is kept and the memory is unmapped.
   */
  static take(
    runtime: MemoryRuntime,
    address: number,
    length: number,
    shown: Shown,
  ): [Range, ArrayBuffer] {
    const range = new Range(runtime, address, length);
    const { kernel, quarantine } = runtime;
    // Nobody says when a request is over: whoever maps something looks.
    quarantine.sweep();
    const released = () => range.#release();
    const buffer = kernel.own(address, length, shown.start, shown.size, released, ticket);
    if (typeof buffer === 'number') {
      kernel.munmap(address, length);
      throw refusal(buffer, shown.size);
    }
    range.#ticket = ticket[0] as number;
    return [range, buffer];
  }

  /** V8 has let go of the memory, and of the buffer where somebody may keep it for the address. */
  get released(): boolean {
    return this.#released && !this.#held;
  }

  get open(): boolean {
    return this.#state === 'open';
  }

  add(piece: Piece): void {
    this.#pieces.push(piece);
  }

  delete(piece: Piece): void {
    this.#pieces.splice(this.#pieces.indexOf(piece), 1);
    piece.close();
  }

  /**
   * Nothing of JavaScript reaches the memory from here on, and what is mapped there is let go: at
   * once where nobody else can have the address, otherwise once nobody can have it any more.
   */
  retire(buffer: ArrayBuffer): void {
    if (this.#state !== 'open') return;
    const { kernel, quarantine } = this.#runtime;
    const gone = kernel.detach(buffer) >= 0;
    const held = gone && quarantine.mayBeHeld;
    if (gone && !held && quarantine.idle) {
      this.unmap();
      return;
    }
    if (held) this.#expectCollection(buffer);
    this.#wait();
  }

  unmap(): void {
    const { kernel } = this.#runtime;
    this.#state = 'unmapped';
    this.#closePieces();
    kernel.disown(this.#ticket);
    kernel.munmap(this.address, this.length);
  }

  #release(): void {
    this.#released = true;
    if (this.#state === 'retired') this.#tell();
    if (this.#state !== 'open') return;
    const [piece] = this.#pieces;
    this.#runtime.onLeak?.({ fd: piece?.fd ?? -1, stack: this.#stack ?? '', mapping: true });
    // A request began before `transfer` took the memory away from the buffer that it keeps.
    if (this.#runtime.quarantine.busy) this.#wait();
    else this.unmap();
  }

  /** Zeros, until nobody can have the address. */
  #wait(): void {
    const { kernel, quarantine } = this.#runtime;
    this.#state = 'retired';
    // Where Linux has no room for zeros the file stays, and its guards with it.
    if (clear(kernel, this.address, this.length) >= 0) this.#closePieces();
    quarantine.add(this);
  }

  #expectCollection(buffer: ArrayBuffer): void {
    this.#held = true;
    Range.#collected.register(buffer, this);
  }

  #tell(): void {
    if (this.released) this.#runtime.quarantine.released(this);
  }

  #closePieces(): void {
    for (const piece of this.#pieces) piece.close();
  }
}

/** Makes this part of a range zeros that are nobody's. Answers as mmap does. */
export function clear(kernel: LinuxKernel, address: number, length: number): number {
  return kernel.mmap(address, length, READ_WRITE, NOTHING | f.MAP_FIXED, -1, 0);
}

function refusal(errno: number, size: number): Error {
  if (errno === -ENOTSUP) {
    const message =
      'this runtime forbids ArrayBuffers over memory of others (Electron does): ' +
      'read the file into a buffer instead, with fs.read or open(…).read';
    return new SluiceError('ERR_SLUICE_UNSUPPORTED', message);
  }
  if (errno !== -EINVAL) check(errno, 'mmap');
  const expected = 'at most what one ArrayBuffer holds here: map the file in windows';
  return new ArgumentOutOfRange('length', expected, size);
}
