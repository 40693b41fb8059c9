/** A sequence on two kernels, step by step, until they differ. */
import type { Kernel } from '../../../src/kernel/kernel.js';
import { callOf, SPECS, type Spec } from './calls.js';
import { Several } from './mappings.js';
import { compareAll, compareNamed, comparePolls } from './observe.js';
import type { Side } from './side.js';
import type { Name, Step } from './step.js';
import { Traffic } from './traffic.js';

export interface Difference {
  /** How many steps were made before: the next one, or what is seen after all, differs. */
  readonly at: number;
  /** The call, or what was looked at. */
  readonly what: string;
  readonly linux: number | string;
  readonly sim: number | string;
}

/** What was seen to differ, without the place. */
export type Seen = Omit<Difference, 'at'>;

export type Sides = readonly [linux: Side, sim: Side];

/** Results of the steps on the first side, for the code. */
export type Results = number[];

/** Runs the steps on both sides; answers the first difference. */
export function run(
  steps: readonly Step[],
  sides: Sides,
  results: Results = [],
): Difference | undefined {
  const traffic = new Traffic();
  for (const [at, step] of steps.entries()) {
    const isAllowed = SPECS[step.call]?.allows?.(step.values, sides[0]) ?? true;
    if (!isAllowed || !traffic.allows(step)) {
      results.push(Number.NaN);
      continue;
    }
    const seen =
      make(step, sides, traffic, results) ??
      compareNamed(step, sides) ??
      (step.isQuiet ? undefined : comparePolls(sides));
    if (seen !== undefined) return { at, ...seen };
  }
  const seen = compareAll(sides);
  return seen && { at: steps.length, ...seen };
}

function make(step: Step, sides: Sides, traffic: Traffic, results: Results): Seen | undefined {
  const spec = SPECS[step.call] as Spec;
  const [linux, sim] = sides.map((side) => one(step, spec, side)) as [number, number];
  results.push(linux);
  traffic.made(step, linux);
  if (linux !== sim) return { what: step.call, linux, sim };
  return compareOutputs(step.call, sides);
}

/** Answers the result, 0 where that is a descriptor. */
function one({ call, values, makes }: Step, spec: Spec, side: Side): number {
  side.begin();
  const parameters = spec.parameters.flatMap(({ make }, index) => {
    const made = make(values[index] ?? null, side);
    return made instanceof Several ? made.values : [made];
  });
  const run = side.kernel[callOf(call)] as (this: Kernel, ...values: unknown[]) => number;
  const result = run.apply(side.kernel, parameters);
  if (spec.closes) side.setFd(values[0] as Name, -1);
  if (result < 0) return result;
  if (spec.unmaps) side.unmapped(values[0] as Name);
  if (spec.receives) side.received(parameters[2] as Int32Array, parameters[4] as Int32Array);
  const [first, second] = makes;
  if (first === undefined) return spec.replaces ? 0 : result;
  if (spec.maps) {
    side.mapped(first, result, values[1] as number);
    return 0;
  }
  if (second === undefined) {
    side.setFd(first, result);
    return 0;
  }
  for (const [index, name] of makes.entries()) side.setFd(name, side.ends[index] as number);
  return result;
}

/** The memory that a call fills is filled alike. */
export function compareOutputs(what: string, [linux, sim]: Sides): Seen | undefined {
  for (const [index, ours] of linux.outputs.entries()) {
    const theirs = sim.outputs[index] as Uint8Array;
    if (Buffer.compare(ours, theirs) === 0) continue;
    const at = ours.findIndex((byte, place) => byte !== theirs[place]);
    const around = (bytes: Uint8Array) => `${bytes.subarray(at, at + 8)} at ${at}`;
    return { what: `${what}: memory`, linux: around(ours), sim: around(theirs) };
  }
  return undefined;
}
