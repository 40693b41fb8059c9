/**
 * One descriptor number in the poller: what epoll was told of it, and who waits for it. This module
 * is browser compatible.
 */
import type { Interest, Interests, Watcher } from '../fd/runtime.js';

/**
 * Someone who waits; `settle` ends the wait, with an error or well,
 * and does nothing the second time.
 */
export interface Waiter {
  readonly interest: Interest;
  settle(error?: Error): void;
}

export class Registration {
  readonly fd: number;
  /**
   * Comes back in the high half of each event: what does not match was meant for an earlier owner.
   */
  generation: number;
  /**
   * What epoll was told to report: the union of all that was ever asked. 0: epoll does not have it.
   */
  asked: Interests = 0;
  /** The part of `asked` whose next edge is still to come. An edge that nobody took leaves it. */
  armed: Interests = 0;
  /** Who is told of every edge, and for what. */
  watcher: Watcher | undefined = undefined;
  watched: Interests = 0;
  /** Made when it is needed: a thousand idle connections have a watcher and nobody who waits. */
  #waiters: Set<Waiter> | undefined = undefined;

  constructor(fd: number) {
    this.fd = fd;
    this.generation = nextGeneration();
  }

  /** Another file has the number now. */
  renew(): void {
    this.generation = nextGeneration();
  }

  /** Whether nobody waits or watches. */
  get idle(): boolean {
    return this.watcher === undefined && !this.hasWaiters;
  }

  get hasWaiters(): boolean {
    return this.#waiters !== undefined && this.#waiters.size > 0;
  }

  /** What is waited for now. */
  get awaited(): Interests {
    let interests = 0;
    if (this.#waiters === undefined) return interests;
    for (const waiter of this.#waiters) interests |= waiter.interest;
    return interests;
  }

  add(waiter: Waiter): void {
    this.#waiters ??= new Set();
    this.#waiters.add(waiter);
  }

  delete(waiter: Waiter): void {
    this.#waiters?.delete(waiter);
  }

  /** Ends the waits for these interests; answers whether there was one. */
  settle(interests: Interests, error?: Error): boolean {
    let any = false;
    if (this.#waiters === undefined) return any;
    for (const waiter of this.#waiters) {
      if ((waiter.interest & interests) === 0) continue;
      any = true;
      waiter.settle(error);
    }
    return any;
  }
}

const GENERATIONS = 2 ** 21;

let generation = 0;

function nextGeneration(): number {
  generation = (generation + 1) % GENERATIONS;
  return generation;
}
