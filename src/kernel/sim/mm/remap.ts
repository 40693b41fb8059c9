/** mremap(2). This module is browser compatible. */
import { EFAULT, EINVAL, ENOMEM } from '../../errno.js';
import { MAP_FIXED, MREMAP_DONTUNMAP, MREMAP_FIXED, MREMAP_MAYMOVE } from '../../flags.js';
import type { Call } from '../call.js';
import { PAGE_SIZE } from '../page.js';
import type { Process } from '../processes.js';
import { ADDRESS_END } from '../space.js';
import type { Area } from './area.js';
import { MOST_AREAS } from './area-list.js';
import { hasRoom, place } from './map.js';
import { isInsidePage, isPossible, wholePages } from './range.js';
import type { Space } from './space.js';

const KNOWN_FLAGS = MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP;
const MOVES = MREMAP_FIXED | MREMAP_DONTUNMAP;

/** What is asked for, in whole pages. */
interface Wish {
  readonly start: number;
  readonly oldLength: number;
  readonly newLength: number;
  readonly flags: number;
  readonly target: number;
}

/** Answers the address. */
export function mremap(
  { caller }: Call,
  start: number,
  oldBytes: number,
  newBytes: number,
  flags: number,
  target: number,
): number {
  const [oldLength, newLength] = [wholePages(oldBytes), wholePages(newBytes)];
  const wish: Wish = { start, oldLength, newLength, flags, target };
  if (!isMeaningful(wish)) return -EINVAL;
  const { space } = caller;
  const area = space.areas.at(start);
  if (area === undefined) return -EFAULT;
  if ((flags & MREMAP_FIXED) !== 0 && oldLength === newLength) return moveAll(caller, wish);
  // Linux moves huge pages as wholes; nothing asks for that here.
  if (area.kind.pageBytes > PAGE_SIZE) return -EINVAL;
  if ((flags & MOVES) !== 0) return moveTo(caller, wish);
  if (oldLength >= newLength && oldLength > 0) return shrink(space, wish);
  return resizable(caller, area, wish) || grow(caller, area, wish);
}

function isMeaningful({ start, oldLength, newLength, flags, target }: Wish): boolean {
  if ((flags & ~KNOWN_FLAGS) !== 0 || isInsidePage(start) || newLength === 0) return false;
  if (newLength > ADDRESS_END) return false;
  if ((flags & MOVES) === 0) return true;
  if ((flags & MREMAP_MAYMOVE) === 0) return false;
  if ((flags & MREMAP_DONTUNMAP) !== 0 && oldLength !== newLength) return false;
  if (isInsidePage(target) || !isPossible(target, newLength)) return false;
  return target + newLength <= start || start + oldLength <= target;
}

function shrink(space: Space, { start, oldLength, newLength }: Wish): number {
  if (newLength === oldLength) return start;
  if (!isPossible(start, oldLength)) return -EINVAL;
  return space.unmap(start + newLength, start + oldLength) || start;
}

/** 0 or −errno. Length 0 means another mapping of the same, which only shared memory has. */
function resizable(caller: Process, area: Area, { start, oldLength, newLength }: Wish): number {
  if (oldLength === 0 && !area.kind.isShared) return -EINVAL;
  if (oldLength > area.end - start) return -EFAULT;
  return hasRoom(caller, newLength - oldLength) ? 0 : -ENOMEM;
}

/** In its place where there is room behind it, otherwise elsewhere. */
function grow(caller: Process, area: Area, wish: Wish): number {
  const { areas } = caller.space;
  const { start, oldLength, newLength, flags } = wish;
  const end = start + newLength;
  const isFree = isPossible(start, newLength) && areas.isFree(area.end, end);
  if (oldLength > 0 && area.end === start + oldLength && isFree) {
    areas.grow(area, newLength - oldLength);
    return start;
  }
  if ((flags & MREMAP_MAYMOVE) === 0) return -ENOMEM;
  const target = place(caller, 0, newLength, 0, PAGE_SIZE);
  return target < 0 ? target : move(caller.space, wish, target);
}

/** Only a move takes several areas at once, with what is free between them. */
function moveAll(caller: Process, wish: Wish): number {
  const { start, oldLength, target } = wish;
  const end = start + oldLength;
  for (const area of caller.space.areas.within(start, end)) {
    const isAlone = start >= area.start && end <= area.end;
    if (!isAlone && isPrivateZero(area)) return -EFAULT;
    const from = Math.max(area.start, start);
    const length = Math.min(area.end, end) - from;
    const to = target + (from - start);
    const part = { ...wish, start: from, oldLength: length, newLength: length, target: to };
    const moved = moveTo(caller, part);
    if (moved < 0) return moved;
  }
  return target;
}

/** /dev/zero chooses addresses itself, and such a mapping moves alone. */
function isPrivateZero({ kind, isMemory }: Area): boolean {
  return kind.file !== undefined && isMemory;
}

function moveTo(caller: Process, wish: Wish): number {
  const { space } = caller;
  const { start, oldLength, newLength, flags } = wish;
  if (space.areas.count + 2 >= MOST_AREAS - 3) return -ENOMEM;
  const isFixed = (flags & MREMAP_FIXED) !== 0;
  const target = place(caller, wish.target, newLength, isFixed ? MAP_FIXED : 0, PAGE_SIZE);
  if (target < 0) return target;
  const rest: Wish = { ...wish, oldLength: Math.min(oldLength, newLength) };
  const refused =
    resizable(caller, space.areas.at(start) as Area, rest) ||
    (isFixed ? space.unmap(target, target + newLength) : 0);
  if (refused < 0) return refused;
  // Of length 0 and onto itself: it has just been unmapped.
  if (space.areas.at(start) === undefined) return -EFAULT;
  if (oldLength > newLength) shrink(space, wish);
  return move(space, rest, target);
}

/** The pages go along. Precondition: the target is free, and the old range one area's. */
function move(space: Space, { start, oldLength, newLength, flags }: Wish, target: number): number {
  const { areas, table } = space;
  const end = start + oldLength;
  const refused = space.cut(start, end);
  if (refused < 0) return refused;
  const { kind, position } = areas.at(start) as Area;
  const taken = (flags & MREMAP_DONTUNMAP) === 0 ? areas.take(start, end) : [];
  table.move(start, end, target);
  space.map(target, newLength, kind, position);
  areas.join(start, end);
  for (const area of taken) area.release();
  return target;
}
