/**
 * The sender's side of a lane: no kernel, no waiting. This module is browser compatible.
 *
 * Invariant: what this side knows of itself (head, sequence) it keeps in fields; of the memory that
 * the receiver writes it reads only the tail, and looks whether that can be.
 */
import { corrupt } from './error.js';
import * as l from './layout.js';

const NOTHING = -1;

export class LaneWriter {
  readonly #control: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #capacity: number;
  readonly #salt: number;
  #head: number;
  #sequence: number;
  /** How far one may write before the tail has to be looked at again, a position. */
  #limit: number;
  /** The length of the body that was reserved. */
  #reserved = NOTHING;

  constructor({ geometry, control, bytes, words }: l.LaneMemory) {
    this.#control = control;
    this.#bytes = bytes;
    this.#words = words;
    this.#capacity = geometry.capacity;
    this.#salt = geometry.salt;
    this.#head = geometry.start;
    this.#sequence = geometry.start;
    this.#limit = (geometry.start + geometry.capacity) | 0;
  }

  get maxLength(): number {
    return l.maxLength(this.#capacity);
  }

  /** Writes a message, where there is room. */
  write(body: Uint8Array): boolean {
    const { length } = body;
    const frame = l.frameBytes(length);
    if (((this.#limit - this.#head) | 0) < frame && !this.#hasRoom(frame)) return false;
    this.#bytes.set(body, this.#bodyAt());
    this.#publish(length, frame);
    return true;
  }

  /** Writes the pieces as one message of `length` bytes, where there is room. */
  writePieces(pieces: readonly Uint8Array[], length: number): boolean {
    const frame = l.frameBytes(length);
    if (!this.#hasRoom(frame)) return false;
    let at = this.#bodyAt();
    for (const piece of pieces) {
      this.#bytes.set(piece, at);
      at += piece.length;
    }
    this.#publish(length, frame);
    return true;
  }

  /** The place of the next body, to be filled before `commit`; undefined where there is no room. */
  reserve(length: number): Uint8Array | undefined {
    this.#reserved = NOTHING;
    if (!this.#hasRoom(l.frameBytes(length))) return undefined;
    this.#reserved = length;
    const at = this.#bodyAt();
    return this.#bytes.subarray(at, at + length);
  }

  /** How many bytes are reserved; −1 for nothing. */
  get reserved(): number {
    return this.#reserved;
  }

  /** Publishes the first `length` bytes of what is reserved. */
  commit(length: number): void {
    this.#publish(length, l.frameBytes(length));
  }

  /**
   * Whether the receiver wants to be woken: true once for each time it went to sleep. After the
   * head was stored, so that one of the two sees what the other did.
   */
  takeSleeper(): boolean {
    const control = this.#control;
    if (Atomics.load(control, l.RECEIVER_SLEEPS) === 0) return false;
    return Atomics.exchange(control, l.RECEIVER_SLEEPS, 0) !== 0;
  }

  /**
   * Asks for a byte when there is room for a message of this length, and not before half of the
   * ring is free, for else the two would wake each other for each message. False: there is room by
   * now, and nothing was asked.
   */
  sleep(length: number): boolean {
    const control = this.#control;
    const wanted = Math.max(l.frameBytes(length), this.#capacity >>> 1);
    Atomics.store(control, l.WAKE_TAIL, (this.#head + wanted - this.#capacity) | 0);
    Atomics.store(control, l.SENDER_SLEEPS, 1);
    if (!this.#hasRoom(wanted)) return true;
    this.wake();
    return false;
  }

  wake(): void {
    Atomics.store(this.#control, l.SENDER_SLEEPS, 0);
  }

  get state(): number {
    return Atomics.load(this.#control, l.SENDER_STATE);
  }

  set state(state: number) {
    Atomics.store(this.#control, l.SENDER_STATE, state);
  }

  get receiverState(): number {
    return Atomics.load(this.#control, l.RECEIVER_STATE);
  }

  #bodyAt(): number {
    return (this.#head & (this.#capacity - 1)) + l.HEADER_BYTES;
  }

  #hasRoom(frame: number): boolean {
    if (((this.#limit - this.#head) | 0) >= frame) return true;
    const tail = Atomics.load(this.#control, l.TAIL);
    const used = (this.#head - tail) | 0;
    if (used < 0 || used > this.#capacity) throw corrupt('tail', tail);
    this.#limit = (tail + this.#capacity) | 0;
    return this.#capacity - used >= frame;
  }

  #publish(length: number, frame: number): void {
    const head = this.#head;
    const sequence = this.#sequence;
    const words = this.#words;
    const at = (head & (this.#capacity - 1)) >>> 2;
    words[at] = length;
    words[at + 1] = sequence;
    words[at + 2] = l.checkOf(length, sequence, head, this.#salt);
    this.#sequence = (sequence + 1) | 0;
    this.#head = (head + frame) | 0;
    this.#reserved = NOTHING;
    Atomics.store(this.#control, l.HEAD, this.#head);
  }
}
