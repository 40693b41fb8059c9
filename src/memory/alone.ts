/** A mapping alone in its range of addresses, with an ArrayBuffer of its own. */
import { check, SluiceError } from '../kernel/error.js';
import * as f from '../kernel/flags.js';
import { describe, type MappedFile, provide } from './file.js';
import type { Home } from './mapping.js';
import { Piece } from './piece.js';
import { type Extent, type Placed, place, placedIn, reserveAddresses } from './placing.js';
import { Range } from './range.js';
import type { MemoryRuntime } from './runtime.js';

export class Alone implements Home {
  readonly bytes: Uint8Array;
  readonly address: number;
  readonly pieces: readonly Piece[];
  /** The address of the first page. */
  readonly start: number;
  readonly #runtime: MemoryRuntime;
  readonly #range: Range;
  readonly #placed: Placed;
  readonly #extent: Extent | undefined;

  /**
   * Maps it. Throws, and nothing is left.
   *
   * @param placed one piece or more, one after another in memory
   * @param extent what its buffer shows of the one piece; all of them without
   */
  constructor(runtime: MemoryRuntime, placed: readonly Placed[], extent?: Extent) {
    const length = placed.reduce((sum, one) => sum + one.length, 0);
    const start = layOut(runtime, placed, length);
    const first = placed[0] as Placed;
    const shown = extent === undefined ? 0 : extent.offset - first.offset;
    const size = extent?.length ?? length;
    const [range, buffer] = Range.take(runtime, start, length, { start: shown, size });
    this.pieces = guarded(runtime, range, buffer, placed);
    this.bytes = new Uint8Array(buffer);
    this.address = start + shown;
    this.start = start;
    this.#runtime = runtime;
    this.#range = range;
    this.#placed = first;
    this.#extent = extent;
  }

  get access() {
    return this.#placed.access;
  }

  get open(): boolean {
    return this.#range.open;
  }

  close(): void {
    this.#range.retire(this.bytes.buffer as ArrayBuffer);
  }

  /**
   * Mapped anew, and what was stored in pages of its own moved there: the old addresses stay taken.
   */
  resized(length: number): Home {
    if (this.#extent === undefined) {
      const message = 'a mapping of several pieces has its length for good';
      throw new SluiceError('ERR_SLUICE_MAPPING', message);
    }
    const { access } = this;
    const { offset } = this.#extent;
    const file = this.#file();
    if (file.sized) {
      const grow = access === 'write';
      provide(this.#runtime.kernel, file, offset, offset + length, { grow });
    }
    const extent = { offset, length };
    const next = new Alone(this.#runtime, [placedIn(file, extent, access)], extent);
    if (access !== 'write' || file.fd < 0) this.#moveTo(next);
    this.close();
    return next;
  }

  #file(): MappedFile {
    const fd = this.pieces[0]?.fd ?? -1;
    if (fd >= 0) return describe(this.#runtime.kernel, fd);
    return { fd, opened: undefined, size: 0, sized: false, unit: this.#placed.unit };
  }

  #moveTo(next: Alone): void {
    const kept = Math.min(this.#placed.length, next.#placed.length);
    const flags = f.MREMAP_MAYMOVE | f.MREMAP_FIXED | f.MREMAP_DONTUNMAP;
    const moved = this.#runtime.kernel.mremap(this.start, kept, kept, flags, next.start);
    if (moved < 0) next.close();
    check(moved, 'mremap');
  }
}

/** One piece where Linux chooses; several at addresses that are reserved for all of them. */
function layOut({ kernel }: MemoryRuntime, placed: readonly Placed[], length: number): number {
  if (placed.length === 1) return place(kernel, 0, placed[0] as Placed);
  const address = reserveAddresses(kernel, length);
  try {
    let at = address;
    for (const one of placed) {
      place(kernel, at, one);
      at += one.length;
    }
  } catch (error) {
    kernel.munmap(address, length);
    throw error;
  }
  return address;
}

function guarded(
  { kernel }: MemoryRuntime,
  range: Range,
  buffer: ArrayBuffer,
  placed: readonly Placed[],
): Piece[] {
  const pieces: Piece[] = [];
  try {
    let at = range.address;
    for (const one of placed) {
      const piece = new Piece(kernel, at, one.length, one);
      pieces.push(piece);
      range.add(piece);
      at += one.length;
    }
  } catch (error) {
    range.retire(buffer);
    throw error;
  }
  return pieces;
}
