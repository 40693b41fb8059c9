/** Mistakes that the courses of events must find: each is planted in the calls, and rare. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Kernel } from '../../src/sim.js';
import { course } from './course.js';

/** Each must be found by one of so many seeds. */
const SEEDS = 60;
/** One call in so many is wrong. */
const RARE = 20;

type Call = (...parameters: unknown[]) => number;

/** A kernel one of whose calls does something else, now and then. */
function spoilt(kernel: Kernel, name: keyof Kernel, mistake: (call: Call) => Call): Kernel {
  const right = kernel[name] as unknown as Call;
  const wrong = mistake(right);
  let calls = 0;
  const either: Call = (...parameters) => (++calls % RARE === 0 ? wrong : right)(...parameters);
  return { ...kernel, [name]: either };
}

type Canary = readonly [what: string, keyof Kernel, (call: Call) => Call, complaint: RegExp];

const CANARIES: readonly Canary[] = [
  [
    'an edge that is lost',
    'epoll_wait',
    (call) =>
      (...parameters) =>
        Math.max(call(...parameters) - 1, 0),
    /ERR_SLUICE_STUCK|nothing is left to do/,
  ],
  [
    'bytes that go twice',
    'send',
    (call) =>
      (...parameters) =>
        Math.min(call(...parameters), call(...parameters)),
    /wrong bytes|more came/,
  ],
  ['a descriptor that stays open', 'close', () => () => 0, /left after/],
];

for (const [what, name, mistake, complaint] of CANARIES) {
  test(`schedules: finds ${what}`, async () => {
    let found = '';
    for (let seed = 1; seed <= SEEDS && found === ''; seed++) {
      await course(seed, (kernel) => spoilt(kernel, name, mistake)).catch((error: Error) => {
        if (complaint.test(error.message)) found = error.message;
      });
    }
    assert.match(found, /await course\(\d+\)/);
  });
}
