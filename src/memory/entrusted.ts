/**
 * Descriptors that do not outlive their thread: a worker that is terminated has no time to close
 * them, and what they stand for would stay. This module is browser compatible.
 */
import { Fd } from '../fd/fd.js';
import type { LinuxKernel } from '../kernel/linux-kernel.js';
import type { MemoryRuntime } from './runtime.js';

/**
 * Who closes them then. What it answers is not looked at: at worst it is as without it.
 *
 * Invariant: taken back before the number is closed or given up, since it is another file's next.
 */
export type Keeper = Pick<LinuxKernel, 'entrust' | 'reclaim'>;

/** Takes over what the `Fd` owns. */
export function entrusted(runtime: MemoryRuntime, fd: Fd): Fd {
  return new EntrustedFd(runtime, fd.release());
}

class EntrustedFd extends Fd {
  readonly #keeper: Keeper;

  constructor(runtime: MemoryRuntime, fd: number) {
    super(runtime, fd);
    this.#keeper = runtime.kernel;
    this.#keeper.entrust(fd);
  }

  override close(): void {
    if (!this.closed) this.#keeper.reclaim(this.fd);
    super.close();
  }

  override release(): number {
    const fd = super.release();
    this.#keeper.reclaim(fd);
    return fd;
  }
}
