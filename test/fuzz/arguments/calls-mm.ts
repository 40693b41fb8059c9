/** The calls of memory. None is ever given an address of memory that is not the run's own. */
import * as f from '../../../src/kernel/flags.js';
import { linux } from '../../../src/kernel/linux.js';
import type { Call } from './calls.js';
import { integerOf } from './edges.js';
import * as p from './parameters.js';
import type { World } from './world.js';

const { oneOf, rangeAddress, rangeLength } = p;
const protection = oneOf(0, 1, 2, 3, 4, 7, 8);

/** Page-aligned, and beyond the address space. */
const NOWHERE = 2 ** 50;
const MOST = 1 << 20;

const MAP_FLAGS = [f.MAP_SHARED, f.MAP_PRIVATE, f.MAP_ANONYMOUS | f.MAP_PRIVATE, f.MAP_POPULATE];
const mapFlags = oneOf(...MAP_FLAGS, f.MAP_ANONYMOUS | f.MAP_SHARED, f.MAP_NORESERVE, f.MAP_STACK);

/** MADV_HWPOISON and MADV_SOFT_OFFLINE would break memory of the machine. */
const DEADLY_ADVICE = [100, 101];
const advice = oneOf(...Array.from({ length: 26 }, (_, index) => index), 102, 103);

export const MM_CALLS: Readonly<Record<string, Call>> = {
  mmap: {
    parameters: [oneOf(0), rangeLength, protection, mapFlags, p.fd, p.offset],
    tame: tameMap,
    settle: settleMap,
  },
  munmap: {
    parameters: [p.regionAddress, rangeLength],
    tame: farAway(1),
    settle: (result, values, world) => {
      const [address, length] = numbers(values);
      if (result === 0) world.endRegion(address, address + world.roundUp(length));
      else world.endRegion();
    },
  },
  msync: { parameters: [rangeAddress, rangeLength, oneOf(0, 1, 2, 4, 8)], tame: farAway(1) },
  mprotect: { parameters: [rangeAddress, rangeLength, protection], tame: farAway(1) },
  mremap: {
    parameters: [p.regionAddress, rangeLength, rangeLength, oneOf(0, 1, 4, 8), oneOf(0)],
    tame: tameRemap,
    settle: settleRemap,
  },
  madvise: {
    parameters: [rangeAddress, rangeLength, advice],
    tame: (values) => {
      farAway(1)(values);
      if (DEADLY_ADVICE.includes(integerOf(values[2]) ?? 0)) values[2] = f.MADV_NORMAL;
    },
  },
  page_size: { parameters: [] },
  load: { parameters: [rangeAddress, p.bytes(0, 1, 100, 5000)] },
  store: { parameters: [rangeAddress, p.bytes(0, 1, 100, 5000)] },
  view: { parameters: [rangeAddress, p.viewLength] },
  address_of: { parameters: [p.view] },
  detach: { parameters: [p.view] },
};

/** A length that is an edge would reach past the range: not from there. */
function farAway(place: number): (values: unknown[]) => void {
  return (values) => {
    if ((integerOf(values[place]) ?? 0) > MOST) values[0] = NOWHERE;
  };
}

/**
 * MAP_FIXED only in a region, with a length that fits; nothing large is made present; no huge page.
 */
function tameMap(values: unknown[], world: World): void {
  const flags = integerOf(values[3]);
  const length = integerOf(values[1]) ?? 0;
  if (flags === undefined || flags < -(2 ** 31) || flags >= 2 ** 32) return;
  let safe = (flags | 0) & ~(f.MAP_HUGETLB | f.MAP_FIXED | f.MAP_GROWSDOWN);
  if (length > MOST) safe &= ~(f.MAP_POPULATE | f.MAP_LOCKED);
  if (length <= MOST && world.random.chance(0.3)) {
    safe |= f.MAP_FIXED;
    values[0] = world.region() + (world.random.chance(0.1) ? 1 : 0);
  }
  values[3] = safe;
}

function settleMap(result: number, values: readonly unknown[], world: World): void {
  const length = world.roundUp(integerOf(values[1]) ?? 0);
  const isFixed = world.lastRegion !== 0;
  if (result < 0 && isFixed) world.lastRegion = 0;
  else if (isFixed) world.endRegion();
  else if (result >= 0) linux.munmap(result, length);
}

/** MREMAP_FIXED tears its target open also where it fails: it gets one that cannot be. */
function tameRemap(values: unknown[], world: World): void {
  const flags = integerOf(values[3]) ?? 0;
  farAway(1)(values);
  if ((flags & f.MREMAP_FIXED) !== 0) values[4] = world.random.pick([NOWHERE, 0, 1, -1, 2 ** 53]);
  if ((flags & f.MREMAP_FIXED) !== 0 && values[4] === 0) values[3] = f.MREMAP_FIXED;
}

function settleRemap(result: number, values: readonly unknown[], world: World): void {
  const [address, oldLength, newLength, flags] = numbers(values);
  const oldEnd = address + world.roundUp(oldLength);
  const newEnd = result + world.roundUp(newLength);
  const isMoved = result >= 0 && result !== address;
  if (isMoved) linux.munmap(result, newEnd - result);
  const keepsOld = (flags & f.MREMAP_DONTUNMAP) !== 0 || oldLength === 0;
  if (isMoved && !keepsOld) world.endRegion(address, oldEnd);
  else if (result === address && newEnd < oldEnd) world.endRegion(newEnd, oldEnd);
  else world.endRegion();
}

function numbers(values: readonly unknown[]): [number, number, number, number] {
  const [first = 0, second = 0, third = 0, fourth = 0] = values.map(integerOf);
  return [first, second, third, fourth];
}
