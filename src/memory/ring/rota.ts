/**
 * Whose turn it is among the senders of a receiver: each may have some messages received, then the
 * next. This module is browser compatible.
 */
import type { RingError } from './error.js';
import type { Lane } from './lane.js';

/** What one sender may have received at once while others wait for their turn. */
const MESSAGES_PER_TURN = 64;

export class Rota {
  readonly #onLost: (error: RingError) => void;
  #lanes: readonly Lane[];
  #current = 0;
  #left = MESSAGES_PER_TURN;

  /** `onLost` is told of each lane that is over without having been closed. */
  constructor(lanes: readonly Lane[], onLost: (error: RingError) => void) {
    this.#lanes = lanes;
    this.#onLost = onLost;
  }

  /** Those that are not over, as far as it is known. */
  get lanes(): readonly Lane[] {
    return this.#lanes;
  }

  /** A lane that has a message: asks each, from the one whose turn it is. `onLost` may close. */
  seek(): Lane | undefined {
    const lanes = this.#lanes;
    for (let tried = 0; tried < lanes.length; tried++) {
      if (this.#left === 0) this.#pass(lanes.length);
      const lane = lanes[this.#current] as Lane;
      if (lane.look(this.#onLost)) {
        this.#left--;
        return lane;
      }
      this.#pass(lanes.length);
    }
    if (lanes.some(isOver)) this.#lanes = lanes.filter((lane) => !isOver(lane));
    this.#current = 0;
    return undefined;
  }

  /** The lane that `seek` has found has had its turn. */
  pass(): void {
    this.#left = 0;
  }

  close(): void {
    for (const lane of this.#lanes) lane.close();
    this.#lanes = [];
  }

  #pass(count: number): void {
    this.#current = (this.#current + 1) % count;
    this.#left = MESSAGES_PER_TURN;
  }
}

function isOver({ over }: Lane): boolean {
  return over;
}
