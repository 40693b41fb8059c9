/**
 * A file to a file of a disk, in large pieces and by one call each on a thread that may sleep. This
 * module is browser compatible.
 */
import type { Flow } from './flow.js';
import type { Mover } from './mover.js';
import { Reserve } from './reserve.js';
import type { Method } from './route.js';

/** What a disk is given to do before progress is told and an abort is heard. */
const PIECE = 32 * 1024 * 1024;

/** What comes before room is reserved: whether the method works for these two shows first. */
const FIRST_PIECE = 2 * 1024 * 1024;

export class Stored implements Mover {
  readonly #flow: Flow;
  readonly #method: Method;
  readonly #move: (count: number) => number | Promise<number>;
  readonly #reserve: Reserve | undefined;
  #works = false;
  readonly spent = false;

  constructor(flow: Flow, method: Method, move: (count: number) => number | Promise<number>) {
    this.#flow = flow;
    this.#method = method;
    this.#move = move;
    this.#reserve = Reserve.of(flow);
  }

  async step(): Promise<number> {
    const flow = this.#flow;
    const piece = this.#reserve === undefined || this.#works ? PIECE : FIRST_PIECE;
    const count = Math.min(flow.remaining, piece);
    if (this.#works) await this.#reserve?.ahead(count);
    const moved = await this.#move(count);
    if (moved <= 0) return moved;
    this.#works = true;
    flow.took(moved);
    flow.gave(this.#method, moved);
    return moved;
  }

  close(): void {
    this.#reserve?.giveBack();
  }
}
