/** Sequences from a seed. */
import { Random } from '../arguments/random.js';
import { FAMILIES, SPECS, type Spec } from './calls.js';
import { Scene } from './scene.js';
import type { Name, Step } from './step.js';

/** No sequence has more descriptors open. */
const MOST_OPEN = 12;
const MOST_STEPS = 160;

/** The sequence of this seed: always the same. */
export function sequence(seed: number): Step[] {
  const random = new Random(seed);
  const scene = new Scene(random);
  const choices = swarm(random);
  const steps: Step[] = [];
  const length = 20 + random.below(MOST_STEPS);
  while (steps.length < length) {
    const call = choices[random.below(choices.length)] as string;
    const spec = SPECS[call] as Spec;
    const makes = spec.makes !== undefined;
    const isWanted = makes ? scene.kinds.size < MOST_OPEN : scene.kinds.size > 0;
    if (isWanted) steps.push(stepOf(call, spec, scene));
    else if (!makes) steps.push(anything(scene));
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
      const isMaker = spec.makes !== undefined && spec.parameters.length !== 1;
      if (!isMaker && random.chance(0.3)) return [];
      return new Array<string>(spec.weight * (random.chance(0.2) ? 4 : 1)).fill(call);
    }),
  );
}

/** Where nothing is open, a pipe. */
function anything(scene: Scene): Step {
  return stepOf('pipe2', SPECS.pipe2 as Spec, scene);
}

function stepOf(call: string, spec: Spec, scene: Scene): Step {
  const values = spec.parameters.map((parameter) => parameter.pick(scene));
  const makes = (spec.makes?.(values, scene) ?? []).map((kind) => scene.make(kind));
  const [first, second] = values as [Name, Name];
  if (spec.closes) scene.kinds.delete(first);
  if (spec.replaces && scene.kinds.has(second) && scene.kinds.has(first)) {
    scene.kinds.set(second, scene.kindOf(first));
  }
  return { call, values, makes };
}
