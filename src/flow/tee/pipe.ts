/**
 * A pipe of a tee's own, between the source and one target, or behind the source.
 */
import type { Runtime } from '../../fd/runtime.js';
import * as f from '../../kernel/flags.js';
import { enlarge } from '../pipes.js';

export interface InnerPipe {
  readonly reader: number;
  readonly writer: number;
  /** What Linux really gave, in bytes: 8192 for a user whose pipes hold too much already. */
  readonly capacity: number;
  close(): void;
}

/** A pipe, or −errno where there is none to be had. */
export function openInnerPipe({ kernel }: Runtime): InnerPipe | number {
  const fds = new Int32Array(2);
  const result = kernel.pipe2(f.O_CLOEXEC | f.O_NONBLOCK, fds);
  if (result < 0) return result;
  const [reader, writer] = fds as unknown as [number, number];
  // A page is what any pipe has.
  const capacity = Math.max(enlarge(kernel, writer), kernel.page_size());
  const close = () => {
    kernel.close(reader);
    kernel.close(writer);
  };
  return { reader, writer, capacity, close };
}
