/** How connections die. This module is browser compatible. */
import * as e from '../kernel/errno.js';

/** Whether the call says that the connection is no more: for a relay an end, shown as a reset. */
export function isGone(answer: number): boolean {
  return GONE.has(answer);
}

const GONE = new Set(
  [
    e.EPIPE,
    e.ECONNRESET,
    e.ECONNABORTED,
    e.ETIMEDOUT,
    e.EHOSTUNREACH,
    e.ENETUNREACH,
    e.ENETDOWN,
    e.ENETRESET,
    e.EHOSTDOWN,
  ].map((errno) => -errno),
);
