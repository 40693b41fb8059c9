/**
 * The door of sleep as a promise, over any kernel. This module is browser compatible.
 */
import { EINTR } from './errno.js';
import type { Calls, Kernel, SleepingCall } from './kernel.js';

/**
 * The call on a thread where it may sleep; resolves with its answer, n ≥ 0 or −errno, and never
 * rejects.
 *
 * Memory of JavaScript is copied, so the call sees what `parameters` hold now and fills them when
 * it is over. While it is pending the program stays alive; `process.exit` and the end of a worker
 * do not wait.
 *
 * @param signal wakes the call: −EINTR, unless it was over first
 */
export function offload<Name extends SleepingCall>(
  kernel: Kernel,
  name: Name,
  parameters: Parameters<Calls[Name]>,
  signal?: AbortSignal,
): Promise<number> {
  if (signal?.aborted === true) return Promise.resolve(-EINTR);
  return new Promise((resolve) => {
    const interrupt = () => kernel.interrupt(ticket);
    const ticket = kernel.offload(name, parameters, (result) => {
      signal?.removeEventListener('abort', interrupt);
      resolve(result);
    });
    if (ticket < 0) resolve(ticket);
    else signal?.addEventListener('abort', interrupt);
  });
}
