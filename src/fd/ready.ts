/**
 * What is true of a descriptor now, and waiting for it after a refusal. This module is browser
 * compatible.
 *
 * The poller tells of edges: who was refused although there was something (memory was short, or
 * another reader was quicker) would wait for an edge that has passed. So poll(2) is asked first.
 */
import { check, retry } from '../kernel/error.js';
import type { Kernel } from '../kernel/kernel.js';
import type { Interest, Runtime } from './runtime.js';

/**
 * So often in a row a descriptor may claim to be ready and refuse, before an edge is waited for all
 * the same: an eventfd that is nearly full claims to be writable for ever.
 */
export const MOST_DOUBTS = 100;

/** The bits of poll(2) are those of an interest; an error or a hang-up is for the next call. */
export function isReady(kernel: Kernel, fd: number, interest: Interest): boolean {
  const fds = Int32Array.of(fd, interest, 0);
  return (
    check(
      retry(() => kernel.poll(0, fds)),
      'poll',
    ) > 0
  );
}

/**
 * After EAGAIN: waits until the next try may do better, which is a later turn where the descriptor
 * claims to be ready now. `doubts` is how often in a row it did; answers how often it is now.
 */
export async function untilReady(
  { kernel, poller, clock }: Runtime,
  fd: number,
  interest: Interest,
  signal: AbortSignal | undefined,
  doubts = 0,
): Promise<number> {
  if (doubts < MOST_DOUBTS && isReady(kernel, fd, interest)) {
    await clock.yield();
    return doubts + 1;
  }
  await poller.wait(fd, interest, signal);
  return 0;
}
