/**
 * The whole engine on the sim kernel, in the order of events of one seed after the other:
 * SLUICE_SEED begins elsewhere, SLUICE_COURSES=n tries more. A failure says which seed to run
 * alone.
 */
import { test } from 'node:test';
import { course } from './course.js';

const SEED = Number(process.env.SLUICE_SEED ?? 1);
const COURSES = Number(process.env.SLUICE_COURSES ?? 600);

test(`schedules: copy, relay and tee in many orders of events, SLUICE_SEED=${SEED}`, async (t) => {
  const started = performance.now();
  let flows = 0;
  for (let seed = SEED; seed < SEED + COURSES; seed++) flows += await course(seed);
  const seconds = (performance.now() - started) / 1000;
  t.diagnostic(`${flows} flows, ${Math.round(flows / seconds)} a second`);
});

/** Seeds that have found something, and what. */
const FOUND = [
  [20100, 'a copy whose last lseek fails, and so reads the same bytes again next time'],
  [21293, 'the same, from memory'],
] as const;

for (const [seed, what] of FOUND) {
  test(`schedules: no more ${what}, seed ${seed}`, async () => {
    await course(seed);
  });
}
