/**
 * A descriptor kept for the time when there is none: given up, it lets one connection be accepted
 * and closed, so that its peer hears at once that there is no room.
 */
import type { Runtime } from '../../fd/runtime.js';
import { EFD_CLOEXEC } from '../../kernel/flags.js';

const NONE = -1;

export class Reserve {
  readonly #runtime: Runtime;
  #fd: number;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    this.#fd = runtime.kernel.eventfd(0, EFD_CLOEXEC);
  }

  /** Runs `use` with one more descriptor free, which it gives back. Answers what that answers. */
  lend<Result>(use: () => Result): Result {
    const { kernel } = this.#runtime;
    if (this.#fd >= 0) kernel.close(this.#fd);
    const result = use();
    this.#fd = kernel.eventfd(0, EFD_CLOEXEC);
    return result;
  }

  close(): void {
    if (this.#fd >= 0) this.#runtime.kernel.close(this.#fd);
    this.#fd = NONE;
  }
}
