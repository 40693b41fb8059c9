/**
 * Keeps the guard of mappings in place while listeners for SIGBUS come and go. libuv puts a handler
 * of its own over ours for a listener, which returns to the faulting instruction for ever, and the
 * default action, which kills, when the listener goes. Both happen while the listener is added or
 * removed, before ours of these events runs.
 */
import { isMainThread } from 'node:worker_threads';
import { linux } from '../kernel/linux.js';

/**
 * For the process: a worker has no signals of its own, and its mappings are guarded by the one
 * handler of all. So the main thread listens from the start, whoever will map.
 */
export function keepGuard(): void {
  if (!isMainThread || process.platform !== 'linux') return;
  process.on('newListener', renew);
  process.on('removeListener', renew);
}

function renew(event: string | symbol): void {
  if (event === 'SIGBUS') linux.guard_renew();
}
