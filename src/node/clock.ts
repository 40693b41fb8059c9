/** The clock of this machine and of Node's event loop. */
import type { Clock } from '../kernel/clock.js';

export const realClock: Clock = {
  now: () => performance.now(),
  timer(delayMs, callback) {
    const timeout = setTimeout(callback, delayMs);
    timeout.unref();
    return () => clearTimeout(timeout);
  },
  yield: () => new Promise((resolve) => setImmediate(resolve)),
  random: () => Math.random(),
};
