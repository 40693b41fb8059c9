/**
 * Which calls are to fail, and how: plain data. This module is browser compatible.
 */
import * as argument from './argument.js';
import { errnoName } from './errno.js';
import type { Calls } from './kernel.js';

export type CallName = keyof Calls;

/** One failure: of the `nth` call (from 1) of this name, and of those after it as they say. */
export interface Fault {
  readonly call: CallName;
  readonly nth: number;
  /** So many calls in a row, 1 without: a storm that passes. */
  readonly count?: number;
  /** From the nth call on, for ever. */
  readonly persistent?: boolean;
  /** What the call answers, as −errno. */
  readonly errno?: number;
  /** Or: the call is made, for at most so many bytes, and its short count is true. */
  readonly short?: number;
}

/** Failures by chance: the same seed and the same calls give the same failures. */
export interface RandomFaults {
  readonly seed: number;
  /** Of all calls, from 0 to 1. */
  readonly rate: number;
  /** Only these calls; all when absent. */
  readonly calls?: readonly CallName[];
  /** Only these errnos, beside short counts; EINTR and EAGAIN when absent. */
  readonly errnos?: readonly number[];
}

export interface FaultPlan {
  readonly faults?: readonly Fault[];
  readonly random?: RandomFaults;
}

/** Whether it is the turn of this fault at the nth call of its name. */
export function isDue({ nth, count = 1, persistent }: Fault, call: number): boolean {
  return call >= nth && (persistent === true || call < nth + count);
}

/**
 * The plan as TypeScript, to be pasted into a test: what a run that went wrong should print.
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import { planToCode } from 'sluice/sim';
 *
 * const plan = { faults: [{ call: 'splice', nth: 3, short: 7 }] } as const;
 * equal(planToCode(plan), "{ faults: [{ call: 'splice', nth: 3, short: 7 }] }");
 * ```
 */
export function planToCode({ faults, random }: FaultPlan): string {
  const parts: string[] = [];
  if (faults !== undefined) parts.push(`faults: [${faults.map(objectToCode).join(', ')}]`);
  if (random !== undefined) parts.push(`random: ${objectToCode(random)}`);
  return `{ ${parts.join(', ')} }`;
}

function objectToCode(fields: object): string {
  const known = Object.entries(fields).filter(([, value]) => value !== undefined);
  return `{ ${known.map(([name, value]) => `${name}: ${valueToCode(name, value)}`).join(', ')} }`;
}

function valueToCode(name: string, value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((one) => valueToCode(name, one)).join(', ')}]`;
  if (typeof value === 'string') return `'${value}'`;
  return /^errnos?$/.test(name) ? `${value} /* ${errnoName(Number(value))} */` : `${value}`;
}

/** Throws a TypeError or RangeError that names the part of the plan that makes no sense. */
export function checkPlan(plan: FaultPlan, isCall: (name: string) => boolean): void {
  const call = (value: unknown, name: string) => {
    if (typeof value !== 'string') {
      throw new argument.InvalidArgumentType(name, 'of type string', value);
    }
    if (!isCall(value)) throw new argument.ArgumentOutOfRange(name, 'the name of a call', value);
  };
  argument.checkFields<FaultPlan>(plan, 'plan', {
    faults: argument.optional(argument.listOf((one, name) => checkFault(one, name, call))),
    random: argument.optional((value, name) => checkRandom(value, name, call)),
  });
}

function checkFault(fault: unknown, name: string, call: argument.Check): void {
  argument.checkFields<Fault>(fault, name, {
    call,
    nth: argument.positiveCount,
    count: argument.optional(argument.positiveCount),
    persistent: argument.optional(argument.boolean),
    errno: argument.optional(argument.positiveCount),
    short: argument.optional(argument.count),
  });
  const { errno, short } = fault as Fault;
  if ((errno === undefined) !== (short === undefined)) return;
  throw new argument.ArgumentOutOfRange(name, 'with either errno or short', fault);
}

function checkRandom(value: unknown, name: string, call: argument.Check): void {
  argument.checkFields<RandomFaults>(value, name, {
    seed: number,
    rate: argument.chance,
    calls: argument.optional(argument.listOf(call)),
    errnos: argument.optional(argument.listOf(argument.positiveCount)),
  });
}

function number(value: unknown, name: string): void {
  if (typeof value === 'number') return;
  throw new argument.InvalidArgumentType(name, 'of type number', value);
}
