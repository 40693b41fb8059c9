/**
 * The urgent byte of a TCP stream: one mark in the stream, and the byte at it, which recv(2) with
 * MSG_OOB takes and an ordinary one leaves out. This module is browser compatible.
 */

export class UrgentMark {
  /** How many bytes of the stream come before it. */
  #position = 0;
  #byte = 0;
  #state: 'none' | 'unread' | 'read' = 'none';

  /** POLLPRI: it can be taken. */
  get isUnread(): boolean {
    return this.#state === 'unread';
  }

  /** A byte was sent as urgent; an earlier one is an ordinary byte from now on. */
  set(position: number, byte: number): void {
    this.#position = position;
    this.#byte = byte;
    this.#state = 'unread';
  }

  get byte(): number {
    return this.#byte;
  }

  /** It was taken. The mark stays in the stream until that is read past it. */
  take(): void {
    this.#state = 'read';
  }

  /** How far it is from the place in the stream; infinitely where there is none ahead. */
  distance(from: number): number {
    if (this.#state === 'none' || this.#position < from) return Number.POSITIVE_INFINITY;
    return this.#position - from;
  }

  /** The stream was read up to here. */
  passed(to: number): void {
    if (to > this.#position) this.#state = 'none';
  }

  clear(): void {
    this.#state = 'none';
  }
}
