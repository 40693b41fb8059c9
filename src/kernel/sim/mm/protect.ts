/** munmap(2), mprotect(2), msync(2): what is done to ranges. This module is browser compatible. */
import { EACCES, EBUSY, EINVAL, ENOMEM } from '../../errno.js';
import { MS_ASYNC, MS_INVALIDATE, MS_SYNC, PROT_WRITE } from '../../flags.js';
import type { Call } from '../call.js';
import type { Area } from './area.js';
import { isInsidePage, isPossible, wholePages } from './range.js';
import type { Space } from './space.js';

/** PROT_SEM means nothing here; the other three do. */
const KNOWN_PROTECTION = 0xf;
const SYNC_FLAGS = MS_ASYNC | MS_INVALIDATE | MS_SYNC;

export function munmap({ caller }: Call, address: number, bytes: number): number {
  const length = wholePages(bytes);
  if (isInsidePage(address) || !isPossible(address, length) || length === 0) return -EINVAL;
  return caller.space.unmap(address, address + length);
}

/** What comes before a refusal stays changed, as on Linux. */
export function mprotect(
  { caller }: Call,
  address: number,
  bytes: number,
  protection: number,
): number {
  const { space } = caller;
  if (isInsidePage(address)) return -EINVAL;
  if (bytes === 0) return 0;
  if ((protection & ~KNOWN_PROTECTION) !== 0) return -EINVAL;
  const end = address + wholePages(bytes);
  const refused = eachArea(space, address, end, (area, from, to) => {
    if ((protection & PROT_WRITE) !== 0 && !area.kind.mayWrite) return -EACCES;
    return protect(space, from, to, protection & 7);
  });
  space.areas.join(address, end);
  return refused;
}

function protect(space: Space, start: number, end: number, protection: number): number {
  const area = space.areas.at(start) as Area;
  if (area.kind.protection === protection) return 0;
  const refused = space.cut(start, end);
  if (refused < 0) return refused;
  const changed = space.areas.at(start) as Area;
  changed.kind = { ...changed.kind, protection };
  return 0;
}

/**
 * Runs `change` for each area of the range and the part of the range that is in it, until one
 * answers −errno; −ENOMEM from the first address on that is in none.
 */
export function eachArea(
  space: Space,
  start: number,
  end: number,
  change: (area: Area, from: number, to: number) => number,
): number {
  let from = start;
  for (const area of space.areas.within(start, end)) {
    if (area.start > from) return -ENOMEM;
    const to = Math.min(area.end, end);
    const refused = change(area, from, to);
    if (refused < 0) return refused;
    from = to;
  }
  return from < end ? -ENOMEM : 0;
}

/** A store is in the page cache at once: there is nothing to be written, only to be refused. */
export function msync({ caller }: Call, address: number, bytes: number, flags: number): number {
  const { areas } = caller.space;
  const has = (flag: number) => (flags & flag) !== 0;
  if ((flags & ~SYNC_FLAGS) !== 0 || isInsidePage(address)) return -EINVAL;
  if (has(MS_ASYNC) && has(MS_SYNC)) return -EINVAL;
  const length = wholePages(bytes);
  const found = areas.within(address, address + length);
  if (has(MS_INVALIDATE) && found.some(({ kind }) => kind.isLocked)) return -EBUSY;
  return areas.bytesWithin(address, address + length) < length ? -ENOMEM : 0;
}
