/**
 * A kernel that fails on purpose, by a plan: any kernel, the real one too.
 * This module is browser compatible.
 */
import * as argument from './argument.js';
import * as errno from './errno.js';
import {
  type CallName,
  checkPlan,
  type Fault,
  type FaultPlan,
  isDue,
  planToCode,
  type RandomFaults,
} from './fault-plan.js';
import { EPOLL_CTL_DEL } from './flags.js';
import type { Calls, Kernel, SleepingCall } from './kernel.js';
import { isSystemCall } from './names.js';
import { mulberry32 } from './random.js';
import { shorten } from './shorten.js';

export { type CallName, type Fault, type FaultPlan, planToCode, type RandomFaults };

/**
 * Wraps a kernel so that calls fail as planned.
 *
 * A call that is to fail is not made, but for `close` and EPOLL_CTL_DEL: these do their work and
 * then answer the error, as Linux does. A short count is a true one: the call is made for fewer
 * bytes. An offloaded call counts as a call of its name. `planToCode` prints a plan.
 *
 * @param kernel what makes the calls
 * @param plan which calls fail, and how; plain data, so that it can be printed and pasted
 * @param onFault gets each failure when it happens, as a `Fault` that would repeat it
 * @returns a kernel of the same kind
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE as named: a call that there is not, for one, would
 *   never fail
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import { constants } from 'node:os';
 * import { linux } from 'sluice';
 * import { fault } from 'sluice/sim';
 *
 * const kernel = fault(linux, { faults: [{ call: 'dup', nth: 2, errno: constants.errno.EINTR }] });
 * const first = kernel.dup(0);
 * equal(kernel.dup(0), -constants.errno.EINTR);
 * kernel.close(first);
 * ```
 */
export function fault<K extends Kernel>(
  kernel: K,
  plan: FaultPlan,
  onFault: (fault: Fault) => void = () => {},
): K {
  argument.record(kernel, 'kernel');
  checkPlan(plan, (name) => name in kernel && isSystemCall(name));
  argument.callback(onFault, 'onFault');
  const choose = chooser(plan, onFault);
  return new Proxy(kernel, {
    get(target, name: string & keyof K) {
      const call = target[name];
      if (typeof call !== 'function') return call;
      if (name === 'offload') return faultOffload(target, choose);
      if (!isSystemCall(name)) return call.bind(target);
      return (...parameters: unknown[]) => perform(target, name, parameters, choose(name));
    },
  });
}

type Choose = (name: CallName) => Fault | undefined;

function chooser(plan: FaultPlan, onFault: (fault: Fault) => void): Choose {
  const counts = new Map<CallName, number>();
  const random = plan.random && randomChooser(plan.random);
  return (name) => {
    const nth = (counts.get(name) ?? 0) + 1;
    counts.set(name, nth);
    const planned = plan.faults?.find((one) => one.call === name && isDue(one, nth));
    const chosen = planned ?? random?.(name, nth);
    if (chosen) onFault(happened(chosen, nth));
    return chosen;
  };
}

/** Just this one failure. */
function happened({ call, errno, short }: Fault, nth: number): Fault {
  return errno === undefined ? { call, nth, short: short ?? 0 } : { call, nth, errno };
}

function randomChooser({ seed, rate, calls, errnos }: RandomFaults) {
  const random = mulberry32(seed);
  const choices = errnos ?? [errno.EINTR, errno.EAGAIN];
  return (call: CallName, nth: number): Fault | undefined => {
    if (calls && !calls.includes(call)) return undefined;
    if (random() >= rate) return undefined;
    const choice = Math.floor(random() * (choices.length + 1));
    const chosen = choices[choice];
    if (chosen === undefined) return { call, nth, short: 1 + Math.floor(random() * 4096) };
    return { call, nth, errno: chosen };
  };
}

function perform(
  kernel: Kernel,
  name: CallName,
  parameters: unknown[],
  chosen: Fault | undefined,
): number {
  const call = kernel[name] as (...parameters: unknown[]) => number;
  if (chosen === undefined) return call.apply(kernel, parameters);
  if (chosen.errno === undefined) {
    return call.apply(kernel, shorten(name, parameters, chosen.short ?? 0));
  }
  const releases = name === 'close' || (name === 'epoll_ctl' && parameters[1] === EPOLL_CTL_DEL);
  if (releases) call.apply(kernel, parameters);
  return -chosen.errno;
}

/** A call that every kernel refuses at once, and that does nothing. */
const REFUSED = [-1, new Uint8Array()] as const;

/**
 * A failure comes as every answer of this kernel's door comes, under a ticket of its own: where a
 * scheduler chooses the order of events, it chooses when an offloaded call fails, too.
 */
function faultOffload(kernel: Kernel, choose: Choose): Kernel['offload'] {
  return <Name extends SleepingCall>(
    name: Name,
    parameters: Parameters<Calls[Name]>,
    done: (result: number) => void,
  ) => {
    const chosen = choose(name);
    if (chosen?.errno !== undefined) {
      const result = -chosen.errno;
      return kernel.offload('read', [...REFUSED], () => done(result));
    }
    const actual = chosen ? shorten(name, parameters, chosen.short ?? 0) : parameters;
    return kernel.offload(name, actual as Parameters<Calls[Name]>, done);
  };
}
