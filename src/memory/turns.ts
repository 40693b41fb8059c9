/**
 * Who of one process goes first: one at a time, or several who share, in the order in which they
 * came. This module is browser compatible.
 */
import { AbortError } from '../kernel/error.js';

export class Turns {
  #inside = 0;
  #shared = false;
  readonly #waiting: Turn[] = [];

  /** How many are inside. */
  get inside(): number {
    return this.#inside;
  }

  /** Whether nobody is inside or waits. */
  get idle(): boolean {
    return this.#inside === 0 && this.#waiting.length === 0;
  }

  /** Resolves when it is one's turn: `leave` ends it. An abort ends the wait. */
  enter(shared: boolean, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(turn), 1);
        this.#admit();
      };
      const turn = new Turn(shared, signal, { resolve, reject, leave });
      this.#waiting.push(turn);
      this.#admit();
    });
  }

  leave(): void {
    this.#inside--;
    this.#admit();
  }

  /** Ends all waits. */
  fail(error: Error): void {
    for (const turn of this.#waiting.splice(0)) turn.fail(error);
  }

  #admit(): void {
    for (let first = this.#waiting[0]; first && this.#hasRoom(first); first = this.#waiting[0]) {
      this.#waiting.shift();
      this.#inside++;
      this.#shared = first.shared;
      first.come();
    }
  }

  #hasRoom({ shared }: Turn): boolean {
    return this.#inside === 0 || (shared && this.#shared);
  }
}

interface Ends {
  resolve(): void;
  reject(error: Error): void;
  /** Out of the queue, before its turn has come. */
  leave(): void;
}

class Turn {
  readonly #onAbort: () => void;

  constructor(
    readonly shared: boolean,
    private readonly signal: AbortSignal | undefined,
    private readonly ends: Ends,
  ) {
    this.#onAbort = () => {
      ends.leave();
      this.fail(new AbortError(signal?.reason));
    };
    signal?.addEventListener('abort', this.#onAbort);
  }

  come(): void {
    this.signal?.removeEventListener('abort', this.#onAbort);
    this.ends.resolve();
  }

  fail(error: Error): void {
    this.signal?.removeEventListener('abort', this.#onAbort);
    this.ends.reject(error);
  }
}
