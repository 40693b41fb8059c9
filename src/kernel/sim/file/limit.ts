/** prlimit(2), and RLIMIT_FSIZE with its signal. This module is browser compatible. */
import { EFBIG, EINVAL, EPERM, ESRCH } from '../../errno.js';
import { RLIMIT_FSIZE, RLIMIT_NOFILE, SIGXFSZ } from '../../flags.js';
import type { FileCalls, Offset } from '../../kernel.js';
import type { Call } from '../call.js';
import { int, limit } from '../decode.js';
import { distance } from '../offset.js';
import type { Process } from '../processes.js';
import { type Rows, row } from '../row.js';
import type { SignalInfo } from '../signals.js';

/** RLIM_NLIMITS */
const RESOURCES = 16;
/** /proc/sys/fs/nr_open */
const MOST_DESCRIPTORS = 1_048_576n;
const NONE = 2n ** 64n - 1n;
const TOO_LARGE: SignalInfo = { signal: SIGXFSZ, code: 0, fd: 0, band: 0 };

export const limitRows: Rows<Pick<FileCalls, 'prlimit'>> = {
  prlimit: row([int, int, limit, limit], prlimit),
};

function prlimit(
  { caller }: Call,
  pid: number,
  resource: number,
  wish: BigUint64Array | null,
  old: BigUint64Array | null,
): number {
  const target = pid === 0 ? caller : caller.machine.processes.get(pid);
  if (target === undefined) return -ESRCH;
  if (!caller.isPrivileged && caller.uid !== target.uid) return -EPERM;
  if (resource < 0 || resource >= RESOURCES) return -EINVAL;
  const before = target.limits.get(resource) ?? [NONE, NONE];
  const refused = wish === null ? 0 : set(caller, target, resource, wish);
  if (refused === 0) old?.set(before);
  return refused;
}

function set(
  { isPrivileged }: Process,
  { limits }: Process,
  resource: number,
  [soft = NONE, hard = NONE]: BigUint64Array,
): number {
  if (soft > hard) return -EINVAL;
  if (resource === RLIMIT_NOFILE && hard > MOST_DESCRIPTORS) return -EPERM;
  if (!isPrivileged && hard > (limits.get(resource)?.[1] ?? NONE)) return -EPERM;
  limits.set(resource, [soft, hard]);
  return 0;
}

/** How large the caller may make a file. */
function fileLimit({ limits }: Process): bigint {
  return limits.get(RLIMIT_FSIZE)?.[0] ?? NONE;
}

/** How many of `length` bytes may be written at `start`; −EFBIG, perhaps with SIGXFSZ. */
export function writable({ caller }: Call, start: Offset, length: number, largest: bigint): number {
  const limit = fileLimit(caller);
  if (limit !== NONE && start >= limit) {
    caller.signals.send(TOO_LARGE);
    return -EFBIG;
  }
  if (start >= largest) return -EFBIG;
  const end = limit < largest ? limit : largest;
  return Math.min(length, distance(start, end));
}

/** Whether a file may grow to this size: 0 or −EFBIG, perhaps with SIGXFSZ. */
export function growable({ caller }: Call, size: Offset, largest: bigint): number {
  const limit = fileLimit(caller);
  if (limit !== NONE && size > limit) {
    caller.signals.send(TOO_LARGE);
    return -EFBIG;
  }
  return size > largest ? -EFBIG : 0;
}
