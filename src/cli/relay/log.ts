/**
 * What a server says while it serves. A log that is full or gone must neither stop it nor end it:
 * what cannot be written now is left out.
 */
import type { Runtime } from '../../fd/runtime.js';
import { EOPNOTSUPP } from '../../kernel/errno.js';
import { POLLOUT, RWF_NOWAIT } from '../../kernel/flags.js';

export class Log {
  readonly #runtime: Runtime;
  readonly #fd: number;

  constructor(runtime: Runtime, fd: number) {
    this.#runtime = runtime;
    this.#fd = fd;
  }

  /** RWF_NOWAIT belongs to the call: the flags of the log are shared with whoever gave it to us. */
  line(text: string): void {
    const { kernel } = this.#runtime;
    const bytes = new TextEncoder().encode(`${text}\n`);
    if (kernel.pwritev2(this.#fd, [bytes], -1, RWF_NOWAIT) !== -EOPNOTSUPP) return;
    // A terminal, or a file of ext4 or in memory.
    if (kernel.poll(0, Int32Array.of(this.#fd, POLLOUT, 0)) === 1) kernel.write(this.#fd, bytes);
  }
}
