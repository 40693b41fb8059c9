/**
 * All calls of the sim kernel as rows, and what makes them: once where they are plain, until they
 * answer where they go through `offload`. This module is browser compatible.
 */
import { EINVAL, ESRCH } from '../errno.js';
import { type Calls, type Kernel, SLEEPING_CALLS, type SleepingCall } from '../kernel.js';
import { Call, type Outcome, WOULD_SLEEP } from './call.js';
import { decode, elementsOf, offset, Refusal } from './decode.js';
import { eventRows } from './event/calls.js';
import { fileRows } from './file/calls.js';
import { ioRows } from './io/calls.js';
import { mmRows } from './mm/calls.js';
import { pipeRows } from './pipe/calls.js';
import type { Process } from './processes.js';
import type { Row, Rows } from './row.js';
import { Sleeper } from './sleep.js';
import { socketRows } from './socket/calls.js';
import { stage } from './stage.js';

const ROWS: Rows<Calls> = {
  ...ioRows,
  ...pipeRows,
  ...socketRows,
  ...fileRows,
  ...mmRows,
  ...eventRows,
};

/** The plain calls of a caller. */
export function plainCalls(caller: Process): Calls {
  const rows = Object.entries<Row>({ ...ROWS });
  const calls = rows.map(([name, row]) => [name, plainCall(caller, name, row)]);
  return Object.fromEntries(calls);
}

/** One attempt: what it answers, or that it would have to sleep. */
function plainCall(caller: Process, name: string, { kinds, body }: Row) {
  const tally = caller.machine.counters.of(name);
  const call = new Call(caller, tally, false);
  const run = body as (call: Call, ...values: unknown[]) => Outcome;
  return (...parameters: unknown[]): number => {
    if (caller.death !== undefined) return -ESRCH;
    tally.calls++;
    const values = decode(kinds, parameters);
    if (values instanceof Refusal) return -values.errno;
    call.begin();
    const outcome = run(call, ...values);
    const result = typeof outcome === 'number' ? outcome : outcome(call);
    call.end();
    return result === WOULD_SLEEP ? call.unslept : result;
  };
}

/** The door of sleep. */
export function sleepingCalls(caller: Process): Pick<Kernel, 'offload' | 'interrupt'> {
  let tickets = 0;
  return {
    offload: (name, parameters, done) => {
      if (caller.death !== undefined) return -ESRCH;
      const list = elementsOf(parameters);
      if (!isSleeping(name) || list === undefined || typeof done !== 'function') return -EINVAL;
      const sleeper = sleeperOf(caller, name, list, (result) => {
        caller.sleepers.delete(ticket);
        done(result);
      });
      if (typeof sleeper === 'number') return sleeper;
      const ticket = ++tickets;
      caller.sleepers.set(ticket, sleeper);
      return ticket;
    },
    interrupt: (ticket) => {
      const number = offset(ticket);
      if (number instanceof Refusal || number < 0) return -EINVAL;
      return caller.sleepers.get(Number(number))?.interrupt() ?? -ESRCH;
    },
  };
}

function isSleeping(name: unknown): name is SleepingCall {
  return SLEEPING_CALLS.includes(name as SleepingCall);
}

/** The call, decoded now and first tried in a task of its own; −errno where it is refused now. */
function sleeperOf(
  caller: Process,
  name: SleepingCall,
  parameters: readonly unknown[],
  done: (result: number) => void,
): Sleeper | number {
  const { kinds, body } = ROWS[name];
  const run = body as (call: Call, ...values: unknown[]) => Outcome;
  const staged = stage(caller, name, parameters);
  const values = decode(kinds, staged.parameters);
  if (values instanceof Refusal) return -values.errno;
  const tally = caller.machine.counters.of(name);
  tally.calls++;
  const call = new Call(caller, tally, true);
  return new Sleeper(
    call,
    () => run(call, ...values),
    (result) => {
      staged.finish(result);
      done(result);
    },
  );
}
