import type { Runtime } from '../../src/fd/runtime.js';
import type { Clock } from '../../src/kernel/clock.js';
import type { Kernel } from '../../src/kernel/kernel.js';
import { linux } from '../../src/kernel/linux.js';
import { offload } from '../../src/kernel/offload.js';
import { realClock } from '../../src/node/clock.js';
import { createPoller } from '../../src/poll/poller.js';
import { createRuntime, type Functions } from '../../src/sim.js';

/** The functions of `sluice` on Linux with some calls replaced. */
export function withCalls(replaced: Partial<Kernel>): Functions {
  return createRuntime({ kernel: { ...linux, ...replaced }, clock: realClock });
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

/** A runtime as the functions of `sluice` have it: for what is inside of them. */
export function runtimeOf(kernel: Kernel, clock: Clock): Runtime {
  const poller = createPoller(kernel, clock);
  return {
    kernel,
    clock,
    poller,
    offload: (name, parameters, signal) => offload(kernel, name, parameters, signal),
  };
}
