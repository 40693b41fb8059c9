/**
 * A descriptor kept for the time when there is none: given up, it lets one connection be accepted
 * and closed, so that its peer hears at once that there is no room.
 */
import { EFD_CLOEXEC } from '../../kernel/flags.js';
import type { Kernel } from '../../kernel/kernel.js';
import { NO_GATE, type Passage } from './gate.js';

const NONE = -1;

export class Reserve {
  readonly #kernel: Kernel;
  readonly #gate: Passage;
  #fd = NONE;

  /** `kernel` is the one behind the gate, which every other taker of descriptors passes. */
  constructor(kernel: Kernel, gate: Passage = NO_GATE) {
    this.#kernel = kernel;
    this.#gate = gate;
    this.renew();
  }

  /** Runs `use` with one more descriptor free, which it gives back. Answers what that answers. */
  lend(use: (kernel: Kernel) => number): number {
    return this.#gate.alone(() => {
      this.close();
      const result = use(this.#kernel);
      this.#take();
      return result;
    });
  }

  /** Where it was lost, to a thread of Node or to another process, it comes before connections. */
  renew(): void {
    if (this.#fd < 0) this.#gate.pass(() => this.#take());
  }

  close(): void {
    if (this.#fd >= 0) this.#kernel.close(this.#fd);
    this.#fd = NONE;
  }

  #take(): void {
    this.#fd = this.#kernel.eventfd(0, EFD_CLOEXEC);
  }
}
