/**
 * Which calls are to fail, and how: plain data. This module is browser compatible.
 */
import * as argument from './argument.js';
import type { Calls } from './kernel.js';

export type CallName = keyof Calls;

/** One failure: of the `nth` call (from 1) of this name, or of every call from then on. */
export interface Fault {
  readonly call: CallName;
  readonly nth: number;
  /** From the nth call on, instead of once. */
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
    rate(rate, field) {
      number(rate, field);
      if (Number(rate) >= 0 && Number(rate) <= 1) return;
      throw new argument.ArgumentOutOfRange(field, 'from 0 to 1', rate);
    },
    calls: argument.optional(argument.listOf(call)),
    errnos: argument.optional(argument.listOf(argument.positiveCount)),
  });
}

function number(value: unknown, name: string): void {
  if (typeof value === 'number') return;
  throw new argument.InvalidArgumentType(name, 'of type number', value);
}
