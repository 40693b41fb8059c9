/**
 * Who of one process goes first: one at a time, or several who share, in the order in which they
 * came. This module is browser compatible.
 */
import { Queue } from './queue.js';

export class Turns {
  #inside = 0;
  #shared = false;
  /** Whether each shares. */
  readonly #waiting = new Queue<boolean, void>(() => this.#admit());

  /** How many are inside. */
  get inside(): number {
    return this.#inside;
  }

  /** Whether nobody is inside or waits. */
  get idle(): boolean {
    return this.#inside === 0 && this.#waiting.size === 0;
  }

  /** Resolves when it is one's turn: `leave` ends it. An abort ends the wait. */
  enter(shared: boolean, signal: AbortSignal | undefined): Promise<void> {
    const turn = this.#waiting.add(shared, signal);
    this.#admit();
    return turn;
  }

  leave(): void {
    this.#inside--;
    this.#admit();
  }

  /** Ends all waits. */
  fail(error: Error): void {
    this.#waiting.failAll(error);
  }

  #admit(): void {
    const queue = this.#waiting;
    for (let turn = queue.first; turn && this.#hasRoom(turn.task); turn = queue.first) {
      this.#inside++;
      this.#shared = turn.task;
      turn.succeed();
    }
  }

  #hasRoom(shared: boolean): boolean {
    return this.#inside === 0 || (shared && this.#shared);
  }
}
