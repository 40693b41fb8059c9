/**
 * Two connections and the two directions between them: the whole life of a relay, without a promise
 * on its way. This module is browser compatible.
 *
 * How ends are carried across:
 * - an end (FIN) of one side, once all its bytes are delivered, is an end for the other, which may
 *   go on sending;
 * - a reset of one side is a reset for the other, after what could still be delivered. So is
 *   whatever else ends a relay early: what was cut off must not look complete.
 */
import { type Interests, READABLE, WRITABLE } from '../fd/runtime.js';
import { check } from '../kernel/error.js';
import { EPOLLERR, SO_ERROR, SOL_SOCKET } from '../kernel/flags.js';
import { Direction, type DirectionOwner } from './direction.js';
import { type Connection, End, type EndOwner } from './end.js';
import type { Engine } from './engine.js';
import { type Limits, Pace } from './pace.js';

/** How a relay went. */
export interface Outcome {
  /** Bytes from the first connection that the second has taken. */
  readonly sent: number;
  /** Bytes from the second connection that the first has taken. */
  readonly received: number;
  /** A side was reset or died in another way, and the other was shown a reset. */
  readonly reset: boolean;
  /** What ended it early. */
  readonly error: Error | undefined;
}

export class Session implements EndOwner, DirectionOwner {
  readonly engine: Engine;
  readonly forward: Direction;
  readonly backward: Direction;
  readonly #a: End;
  readonly #b: End;
  readonly #done: (outcome: Outcome) => void;
  #pace: Pace | undefined = undefined;
  #half = false;
  #over = false;

  constructor(engine: Engine, a: Connection, b: Connection, done: (outcome: Outcome) => void) {
    this.engine = engine;
    this.#a = new End(this, a);
    this.#b = new End(this, b);
    this.forward = new Direction(this, this.#a, this.#b);
    this.backward = new Direction(this, this.#b, this.#a);
    this.#done = done;
  }

  /** From here on the connections are the session's to close. */
  start(limits: Limits): void {
    this.engine.enter();
    this.#pace = Pace.of(this, limits);
    try {
      for (const end of [this.#a, this.#b]) {
        check(end.watch(end.writable ? READABLE : READABLE | WRITABLE), 'epoll_ctl', end.fd);
      }
    } catch (error) {
      this.fail(error as Error);
    }
    this.#run();
  }

  get bytes(): number {
    return this.forward.sent + this.backward.sent;
  }

  /** One side has ended, and that was carried across. */
  get halfClosed(): boolean {
    return this.forward.over || this.backward.over;
  }

  changed(end: End, interests: Interests, events: number): void {
    const from = end === this.#a ? this.forward : this.backward;
    const to = end === this.#a ? this.backward : this.forward;
    if ((events & EPOLLERR) !== 0 && from.over) this.#readError(end);
    if ((interests & READABLE) !== 0) from.run();
    if ((interests & WRITABLE) !== 0) to.run();
    this.settle();
  }

  lost(_end: End, error: Error): void {
    this.fail(error);
  }

  moved(): void {
    this.#pace?.moved();
  }

  settle(): void {
    if (this.#over) return;
    const { forward, backward } = this;
    if (forward.target.broken) forward.drop();
    if (backward.target.broken) backward.drop();
    if (forward.over && backward.over) this.#finish(undefined);
    else if (this.halfClosed && !this.#half) this.#becomeHalf();
  }

  /** Ends it now. Both sides see a reset. */
  fail(error: Error): void {
    if (this.#over) return;
    this.forward.drop();
    this.backward.drop();
    this.#finish(error);
  }

  #run(): void {
    this.forward.run();
    this.backward.run();
    this.settle();
  }

  #end(end: End, reset: boolean): void {
    if (reset) end.reset();
    end.close();
  }

  #becomeHalf(): void {
    this.#half = true;
    this.#pace?.halfClosed();
  }

  /** Nobody reads from this end any more, so its death is learnt here. */
  #readError(end: End): void {
    const error = new Int32Array(1);
    const { kernel } = this.engine.runtime;
    kernel.getsockopt(end.fd, SOL_SOCKET, SO_ERROR, new Uint8Array(error.buffer));
    end.broken ||= error[0] !== 0;
  }

  #finish(error: Error | undefined): void {
    this.#over = true;
    this.#pace?.stop();
    const reset = this.#a.broken || this.#b.broken;
    this.#end(this.#a, reset || error !== undefined);
    this.#end(this.#b, reset || error !== undefined);
    this.engine.leave();
    const { forward, backward } = this;
    this.#done({ sent: forward.sent, received: backward.sent, reset, error });
  }
}
