/** madvise(2): the advice that has an effect, and what else is known. Browser compatible. */
import { EACCES, EFAULT, EINVAL, ENOMEM } from '../../errno.js';
import * as f from '../../flags.js';
import type { Call } from '../call.js';
import { PAGE_SIZE } from '../page.js';
import type { Area } from './area.js';
import { eachArea } from './protect.js';
import { isInsidePage, wholePages } from './range.js';
import { type Access, PEEK, type Space, STORE } from './space.js';

/** Follows the advice for a part of an area: 0 or −errno. */
type Advice = (space: Space, area: Area, from: number, to: number, call: Call) => number;

const ignored: Advice = () => 0;

const ADVICE = new Map<number, Advice>([
  [f.MADV_NORMAL, ignored],
  [f.MADV_RANDOM, ignored],
  [f.MADV_SEQUENTIAL, ignored],
  [f.MADV_WILLNEED, ignored],
  [f.MADV_DONTNEED, dontNeed],
  [f.MADV_FREE, free],
  [f.MADV_REMOVE, remove],
  [f.MADV_DONTFORK, staysAtFork(true)],
  [f.MADV_DOFORK, staysAtFork(false)],
  [f.MADV_HUGEPAGE, ignored],
  [f.MADV_NOHUGEPAGE, ignored],
  [f.MADV_DONTDUMP, ignored],
  [f.MADV_DODUMP, ignored],
  [f.MADV_COLD, unlocked],
  [f.MADV_PAGEOUT, unlocked],
]);

/** Advice that must be followed: the access for which the pages are to be there. */
const POPULATE = new Map<number, Access>([
  [f.MADV_POPULATE_READ, PEEK],
  [f.MADV_POPULATE_WRITE, STORE],
]);

export function madvise(call: Call, address: number, bytes: number, advice: number): number {
  const [follow, access] = [ADVICE.get(advice), POPULATE.get(advice)];
  if (isInsidePage(address)) return -EINVAL;
  const end = address + wholePages(bytes);
  if (end === address && (follow ?? access) !== undefined) return 0;
  if (follow !== undefined) return advise(call, address, end, follow);
  return access === undefined ? -EINVAL : populate(call.caller.space, address, end, access);
}

/** What is not mapped is −ENOMEM, after all that is mapped was advised. */
function advise(call: Call, address: number, end: number, follow: Advice): number {
  const { space } = call.caller;
  let next = address;
  let hasHole = false;
  for (const area of space.areas.within(address, end)) {
    const [from, to] = [Math.max(area.start, address), Math.min(area.end, end)];
    hasHole ||= from > next;
    const refused = follow(space, area, from, to, call);
    if (refused < 0) return refused;
    next = to;
  }
  return hasHole || next < end ? -ENOMEM : 0;
}

/** Private memory is zeros again, a file's private pages are the file's. */
function dontNeed(space: Space, area: Area, from: number, to: number): number {
  if (area.kind.isLocked) return -EINVAL;
  space.table.drop(from, to);
  return 0;
}

/** Nothing is ever short of memory, so all is kept. */
function free(_space: Space, { kind, isMemory }: Area): number {
  return kind.isLocked || !isMemory ? -EINVAL : 0;
}

function unlocked(_space: Space, { kind }: Area): number {
  return kind.isLocked ? -EINVAL : 0;
}

/** A hole in the file. */
function remove(_space: Space, area: Area, from: number, to: number, call: Call): number {
  const { file, isLocked } = area.kind;
  if (isLocked || file === undefined) return -EINVAL;
  if (!area.storesToObject) return -EACCES;
  const mode = f.FALLOC_FL_PUNCH_HOLE | f.FALLOC_FL_KEEP_SIZE;
  return file.object.allocate(file, mode, area.positionOf(from), to - from, call);
}

function staysAtFork(stays: boolean): Advice {
  return (space, _area, from, to) => {
    const refused = space.cut(from, to);
    if (refused < 0) return refused;
    const part = space.areas.at(from) as Area;
    part.kind = { ...part.kind, staysAtFork: stays };
    space.areas.join(from, to);
    return 0;
  };
}

function populate(space: Space, start: number, end: number, access: Access): number {
  return eachArea(space, start, end, ({ kind }, from, to) => {
    if ((kind.protection & access.protection) === 0) return -EINVAL;
    for (let address = from; address < to; address += PAGE_SIZE) {
      if (typeof space.access(address, access) === 'number') return -EFAULT;
    }
    return 0;
  });
}
