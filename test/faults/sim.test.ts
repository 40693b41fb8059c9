/**
 * On the sim kernel, where a run takes a millisecond or two: each call of each scenario fails once
 * with every errno of its page. Storms, failures for ever and short counts are a sample by a seed:
 * SLUICE_SEED takes another, SLUICE_FAULTS=all takes everything. Then failures by chance, each seed
 * with an order of events of its own.
 */
import { test } from 'node:test';
import { EAGAIN, EINTR } from '../../src/kernel/errno.js';
import type { Fault } from '../../src/kernel/fault.js';
import { MOVING } from './errnos.js';
import { explore, survives } from './explore.js';
import { PASSING } from './passing.js';
import { SCENARIOS } from './scenarios.js';
import { simWorld } from './world.js';

const ALL = Number.POSITIVE_INFINITY;
const SEED = Number(process.env.SLUICE_SEED ?? 1);
const { SLUICE_FAULTS: wanted = '60' } = process.env;
const SAMPLE = wanted === 'all' ? ALL : Number(wanted);
const SEEDS = 10;

/** Every errno, once. */
const isSingle = ({ errno, count, persistent }: Fault) =>
  errno !== undefined && count === undefined && persistent === undefined;

for (const scenario of [...SCENARIOS, PASSING]) {
  test(`faults on sim: every call, every errno, ${scenario.name}`, async (t) => {
    const { all, tried } = await explore(() => simWorld(SEED), scenario, {
      seed: SEED,
      always: isSingle,
      sample: SAMPLE,
      mostCalls: ALL,
      enough: () => false,
    });
    t.diagnostic(`${tried} of ${all} faults`);
  });
}

for (const scenario of [...SCENARIOS, PASSING]) {
  test(`faults on sim: by chance, in many orders, ${scenario.name}`, async () => {
    for (let seed = SEED; seed < SEED + SEEDS; seed++) {
      const random = { seed, rate: 0.25, calls: [...MOVING], errnos: [EINTR, EAGAIN] };
      await survives(() => simWorld(seed), scenario, { random }, true);
    }
  });
}
