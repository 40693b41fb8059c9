/**
 * Who is at the far ends of flows: each gives or takes a little at a time, by plain calls, whenever
 * the scheduler says so and between any two calls of a flow.
 */
import { EAGAIN } from '../../src/kernel/errno.js';
import { SHUT_WR } from '../../src/kernel/flags.js';
import type { Kernel, Scheduler } from '../../src/sim.js';

/** At least 0 and below `end`. */
export type Draw = (end: number) => number;

export interface Peer {
  readonly isOver: boolean;
  /** A step; answers false where nothing can be done now. */
  act(): boolean;
}

/** A far end: closed once. */
export class FarEnd {
  isOpen = true;

  constructor(
    readonly kernel: Kernel,
    readonly fd: number,
  ) {}

  close(): void {
    if (this.isOpen) this.kernel.close(this.fd);
    this.isOpen = false;
  }
}

/** How a giver says that it has given all. */
export type Goodbye = 'shutdown' | 'close' | 'none';

export class Giver implements Peer {
  isOver = false;
  given = 0;

  constructor(
    readonly end: FarEnd,
    readonly bytes: Uint8Array,
    readonly goodbye: Goodbye,
    readonly size: () => number,
  ) {}

  act(): boolean {
    if (!this.end.isOpen) this.isOver = true;
    else if (this.given === this.bytes.length) this.#sayGoodbye();
    else return this.#give();
    return true;
  }

  #give(): boolean {
    const { kernel, fd } = this.end;
    const piece = this.bytes.subarray(this.given, this.given + this.size());
    const count = kernel.write(fd, piece);
    if (count === -EAGAIN) return false;
    if (count < 0) this.isOver = true;
    else this.given += count;
    return true;
  }

  #sayGoodbye(): void {
    this.isOver = true;
    if (this.goodbye === 'close') this.end.close();
    if (this.goodbye === 'shutdown') this.end.kernel.shutdown(this.end.fd, SHUT_WR);
  }
}

export class Taker implements Peer {
  isOver = false;
  taken = 0;
  /** What came that was not next. */
  wrong = '';
  hasEnd = false;
  readonly #buffer = new Uint8Array(8192);

  constructor(
    readonly end: FarEnd,
    readonly expected: Uint8Array,
    /** After so many bytes it has enough, and closes. */
    readonly enough: number,
    readonly size: () => number,
  ) {}

  act(): boolean {
    if (!this.end.isOpen) this.isOver = true;
    else if (this.taken >= this.enough) {
      this.isOver = true;
      this.end.close();
    } else return this.#take();
    return true;
  }

  #take(): boolean {
    const { kernel, fd } = this.end;
    const piece = this.#buffer.subarray(0, Math.min(this.size(), this.#buffer.length));
    const count = kernel.read(fd, piece);
    if (count === -EAGAIN) return false;
    if (count <= 0) {
      this.isOver = true;
      this.hasEnd = count === 0;
    } else this.#look(piece.subarray(0, count));
    return true;
  }

  #look(piece: Uint8Array): void {
    const next = this.expected.subarray(this.taken, this.taken + piece.length);
    if (Buffer.compare(piece, next) !== 0) this.wrong ||= `wrong bytes from byte ${this.taken} on`;
    this.taken += piece.length;
  }
}

/**
 * All peers of a machine, as one task of the scheduler: whoever of them can do something does it.
 * One that can do nothing rests until a call or another peer has changed something, so that where
 * everybody rests nothing is left to do.
 */
export class Troupe {
  #active: Peer[] = [];
  #resting: Peer[] = [];
  #isQueued = false;

  constructor(
    readonly scheduler: Scheduler,
    readonly draw: Draw,
  ) {}

  add(peer: Peer): void {
    this.#active.push(peer);
    this.wake();
  }

  /** Something has changed. */
  wake(): void {
    if (this.#resting.length > 0) this.#active.push(...this.#resting);
    this.#resting = [];
    if (this.#isQueued || this.#active.length === 0) return;
    this.#isQueued = true;
    this.scheduler.schedule(() => {
      this.#isQueued = false;
      if (this.act()) this.wake();
    });
  }

  /** One of them does something; answers false where nobody can. */
  act(): boolean {
    while (this.#active.length > 0) {
      const at = this.draw(this.#active.length);
      const [peer] = this.#active.splice(at, 1) as [Peer];
      if (peer.isOver) continue;
      const acted = peer.act();
      if (!acted) this.#resting.push(peer);
      else if (!peer.isOver) this.#active.push(peer);
      if (acted) return true;
    }
    return false;
  }
}
