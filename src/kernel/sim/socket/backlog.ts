/**
 * The connections of a listener that accept(2) has not handed out yet, and how many there may be:
 * listen(2). This module is browser compatible.
 */
import { SOMAXCONN } from '../../flags.js';

export class Backlog<Connection> {
  readonly #waiting: Connection[] = [];
  #limit = 0;

  /** As listen(2) is told: net.core.somaxconn is the most, also for a negative one. */
  set limit(backlog: number) {
    this.#limit = Math.min(backlog >>> 0, SOMAXCONN);
  }

  get count(): number {
    return this.#waiting.length;
  }

  /** Linux takes one more than it is told. */
  get isFull(): boolean {
    return this.count > this.#limit;
  }

  push(connection: Connection): void {
    this.#waiting.push(connection);
  }

  /** The oldest. */
  shift(): Connection | undefined {
    return this.#waiting.shift();
  }

  /** All of them; then there is none. */
  takeAll(): Connection[] {
    return this.#waiting.splice(0);
  }
}
