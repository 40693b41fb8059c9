/**
 * Keeps the guard of mappings in place while listeners for SIGBUS come and go. libuv puts a handler
 * of its own over ours for a listener, which returns to the faulting instruction for ever, and the
 * default action, which kills, when the listener goes. Both happen while the listener is added or
 * removed, before ours of these events runs.
 */
import { linux } from '../kernel/linux.js';

/**
 * Signals are the main thread's, and its handler guards the mappings of all. So it listens from the
 * start, whoever will map; in a worker the events are about nothing, and harmless.
 */
export function keepGuard(): void {
  if (process.platform !== 'linux') return;
  process.on('newListener', renew);
  process.on('removeListener', renew);
}

function renew(event: string | symbol): void {
  if (event === 'SIGBUS') linux.guard_renew();
}
