/**
 * What a server says while it serves. A log that is full or gone must neither stop it nor end it:
 * what cannot be written now is left out, and counted.
 */
import type { Runtime } from '../../fd/runtime.js';
import { EAGAIN, EOPNOTSUPP } from '../../kernel/errno.js';
import { POLLOUT, RWF_NOWAIT } from '../../kernel/flags.js';

export class Log {
  readonly #runtime: Runtime;
  readonly #fd: number;
  /** Lines that were left out. */
  dropped = 0;

  constructor(runtime: Runtime, fd: number) {
    this.#runtime = runtime;
    this.#fd = fd;
  }

  line(text: string): void {
    const bytes = new TextEncoder().encode(`${text}\n`);
    if (this.#write(bytes) !== bytes.length) this.dropped++;
  }

  /** RWF_NOWAIT belongs to the call: the flags of the log are shared with whoever gave it to us. */
  #write(bytes: Uint8Array): number {
    const { kernel } = this.#runtime;
    const result = kernel.pwritev2(this.#fd, [bytes], -1, RWF_NOWAIT);
    if (result !== -EOPNOTSUPP) return result;
    // A terminal, or a file in memory.
    if (kernel.poll(0, Int32Array.of(this.#fd, POLLOUT, 0)) !== 1) return -EAGAIN;
    return kernel.write(this.#fd, bytes);
  }
}
