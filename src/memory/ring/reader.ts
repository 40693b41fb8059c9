/**
 * The receiver's side of a lane: no kernel, no waiting. This module is browser compatible.
 *
 * The memory is written by another process, which may be mad. Invariant: each word of it is loaded
 * once, those that more than one thing hangs on by an atomic load that no compiler may repeat; the
 * copy is judged, and only the copy is used. Whatever
 * is in the memory, `next` answers a frame that lies within the ring, or throws.
 */
import { Copies } from './copies.js';
import { corrupt } from './error.js';
import * as l from './layout.js';

/** What `next` answers where there is no message. */
export const NONE = -1;

/** What is copied at once: messages that share memory keep each other. */
const BATCH_BYTES = 1 << 15;

export class LaneReader {
  readonly #control: Int32Array;
  readonly #buffer: ArrayBuffer;
  /** Where the data begins in it. */
  readonly #origin: number;
  readonly #words: Int32Array;
  readonly #capacity: number;
  readonly #salt: number;
  readonly #copies = new Copies();
  #tail: number;
  /** The head when it was last looked at. */
  #head: number;
  #sequence: number;
  /** The tail as the sender knows it. */
  #published: number;
  /** It was published since `takeSleeper`. */
  #news = false;
  /** Of the frame that `next` has found: what it takes, 0 for none. */
  #frame = 0;
  #length = 0;

  constructor({ geometry, control, bytes, words }: l.LaneMemory) {
    this.#control = control;
    this.#buffer = bytes.buffer as ArrayBuffer;
    this.#origin = bytes.byteOffset;
    this.#words = words;
    this.#capacity = geometry.capacity;
    this.#salt = geometry.salt;
    this.#tail = geometry.start;
    this.#published = geometry.start;
    this.#head = geometry.start;
    this.#sequence = geometry.start;
  }

  /**
   * Looks at the next message: its length, or NONE. The same until `release`.
   *
   * @throws ERR_SLUICE_RING_CORRUPT the memory holds what no sender writes
   */
  next(): number {
    if (this.#frame !== 0) return this.#length;
    if (this.#tail === this.#head && !this.#advanced()) return NONE;
    const at = (this.#tail & (this.#capacity - 1)) >>> 2;
    const length = Atomics.load(this.#words, at);
    this.#judge(length, this.#words[at + 1] as number, this.#words[at + 2] as number);
    this.#frame = l.frameBytes(length);
    this.#length = length;
    return length;
  }

  /** The message that `next` has found, in the ring: until `release`. */
  view(): Uint8Array {
    // Half the price of `subarray`.
    return new Uint8Array(this.#buffer, this.#bodyAt(), this.#length);
  }

  /** A copy of the message that `next` has found. */
  copy(): Uint8Array {
    return this.#copies.of(this.#buffer, this.#bodyAt(), this.#length);
  }

  /**
   * Takes the message that `next` has found and those behind it that are known of, by one copy of
   * them all: at most `most`, and what BATCH_BYTES hold. Answers how many bytes of the ring they
   * took. One that is wrong is left for `next` to say.
   */
  takeMany(into: Uint8Array[], most: number): number {
    const from = this.#bodyAt() - l.HEADER_BYTES;
    const known = Math.min((this.#head - this.#tail) | 0, Math.max(BATCH_BYTES, this.#frame));
    const copy = this.#buffer.slice(from, from + known);
    const words = new Int32Array(copy);
    const start = this.#tail;
    for (let at = 0, left = most; left > 0 && at < known; left--) {
      const length = words[at >>> 2] as number;
      if (!this.#isRight(length, words[(at >>> 2) + 1], words[(at >>> 2) + 2])) break;
      const end = at + l.frameBytes(length);
      if (end > known) break;
      into.push(new Uint8Array(copy, at + l.HEADER_BYTES, length));
      this.#advance(end - at);
      at = end;
    }
    this.#frame = 0;
    this.#publish();
    return (this.#tail - start) | 0;
  }

  /**
   * Gives the place of the message back to the sender, which hears of it when it is worth while: at
   * an eighth of the ring, or when this was the last message that is known of.
   */
  release(): void {
    this.#advance(this.#frame);
    this.#frame = 0;
    const untold = (this.#tail - this.#published) | 0;
    if (untold >= this.#capacity >>> 3 || this.#tail === this.#head) this.#publish();
  }

  /**
   * Whether the sender wants to be woken: true once for each time it went to sleep. To be asked
   * after each `release`: after the tail was stored, so that one of the two sees what the other
   * did.
   */
  takeSleeper(): boolean {
    if (!this.#news) return false;
    this.#news = false;
    const control = this.#control;
    if (Atomics.load(control, l.SENDER_SLEEPS) === 0) return false;
    if (((this.#tail - Atomics.load(control, l.WAKE_TAIL)) | 0) < 0) return false;
    return Atomics.exchange(control, l.SENDER_SLEEPS, 0) !== 0;
  }

  /** Asks for a byte at the next message. False: there is one by now, and nothing was asked. */
  sleep(): boolean {
    Atomics.store(this.#control, l.RECEIVER_SLEEPS, 1);
    if (!this.#advanced()) return true;
    this.wake();
    return false;
  }

  wake(): void {
    Atomics.store(this.#control, l.RECEIVER_SLEEPS, 0);
  }

  get state(): number {
    return Atomics.load(this.#control, l.RECEIVER_STATE);
  }

  set state(state: number) {
    Atomics.store(this.#control, l.RECEIVER_STATE, state);
  }

  get senderState(): number {
    return Atomics.load(this.#control, l.SENDER_STATE);
  }

  #bodyAt(): number {
    return this.#origin + (this.#tail & (this.#capacity - 1)) + l.HEADER_BYTES;
  }

  #publish(): void {
    this.#published = this.#tail;
    this.#news = true;
    Atomics.store(this.#control, l.TAIL, this.#tail);
  }

  /** Looks at the head again. */
  #advanced(): boolean {
    const head = Atomics.load(this.#control, l.HEAD);
    const used = (head - this.#tail) | 0;
    if (used === 0) return false;
    if (used < l.HEADER_BYTES || used > this.#capacity || (used & 7) !== 0) {
      throw corrupt('head', head);
    }
    this.#head = head;
    return true;
  }

  #advance(frame: number): void {
    this.#tail = (this.#tail + frame) | 0;
    this.#sequence = (this.#sequence + 1) | 0;
  }

  #judge(length: number, sequence: number, check: number): void {
    if (this.#isRight(length, sequence, check)) return;
    if (sequence !== this.#sequence) throw corrupt('sequence', sequence);
    const used = (this.#head - this.#tail) | 0;
    if (length < 0 || length > used - l.HEADER_BYTES) throw corrupt('length', length);
    throw corrupt('check', check);
  }

  /** Whether the next frame may say so of itself, and lies in what is known of. */
  #isRight(length: number, sequence: number | undefined, check: number | undefined): boolean {
    const room = ((this.#head - this.#tail) | 0) - l.HEADER_BYTES;
    return (
      length >= 0 &&
      length <= room &&
      sequence === this.#sequence &&
      check === l.checkOf(length, this.#sequence, this.#tail, this.#salt)
    );
  }
}
