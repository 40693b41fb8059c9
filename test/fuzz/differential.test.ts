/**
 * Random sequences of calls on Linux and on the sim kernel, step by step: results, errnos, bytes,
 * poll masks, FIONREAD, capacities, offsets and contents are the same.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CANARIES } from './differential/canaries.js';
import { fuzz, report } from './differential/fuzz.js';

const STEPS = 1_000_000;
/** SLUICE_SEED repeats a run, or makes another. */
const SEED = Number(process.env.SLUICE_SEED ?? 1);

test('10^6 random steps are the same on Linux and on the sim kernel', () => {
  const outcome = fuzz({ seed: SEED, steps: STEPS });
  assert.ok(outcome.found === undefined, report(outcome));
});

for (const { bug, steps, plant } of CANARIES) {
  test(`a planted bug is found and cut down: ${bug}`, () => {
    const unplant = plant();
    try {
      const outcome = fuzz({ seed: 1, steps: STEPS });
      const length = outcome.found?.steps.length ?? Number.POSITIVE_INFINITY;
      assert.ok(length <= steps, `${length} steps, not ${steps}\n${report(outcome)}`);
    } finally {
      unplant();
    }
  });
}
