/**
 * How a call of this floor becomes a promise: its parameters are checked as ever, the call is made
 * on a thread of sluice's own, and its answer has the shape that it has here.
 */
import * as argument from '../kernel/argument.js';
import { EINTR } from '../kernel/errno.js';
import { AbortError, check } from '../kernel/error.js';
import type { Calls, SleepingCall } from '../kernel/kernel.js';
import { linux } from '../kernel/linux.js';
import { offload } from '../kernel/offload.js';
import type * as control from './fcntl.js';
import type * as extent from './file/extent.js';
import type * as open from './file/open.js';
import type * as transfer from './file/transfer.js';
import type * as io from './io.js';
import type * as pages from './mm/pages.js';
import type * as pipe from './pipe.js';
import type * as connection from './socket/connection.js';
import type * as listener from './socket/listener.js';
import type * as message from './socket/message.js';
import type * as passing from './socket/passing.js';
import type * as vector from './vector.js';

type Synchronous = typeof io &
  Pick<typeof control, 'fcntl'> &
  typeof vector &
  typeof pipe &
  typeof open &
  typeof extent &
  typeof transfer &
  typeof connection &
  typeof listener &
  typeof message &
  typeof passing &
  typeof pages;

/** What every promised call takes after the parameters it has in C. */
export interface SleepingOptions {
  /** Wakes the call: the promise rejects with an AbortError, unless the call was over first. */
  readonly signal?: AbortSignal | undefined;
}

/** The parameters and the result of the synchronous form, as a promise. */
export type Sleeping<Name extends SleepingCall> = (
  ...parameters: [...Parameters<Synchronous[Name]>, options?: SleepingOptions]
) => Promise<ReturnType<Synchronous[Name]>>;

/** Where a failure happened: the descriptor or path that its error names. */
interface Place {
  readonly fd?: number;
  readonly path?: string;
}

interface Form<Name extends SleepingCall> {
  /** Checks what a person passes, as the synchronous form does. */
  readonly decode: (...given: Required<Parameters<Synchronous[Name]>>) => Parameters<Calls[Name]>;
  /** The answer's shape; the number itself where it is left out. */
  readonly shape?: (
    result: number,
    parameters: Parameters<Calls[Name]>,
  ) => ReturnType<Synchronous[Name]>;
  /** The first parameter's descriptor where it is left out. */
  readonly place?: (parameters: Parameters<Calls[Name]>) => Place;
}

/** The promise form of this call. */
export function sleeping<Name extends SleepingCall>(
  name: Name,
  { decode, shape = itself, place = first }: Form<Name>,
): Sleeping<Name> {
  return async (...given: unknown[]) => {
    const parameters = decode(...(given as Required<Parameters<Synchronous[Name]>>));
    const signal = signalOf(given[decode.length]);
    const result = await offload(linux, name, parameters, signal);
    if (result === -EINTR && signal?.aborted) throw new AbortError(signal.reason);
    const { fd, path } = place(parameters);
    return shape(check(result, name, fd, path), parameters);
  };
}

function signalOf(options: unknown): AbortSignal | undefined {
  if (options === undefined) return undefined;
  return argument.abortSignal(argument.record(options, 'options').signal, 'options.signal');
}

function itself<Result>(result: number): Result {
  return result as Result;
}

function first(parameters: readonly unknown[]): Place {
  return { fd: parameters[0] as number };
}
