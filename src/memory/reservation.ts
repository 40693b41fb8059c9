/**
 * Addresses set aside, for files to be mapped into: one ArrayBuffer over all of them, whose parts
 * become files and zeros again without a view going away.
 */
import * as argument from '../kernel/argument.js';
import { SluiceError } from '../kernel/error.js';
import { atPage, describe, type Mappable, provide, withFile } from './file.js';
import { extentOf, refuseForFile } from './map.js';
import { type Home, Mapping } from './mapping.js';
import { checkMapOptions, type MapOptions } from './options.js';
import { Piece } from './piece.js';
import { type Extent, type Placed, place, placedIn, prepare, reserveAddresses } from './placing.js';
import { clear, Range } from './range.js';
import type { MemoryRuntime } from './runtime.js';

/** What is mapped in a reservation: [start, start + placed.length) of its buffer. */
interface Part {
  readonly start: number;
  readonly extent: Extent;
  readonly placed: Placed;
  readonly piece: Piece;
}

/**
 * A range of addresses, as `reserve` makes it. Its bytes are zeros, which cost no memory until they
 * are stored to; stores are kept until the next mapping there.
 */
export class Reservation {
  readonly #runtime: MemoryRuntime;
  readonly #range: Range;
  readonly #buffer: ArrayBuffer;
  readonly #parts = new Set<Part>();

  /** For `reserve`. */
  constructor(runtime: MemoryRuntime, length: number) {
    const page = runtime.kernel.page_size();
    const whole = Math.ceil(argument.positiveCount(length, 'length') / page) * page;
    this.#runtime = runtime;
    const address = reserveAddresses(runtime.kernel, whole);
    [this.#range, this.#buffer] = Range.take(runtime, address, whole, { start: 0, size: length });
  }

  /** All of it. The bytes of a mapping in it are those of its file. */
  get buffer(): ArrayBuffer {
    this.#refuseClosed();
    return this.#buffer;
  }

  /** In bytes. 0 once it is closed. */
  get length(): number {
    return this.#buffer.byteLength;
  }

  get closed(): boolean {
    return !this.#range.open;
  }

  /**
   * Maps a file at a place of the reservation. Closing the mapping makes zeros of it, and views of
   * it go on; `resize` makes it longer in place, so no view goes away then either.
   *
   * @param file as in `map`
   * @param at where in the reservation, in bytes: a multiple of the page size
   * @param options as in `map`; `offset` is a multiple of the page size here
   * @returns a `Mapping`, whose `bytes` are a view of the reservation's buffer
   * @throws RangeError `at` or `offset` is not at a page, the mapping does not fit, or another is
   *   there; otherwise as `map`
   */
  map(file: Mappable, at: number, options: MapOptions = {}): Mapping {
    this.#refuseClosed();
    checkMapOptions(options);
    const { kernel } = this.#runtime;
    const { access = 'read', create = false } = options;
    refuseForFile(options, access);
    return withFile(kernel, file, access, create, (fd, opened) => {
      const described = describe(kernel, fd, opened);
      const extent = extentOf(described, options);
      atPage(at, described.unit, 'at');
      atPage(extent.offset, described.unit, 'offset');
      const placed = placedIn(described, extent, access);
      this.#refuseTaken(at, placed.length);
      if (described.sized) {
        provide(kernel, described, extent.offset, extent.offset + extent.length, options);
      }
      const home = this.#settle(at, extent, placed);
      try {
        prepare(kernel, home.address, placed, options);
      } catch (error) {
        home.close();
        throw error;
      }
      return new Mapping(this.#runtime, home);
    });
  }

  /** Ends it and all mappings in it: every view has length 0 from then on. */
  close(): void {
    this.#parts.clear();
    this.#range.retire(this.#buffer);
  }

  /** As `close`, at the end of a `using` scope. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Maps it there, over zeros or over a part that is being replaced. */
  #settle(start: number, extent: Extent, placed: Placed): Home {
    const { kernel } = this.#runtime;
    const address = place(kernel, this.#range.address + start, placed);
    let piece: Piece;
    try {
      piece = new Piece(kernel, address, placed.length, placed);
    } catch (error) {
      clear(kernel, address, placed.length);
      throw error;
    }
    this.#range.add(piece);
    return this.#homeOf({ start, extent, placed, piece });
  }

  #homeOf(part: Part): Home {
    const parts = this.#parts.add(part);
    const range = this.#range;
    const { start, extent, placed, piece } = part;
    return {
      bytes: new Uint8Array(this.#buffer, start, extent.length),
      address: range.address + start,
      pieces: [piece],
      access: placed.access,
      get open() {
        return range.open && parts.has(part);
      },
      close: () => this.#clear(part, 0),
      resized: (length) => this.#resized(part, length),
    };
  }

  /** Lets the part go; the first `kept` bytes are another part's by now. */
  #clear(part: Part, kept: number): void {
    if (!this.#parts.delete(part)) return;
    const { start, placed, piece } = part;
    this.#empty(start + kept, placed.length - kept);
    this.#range.delete(piece);
  }

  /** Zeros again, where the addresses still are ours: the buffer may have been transferred. */
  #empty(start: number, length: number): void {
    if (length <= 0 || !this.#range.open) return;
    clear(this.#runtime.kernel, this.#range.address + start, length);
  }

  /**
   * Longer, the new pages are mapped behind the old, which stay; shorter, the last ones go. One
   * guard over all of them takes the place of the old.
   */
  #resized(part: Part, length: number): Home {
    const { kernel } = this.#runtime;
    const { start, extent, placed, piece } = part;
    this.#refuseClosed();
    const file = describe(kernel, piece.fd);
    const next = placedIn({ ...file, fd: piece.fd }, { ...extent, length }, placed.access);
    this.#refuseTaken(start, next.length, part);
    if (file.sized) {
      const end = extent.offset + length;
      provide(kernel, file, extent.offset, end, { grow: placed.access === 'write' });
    }
    const more = next.length - placed.length;
    const behind = this.#range.address + start + placed.length;
    if (more > 0) {
      const offset = placed.offset + placed.length;
      place(kernel, behind, { ...next, offset, length: more });
    }
    try {
      return this.#guardAgain(part, { ...extent, length }, next);
    } catch (error) {
      this.#empty(start + placed.length, more);
      throw error;
    }
  }

  #guardAgain(part: Part, extent: Extent, placed: Placed): Home {
    const address = this.#range.address + part.start;
    const piece = new Piece(this.#runtime.kernel, address, placed.length, placed);
    this.#range.add(piece);
    this.#clear(part, Math.min(placed.length, part.placed.length));
    return this.#homeOf({ start: part.start, extent, placed, piece });
  }

  #refuseTaken(start: number, length: number, but?: Part): void {
    const end = start + length;
    const whole = this.#range.length;
    if (end > whole) {
      throw new argument.ArgumentOutOfRange('length', `within the ${whole} bytes reserved`, end);
    }
    for (const part of this.#parts) {
      if (part === but || part.start >= end || start >= part.start + part.placed.length) continue;
      throw new argument.ArgumentOutOfRange('at', 'where nothing else is mapped', start);
    }
  }

  #refuseClosed(): void {
    if (this.closed) throw new SluiceError('ERR_SLUICE_CLOSED', 'the reservation is closed');
    if (this.length > 0) return;
    throw new SluiceError('ERR_SLUICE_CLOSED', 'the buffer of the reservation was transferred');
  }
}
