/** Which calls fail in a course of events: drawn from its seed. */
import * as e from '../../src/kernel/errno.js';
import type { CallName, Fault, FaultPlan } from '../../src/kernel/fault.js';
import { MOVING } from '../faults/errnos.js';
import type { Draw } from './peers.js';

/** Calls that make or ask something. */
const OTHERS: readonly CallName[] = [
  'close',
  'epoll_create1',
  'epoll_ctl',
  'epoll_wait',
  'fcntl',
  'fstat',
  'getsockopt',
  'ioctl',
  'lseek',
  'openat',
  'pipe2',
  'poll',
  'setsockopt',
  'shutdown',
];

const SEVERE = [e.ENOMEM, e.EMFILE, e.EIO, e.ENOSPC];

/** Half of all courses have none; of the others, half only such as the next call mends. */
export function drawPlan(draw: Draw): FaultPlan {
  const kind = draw(4);
  if (kind < 2) return {};
  const faults = Array.from({ length: 1 + draw(8) }, () =>
    kind === 2 ? passing(draw) : severe(draw),
  );
  return { faults };
}

/** A short count, an interruption, or a storm of refusals. */
function passing(draw: Draw): Fault {
  const calls = [...MOVING];
  const call = calls[draw(calls.length)] ?? 'read';
  const nth = 1 + draw(100);
  if (draw(3) === 0) return { call, nth, short: 1 + draw(5000) };
  return { call, nth, count: 1 + draw(20), errno: draw(2) === 0 ? e.EINTR : e.EAGAIN };
}

function severe(draw: Draw): Fault {
  const calls = [...MOVING, ...OTHERS];
  const call = calls[draw(calls.length)] ?? 'read';
  return { call, nth: 1 + draw(100), errno: SEVERE[draw(SEVERE.length)] ?? e.EIO };
}
