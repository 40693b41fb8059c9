/**
 * Fairness: what is always ready would keep the event loop from everything else, because promises
 * that are settled at once never let it turn. This module is browser compatible.
 */
import type { Clock } from '../kernel/clock.js';

/** Work at once before the event loop has its turn: a fraction of a millisecond. */
const BYTES_PER_TURN = 1 << 20;

/** What a call costs, in bytes moved. */
const CALL_IN_BYTES = 4096;

/** What one user of the event loop has done in this turn of it. */
export class Turn {
  readonly #bytes: number;
  #spent = 0;

  constructor(bytesPerTurn = BYTES_PER_TURN) {
    this.#bytes = bytesPerTurn;
  }

  get over(): boolean {
    return this.#spent >= this.#bytes;
  }

  /** A call was made at once and moved so many bytes; answers them. */
  spend(bytes: number): number {
    this.#spent += bytes + CALL_IN_BYTES;
    return bytes;
  }

  /** The event loop turns anyhow. */
  renew(): void {
    this.#spent = 0;
  }

  async end(clock: Clock): Promise<void> {
    this.#spent = 0;
    await clock.yield();
  }
}
