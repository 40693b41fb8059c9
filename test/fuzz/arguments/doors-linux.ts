/** What Linux alone has: guards, ranges that are owned, descriptors that are entrusted. */
import * as f from '../../../src/kernel/flags.js';
import { linux } from '../../../src/kernel/linux.js';
import type { Call } from './calls.js';
import { integerOf } from './edges.js';
import { isNoDescriptor, type Parameter, rangeAddress, rangeLength, words } from './parameters.js';

const anything = () => true;

/** Page-aligned, and beyond the address space. */
const NOWHERE = 2 ** 50;
const MOST = 1 << 20;
/** Descriptors that a guard is given begin here. */
const FIRST_GIVEN = 2000;
const MOST_GIVEN = 10_000;
const MOST_GUARDS = 50;
const MOST_TICKETS = 2 ** 16;

const pages: Parameter = {
  valid: ({ random, page }) => random.below(16) * page,
  allows: anything,
};
const unit: Parameter = { valid: ({ page }) => page, allows: anything };
const ticket: Parameter = { valid: ({ random }) => random.below(MOST_GUARDS), allows: anything };
const released: Parameter = { valid: () => () => {}, allows: anything };
const state = words(({ random }) => new BigInt64Array(2 + random.below(3)));
const slot: Parameter = { valid: (world) => world.slot(), allows: isNoDescriptor };

/** A duplicate that is the guard's to close, or none. */
const given: Parameter = {
  valid: (world) => {
    if (world.random.chance(0.5)) return -1;
    const copy = linux.fcntl(world.slot(), f.F_DUPFD_CLOEXEC, FIRST_GIVEN);
    return copy < 0 ? -1 : copy;
  },
  allows: isNoDescriptor,
};

/** A range that reaches far is none of the run's: it would be unmapped at the end. */
function farAway(values: unknown[]): void {
  if ((integerOf(values[1]) ?? 0) > MOST) values[0] = NOWHERE;
}

function isGiven(value: unknown): value is number {
  const number = integerOf(value);
  return number !== undefined && number >= FIRST_GIVEN && number < 2 ** 20;
}

export const LINUX_DOORS: Readonly<Record<string, Call>> = {
  guard: {
    parameters: [rangeAddress, pages, unit, given, pages],
    tame: farAway,
    settle: (result, values) => {
      if (result < 0 && isGiven(values[3])) linux.close(values[3]);
      if (result >= MOST_GUARDS) linux.unguard(result, new BigInt64Array(3));
    },
  },
  guard_state: { parameters: [ticket, state] },
  guard_renew: { parameters: [] },
  unguard: { parameters: [ticket, state] },
  own: {
    parameters: [
      rangeAddress,
      pages,
      rangeLength,
      rangeLength,
      released,
      words(({ random }) => new Int32Array(random.below(3))),
    ],
    tame: farAway,
  },
  disown: { parameters: [ticket] },
  requests: { parameters: [] },
  entrust: { parameters: [slot] },
  reclaim: { parameters: [slot] },
};

/** Nothing is guarded or unmapped after the run. */
export function endLinuxDoors(): void {
  const last = new BigInt64Array(3);
  for (let number = 0; number < MOST_TICKETS; number++) {
    linux.unguard(number, last);
    linux.disown(number);
    linux.reclaim(number);
  }
  // What was made for calls that did not get it, and what guards had.
  for (let fd = FIRST_GIVEN; fd < FIRST_GIVEN + MOST_GIVEN; fd++) linux.close(fd);
}
