import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Kernel } from '../../src/kernel/kernel.js';
import { linux } from '../../src/kernel/linux.js';
import { realClock } from '../../src/node/clock.js';
import { createRuntime, type Functions } from '../../src/sim.js';

/** The functions of `sluice` on Linux with some calls replaced. */
export function withCalls(replaced: Partial<Kernel>): Functions {
  return createRuntime({ kernel: { ...linux, ...replaced }, clock: realClock });
}

/** How many turns the event loop makes until the promise is settled. */
export async function turnsUntil(promise: Promise<unknown>): Promise<number> {
  let turns = 0;
  let settled = false;
  const end = () => {
    settled = true;
  };
  promise.then(end, end);
  while (!settled) {
    await nextTurn();
    turns++;
  }
  return turns;
}

/** Lets the event loop turn so many times. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await nextTurn();
}

/** The functions of `sluice` that count the calls which move bytes, with some calls replaced. */
export function counting(replaced: Partial<Kernel> = {}) {
  const counts = { recv: 0, send: 0, splice: 0, pipe2: 0, shutdown: 0 };
  const counted = (name: keyof typeof counts) => {
    const call = (replaced[name] ?? linux[name]) as (...parameters: unknown[]) => number;
    return (...parameters: unknown[]) => {
      counts[name]++;
      return call(...parameters);
    };
  };
  const names = Object.keys(counts) as (keyof typeof counts)[];
  const calls = Object.fromEntries(names.map((name) => [name, counted(name)]));
  return { ...withCalls({ ...replaced, ...calls }), counts };
}
