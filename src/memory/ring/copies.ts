/**
 * Copies of messages out of the ring. This module is browser compatible.
 *
 * A Uint8Array with memory of its own costs some 450 ns from 64 bytes on, which is more than all
 * the rest of a message. So small ones share memory: 64 KiB that are given out piece by piece.
 */

const CHUNK_BYTES = 1 << 16;
/** What is larger has memory of its own. */
const MOST_SHARED = CHUNK_BYTES / 16;
const ALIGNMENT = 8;

export class Copies {
  #chunk = new ArrayBuffer(0);
  #used = CHUNK_BYTES + 1;

  /** A copy of `length` bytes at `from`; its memory begins at a multiple of 8. */
  of(source: ArrayBuffer, from: number, length: number): Uint8Array {
    if (length > MOST_SHARED) return new Uint8Array(source.slice(from, from + length));
    if (this.#used + length > CHUNK_BYTES) {
      this.#chunk = new ArrayBuffer(CHUNK_BYTES);
      this.#used = 0;
    }
    const copy = new Uint8Array(this.#chunk, this.#used, length);
    this.#used += (length + ALIGNMENT - 1) & -ALIGNMENT;
    copy.set(new Uint8Array(source, from, length));
    return copy;
  }
}
