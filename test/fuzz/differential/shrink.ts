/** The shortest sequence that still differs: steps are left out, then values made simpler. */
import { SPECS } from './calls.js';
import type { Difference } from './run.js';
import type { Step } from './step.js';

export type Try = (steps: readonly Step[]) => Difference | undefined;

export interface Found {
  readonly steps: readonly Step[];
  readonly difference: Difference;
}

const MOST_TRIES = 4000;

/** Precondition: `found` differs when it is tried. */
export function shrink(found: Found, differs: Try): Found {
  let best = cut(found);
  let tries = 0;
  const better = (steps: readonly Step[]): boolean => {
    if (tries++ > MOST_TRIES) return false;
    const difference = differs(steps);
    if (difference === undefined) return false;
    best = cut({ steps, difference });
    return true;
  };
  // The sooner a difference is seen, the less is before it.
  better(best.steps.map((step) => ({ ...step, isQuiet: false })));
  let isSmaller = true;
  while (isSmaller && tries <= MOST_TRIES) {
    isSmaller = leaveOut(() => best.steps, better);
    isSmaller = leaveOutDuplicates(() => best.steps, better) || isSmaller;
    isSmaller = simplify(() => best.steps, better) || isSmaller;
  }
  return best;
}

/** What comes after the difference. */
function cut({ steps, difference }: Found): Found {
  return { steps: steps.slice(0, difference.at + 1), difference };
}

/** Runs of steps, long ones first, the last ones first. */
function leaveOut(steps: () => readonly Step[], better: Better): boolean {
  let isSmaller = false;
  for (let size = steps().length >> 1; size > 0; size >>= 1) {
    for (let end = steps().length; end > 0; end = Math.min(end - size, steps().length)) {
      const shorter = steps().toSpliced(Math.max(0, end - size), size);
      if (better(shorter)) isSmaller = true;
    }
  }
  return isSmaller;
}

type Better = (steps: readonly Step[]) => boolean;

/** Duplicates of descriptors: the first one in their place. */
function leaveOutDuplicates(steps: () => readonly Step[], better: Better): boolean {
  const duplicates = steps().filter(
    ({ call, makes }) => makes.length === 1 && SPECS[call]?.parameters[0]?.kinds !== undefined,
  );
  return duplicates.filter((step) => better(without(steps(), step))).length > 0;
}

function without(steps: readonly Step[], { values, makes }: Step): Step[] {
  const [name, original] = [makes[0], values[0] ?? null];
  return steps
    .filter((step) => step.makes[0] !== name)
    .map((step) => {
      const parameters = SPECS[step.call]?.parameters ?? [];
      const isName = (index: number) => parameters[index]?.kinds !== undefined;
      const renamed = step.values.map((value, index) =>
        isName(index) && value === name ? original : value,
      );
      return { ...step, values: renamed };
    });
}

/** Each value of each step. */
function simplify(steps: () => readonly Step[], better: Better): boolean {
  let isSmaller = false;
  for (let index = 0; index < steps().length; index++) {
    const parameters = SPECS[steps()[index]?.call ?? '']?.parameters ?? [];
    for (const [place, parameter] of parameters.entries()) {
      const step = steps()[index];
      if (step === undefined) continue;
      const simpler = parameter.simpler(step.values[place] ?? null);
      const found = simpler.some((value) =>
        better(steps().with(index, { ...step, values: step.values.with(place, value) })),
      );
      isSmaller ||= found;
    }
  }
  return isSmaller;
}
