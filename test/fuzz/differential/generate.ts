/** Sequences from a seed. */
import { Random } from '../arguments/random.js';
import { FAMILIES, SPECS, type Spec } from './calls.js';
import { Scene } from './scene.js';
import type { Name, Step } from './step.js';

/** No sequence has more descriptors open. */
const MOST_OPEN = 12;
const MOST_STEPS = 160;

/** The sequence of this seed: always the same. Where nothing is open, it opens a pipe. */
export function sequence(seed: number): Step[] {
  const random = new Random(seed);
  const scene = new Scene(random);
  const choices = swarm(random);
  const steps: Step[] = [];
  const quiet = random.pick([0, 0.9]);
  const length = 20 + random.below(MOST_STEPS);
  while (steps.length < length) {
    const call = choices[random.below(choices.length)] as string;
    const spec = SPECS[call] as Spec;
    const makes = spec.makes !== undefined;
    const isWanted = makes ? scene.kinds.size < MOST_OPEN : scene.kinds.size > 0;
    if (isWanted && !fits(spec, scene) && random.chance(0.9)) continue;
    if (isWanted) steps.push(stepOf(call, spec, scene, quiet));
    else if (!makes) steps.push(stepOf('pipe2', SPECS.pipe2 as Spec, scene, quiet));
  }
  return steps;
}

/**
 * Each sequence knows some families and some of their calls only, some more often than others: what
 * all calls together would hide is found by few.
 */
function swarm(random: Random): string[] {
  const families = Object.values(FAMILIES).filter(() => random.chance(0.6));
  const chosen = families.length > 1 ? families : Object.values(FAMILIES);
  return chosen.flatMap((family) =>
    Object.entries(family).flatMap(([call, spec]) => {
      if (spec.makes === undefined && random.chance(0.3)) return [];
      return new Array<string>(spec.weight * (random.chance(0.2) ? 4 : 1)).fill(call);
    }),
  );
}

/** Whether there are descriptors of the kinds that the call is for. */
function fits({ parameters }: Spec, scene: Scene): boolean {
  return parameters.every(({ kinds }) => kinds === undefined || scene.has(kinds));
}

function stepOf(call: string, spec: Spec, scene: Scene, quiet: number): Step {
  const values = spec.parameters.map((parameter) => parameter.pick(scene));
  const makes = (spec.makes?.(values, scene) ?? []).map((kind) => scene.make(kind));
  const [first, second] = values as [Name, Name];
  if (spec.closes || spec.unmaps) scene.kinds.delete(first);
  if (spec.replaces && scene.kinds.has(second) && scene.kinds.has(first)) {
    scene.kinds.set(second, scene.kindOf(first));
  }
  return { call, values, makes, isQuiet: scene.random.chance(quiet) };
}
