/**
 * The state of one transfer: how far it is, and what has become of each byte. This module is
 * browser compatible.
 */
import type { Runtime } from '../fd/runtime.js';
import { Turn } from '../fd/turn.js';
import { AbortError } from '../kernel/error.js';
import type { End } from './ends.js';
import type { Method } from './route.js';
import { isWarm } from './warm.js';

/** Half a millisecond of sendfile; a turn of the event loop costs a tenth of that. */
const BYTES_PER_TURN = 2 * 1024 * 1024;

/** How many pieces are looked at together. */
const PROBED_AHEAD = 2;

export interface FlowOptions {
  /** Where the source is read, or null for its file offset (which moves) and for streams. */
  readonly position: number | null;
  /** How many bytes at most; Infinity for all. */
  readonly limit: number;
  readonly signal?: AbortSignal | undefined;
  readonly bytesPerTurn?: number | undefined;
  /** Told of all bytes that have arrived, whenever there are more. */
  readonly onMoved?: ((bytes: number) => void) | undefined;
}

export class Flow {
  readonly runtime: Runtime;
  readonly source: End;
  readonly target: End;
  readonly signal: AbortSignal | undefined;
  readonly bytesPerTurn: number;
  readonly turn: Turn;
  /** How many bytes each method has brought to the target. */
  readonly methods: Partial<Record<Method, number>> = {};
  readonly #onMoved: ((bytes: number) => void) | undefined;
  #position: number | null;
  #remaining: number;
  #bytes = 0;
  #warmFrom = 0;
  #warmUntil = 0;

  constructor(runtime: Runtime, source: End, target: End, options: FlowOptions) {
    this.runtime = runtime;
    this.source = source;
    this.target = target;
    this.signal = options.signal;
    this.bytesPerTurn = options.bytesPerTurn ?? BYTES_PER_TURN;
    this.turn = new Turn(this.bytesPerTurn);
    this.#onMoved = options.onMoved;
    this.#position = options.position;
    this.#remaining = options.limit;
  }

  /** Where the next byte of the source is read. */
  get position(): number | null {
    return this.#position;
  }

  /** How many bytes may still be taken from the source. */
  get remaining(): number {
    return this.#remaining;
  }

  /** How many have arrived. */
  get bytes(): number {
    return this.#bytes;
  }

  /** So many bytes have left the source. */
  took(count: number): void {
    if (this.#position !== null) this.#position += count;
    this.#remaining -= count;
  }

  /** So many of them have reached the target. */
  gave(method: Method, count: number): void {
    this.#bytes += count;
    this.methods[method] = (this.methods[method] ?? 0) + count;
    this.#onMoved?.(this.#bytes);
  }

  /**
   * Whether the next piece of the file is in memory, asked once for all that is sent of it: a
   * socket takes a piece in many short counts.
   */
  isWarm(position: number, count: number): boolean {
    if (position >= this.#warmFrom && position + count <= this.#warmUntil) return true;
    const ahead = Math.min(this.#remaining, count * PROBED_AHEAD);
    if (!isWarm(this.runtime.kernel, this.source.fd, position, ahead)) {
      return ahead > count && isWarm(this.runtime.kernel, this.source.fd, position, count);
    }
    this.#warmFrom = position;
    this.#warmUntil = position + ahead;
    return true;
  }

  throwIfStopped(): void {
    if (this.signal?.aborted) throw new AbortError(this.signal.reason);
  }
}
