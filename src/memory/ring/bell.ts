/**
 * How the ends of a lane wake each other, and how each learns that the other is gone: a byte over a
 * socket, and its end. This module is browser compatible.
 *
 * A byte is sent only to an end that has said it sleeps. Who goes to sleep says so, and then looks
 * at the ring again; who has changed the ring looks afterwards whether the other sleeps. Both by
 * atomic operations that are in one order for all, so that one of the two sees what the other did,
 * and no message is left without a byte.
 */
import type { Fd } from '../../fd/fd.js';
import { EAGAIN, ECONNRESET, EINTR, EPIPE } from '../../kernel/errno.js';
import { check } from '../../kernel/error.js';
import { MSG_DONTWAIT, MSG_NOSIGNAL, SHUT_RDWR } from '../../kernel/flags.js';
import type { LinuxKernel } from '../../kernel/linux-kernel.js';

const BYTE = new Uint8Array(1);
const NO_WATCH = -1;

/** Told by a bell, from the event loop. */
export interface Listener {
  /** The other end has rung, or is gone. */
  rang(): void;
}

export class Bell {
  readonly #kernel: LinuxKernel;
  readonly #socket: Fd;
  readonly #bytes = new Uint8Array(64);
  readonly #listener: Listener;
  #watch: number;
  #held = false;
  #gone = false;
  /** It has rung, and its byte is not read. */
  #unread = false;

  /**
   * Owns the socket, which is entrusted: a worker that is terminated has no time to close it, and
   * its peer would wait for ever.
   */
  constructor(kernel: LinuxKernel, socket: Fd, listener: Listener) {
    this.#kernel = kernel;
    this.#socket = socket;
    this.#listener = listener;
    this.#watch = check(
      kernel.watch(socket.fd, () => this.#hear()),
      'watch',
      socket.fd,
    );
  }

  /** Whether the other end is closed, by its owner or by its death. */
  get gone(): boolean {
    return this.#gone;
  }

  /** Wakes the other end. */
  ring(): void {
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    const result = this.#kernel.send(this.#socket.fd, BYTE, flags);
    // EAGAIN: more bytes than one are there already, and the first of them wakes it.
    if (result === -EPIPE || result === -ECONNRESET) this.#gone = true;
  }

  /** Before this end says that it sleeps: takes the byte that has woken it, if it has not yet. */
  rest(): void {
    if (this.#unread) this.#read();
  }

  /** Whether a ring is waited for, which keeps the program alive. */
  hold(alive: boolean): void {
    if (this.#held === alive || this.#watch === NO_WATCH) return;
    this.#held = alive;
    this.#kernel.hold(this.#watch, alive);
  }

  /** The other end hears of it, whoever else has the descriptor. */
  close(): void {
    if (this.#socket.closed) return;
    this.#unwatch();
    this.#kernel.shutdown(this.#socket.fd, SHUT_RDWR);
    this.#socket.close();
  }

  /**
   * Whoever waits is served first, and the byte is read when there is time: before the next sleep,
   * or when the event loop asks again, because it is still there.
   */
  #hear(): void {
    if (this.#unread) this.#read();
    else this.#unread = true;
    // A socket at its end is readable for ever.
    if (this.#gone) this.#unwatch();
    this.#listener.rang();
  }

  #read(): void {
    this.#unread = false;
    const result = this.#kernel.recv(this.#socket.fd, this.#bytes, MSG_DONTWAIT);
    if (result === 0 || (result < 0 && result !== -EAGAIN && result !== -EINTR)) this.#gone = true;
  }

  #unwatch(): void {
    if (this.#watch === NO_WATCH) return;
    this.#kernel.unwatch(this.#watch);
    this.#watch = NO_WATCH;
  }
}
