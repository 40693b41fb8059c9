/**
 * What an epoll descriptor in another one may be: no circle, no chain of more than five, and no
 * file whose every event would wake too many. This module is browser compatible.
 */
import { EINVAL, ELOOP } from '../../errno.js';
import type { Description } from '../description.js';
import { Epoll } from './epoll.js';
import { Item } from './item.js';

/** EP_MAX_NESTS: so many steps from the innermost epoll descriptor to the outermost. */
const MOST_STEPS = 4;

/** How many ways of each length may lead from one file to the outside: path_limits. */
const MOST_WAYS: readonly number[] = [Number.POSITIVE_INFINITY, 500, 100, 50, 10];

/** `outer` is to watch the description: −ELOOP where that makes a circle or too long a chain. */
export function checkChain(outer: Epoll, { object }: Description): number {
  if (!(object instanceof Epoll)) return 0;
  const below = stepsBelow(object, outer, new Map());
  return below + 1 + stepsAbove(outer) > MOST_STEPS ? -ELOOP : 0;
}

/** `outer` watches the description by now: −EINVAL where too many are woken by one file. */
export function checkWays(outer: Epoll, file: Description): number {
  const isNested = file.object instanceof Epoll || itemsOn(outer.file).length > 0;
  if (!isNested) return 0;
  const isWithin = (one: Description) => countWays(one, 0, [0, 0, 0, 0, 0]);
  return [...filesIn(file)].every(isWithin) ? 0 : -EINVAL;
}

/** Who watches the description. */
function itemsOn(file: Description | undefined): Item[] {
  if (file === undefined) return [];
  return [...file.dependents].filter((dependent) => dependent instanceof Item);
}

/** The longest chain of epoll descriptors inside; more than there may be where `outer` is there. */
function stepsBelow(epoll: Epoll, outer: Epoll, known: Map<Epoll, number>): number {
  let steps = known.get(epoll);
  if (steps !== undefined) return steps;
  steps = 0;
  for (const { file } of epoll.items()) {
    const { object } = file;
    if (object === outer) return MOST_STEPS + 1;
    if (object instanceof Epoll) steps = Math.max(steps, 1 + stepsBelow(object, outer, known));
  }
  known.set(epoll, steps);
  return steps;
}

function stepsAbove({ file }: Epoll): number {
  return Math.max(0, ...itemsOn(file).map(({ epoll }) => 1 + stepsAbove(epoll)));
}

/** What is watched in the end: the description, or all that an epoll descriptor has inside. */
function filesIn(file: Description, found = new Set<Description>()): Set<Description> {
  if (found.has(file)) return found;
  if (!(file.object instanceof Epoll)) return found.add(file);
  for (const item of file.object.items()) filesIn(item.file, found);
  return found;
}

/** Counts the ways out by their length; whether each length has few enough. */
function countWays(file: Description | undefined, length: number, counts: number[]): boolean {
  if (length > MOST_STEPS) return false;
  return itemsOn(file).every(({ epoll }) => {
    if (itemsOn(epoll.file).length > 0) return countWays(epoll.file, length + 1, counts);
    const count = (counts[length] ?? 0) + 1;
    counts[length] = count;
    return count <= (MOST_WAYS[length] ?? 0);
  });
}
