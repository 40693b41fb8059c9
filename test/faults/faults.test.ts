/**
 * Each call of each scenario fails, once, in a storm and for ever, with the errnos of its manual
 * page and those that any call may have. Over Linux a sample by a seed, within a minute:
 * SLUICE_SEED takes another, SLUICE_FAULTS=all takes everything.
 */
import { test } from 'node:test';
import { EAGAIN, EINTR, EIO } from '../../src/kernel/errno.js';
import { MOVING } from './errnos.js';
import { explore, survives } from './explore.js';
import { PASSING } from './passing.js';
import { PIPELINE } from './pipeline.js';
import { SCENARIOS } from './scenarios.js';
import { linuxWorld } from './world.js';

const SEED = Number(process.env.SLUICE_SEED ?? 1);
const { SLUICE_FAULTS: wanted = '120' } = process.env;
const SAMPLE = wanted === 'all' ? Number.POSITIVE_INFINITY : Number(wanted);
const end = performance.now() + 60_000;
const enough = () => wanted !== 'all' && performance.now() > end;

for (const scenario of [...SCENARIOS, PASSING, PIPELINE]) {
  test(`faults: ${scenario.name}, SLUICE_SEED=${SEED}`, async (t) => {
    const { all, tried } = await explore(linuxWorld, scenario, {
      seed: SEED,
      always: () => false,
      // Two processes for each run.
      sample: scenario === PIPELINE ? SAMPLE / 3 : SAMPLE,
      mostCalls: 60,
      enough,
    });
    t.diagnostic(`${tried} of ${all} faults`);
  });
}

test('faults: what a tap could not read is not missing without a word', () => {
  const plan = { faults: [{ call: 'ioctl', nth: 5, persistent: true, errno: EIO }] } as const;
  return survives(linuxWorld, PIPELINE, plan, false);
});

for (const scenario of [...SCENARIOS, PASSING]) {
  test(`faults: short counts, refusals and interruptions by chance, ${scenario.name}`, async () => {
    for (let seed = SEED; seed < SEED + 8; seed++) {
      const random = { seed, rate: 0.25, calls: [...MOVING], errnos: [EINTR, EAGAIN] };
      await survives(linuxWorld, scenario, { random }, true);
    }
  });
}
