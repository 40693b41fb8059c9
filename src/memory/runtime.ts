/**
 * What mappings belong to: a runtime on Linux itself, for only there an address can be an
 * ArrayBuffer, and the ranges of it that wait to be given back.
 */
import type { Runtime } from '../fd/runtime.js';
import type { LinuxKernel } from '../kernel/linux-kernel.js';
import type { Quarantine } from './quarantine.js';

export interface MemoryRuntime extends Runtime {
  readonly kernel: LinuxKernel;
  readonly quarantine: Quarantine;
  /** Unlike a timer of the clock it keeps the program alive. */
  pause(delayMs: number): Promise<void>;
}
