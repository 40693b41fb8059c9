/**
 * Where addresses wait before Linux may give them to somebody else.
 *
 * A mapping that is closed has its ArrayBuffer detached, so JavaScript cannot reach it any more.
 * But a `fs.write` or a zlib job of Node's that began before has the bare address, on another
 * thread, and neither V8 nor Node says when it is done: the backing store is let go at the next
 * tick, whatever goes on. Were the range unmapped, such a job would die of SIGSEGV, or read the
 * next mapping's bytes. So the range becomes memory of zeros, and its addresses stay taken until V8
 * has let go of it and the thread was seen without a request under way.
 *
 * `node:http2` has bare addresses too, and no request, while a peer's window is full: where it is
 * loaded, the detached ArrayBuffer must have been collected as well, which a write keeps it from.
 */
import type { LinuxKernel } from '../kernel/linux-kernel.js';

/** A range of addresses that nobody may use any more. */
export interface Retired {
  /** In bytes. */
  readonly length: number;
  /** Whether V8 has let go of the memory; `quarantine.released` tells of it. */
  readonly released: boolean;
  /** Gives the addresses back to Linux. */
  unmap(): void;
}

/**
 * A program that always has a request under way would keep its addresses for ever. Above these the
 * oldest go all the same: a request that is still not done then has been under way for so many
 * mappings.
 */
const MOST_RANGES = 2 ** 15;
const MOST_BYTES = 2 ** 44;

export class Quarantine {
  readonly #kernel: LinuxKernel;
  readonly #mayBeHeld: () => boolean;
  /** Retired while a request was under way, and none was seen to be since; the oldest first. */
  readonly #busy = new Set<Retired>();
  /** Only V8 has them still. */
  readonly #quiet = new Set<Retired>();
  #bytes = 0;

  /** `mayBeHeld`: whether something on this thread keeps addresses and is no request. */
  constructor(kernel: LinuxKernel, mayBeHeld: () => boolean) {
    this.#kernel = kernel;
    this.#mayBeHeld = mayBeHeld;
  }

  /** Whether no request of Node's can have an address of this thread's mappings. */
  get idle(): boolean {
    return this.#kernel.requests() === 0;
  }

  /** Whether one may. Where nobody says, neither is true. */
  get busy(): boolean {
    return this.#kernel.requests() > 0;
  }

  /** Whether whoever keeps an ArrayBuffer may have its address, request or not. */
  get mayBeHeld(): boolean {
    return this.#mayBeHeld();
  }

  add(range: Retired): void {
    this.#quiet.delete(range);
    if (!this.#busy.has(range)) this.#bytes += range.length;
    this.#busy.add(range);
    this.sweep();
  }

  /** V8 has let go of the range. Whoever had it until then may have begun a request with it. */
  released(range: Retired): void {
    this.add(range);
  }

  /** Gives back what can be given back by now. */
  sweep(): void {
    if (this.#busy.size === 0) return;
    if (this.idle) for (const range of this.#busy) this.#leave(range);
    for (const range of this.#busy) {
      if (this.#busy.size <= MOST_RANGES && this.#bytes <= MOST_BYTES) return;
      this.#leave(range);
    }
  }

  #leave(range: Retired): void {
    this.#busy.delete(range);
    this.#bytes -= range.length;
    if (range.released) range.unmap();
    else this.#quiet.add(range);
  }
}
