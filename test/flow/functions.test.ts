import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linux } from '../../src/kernel/linux.js';
import { realClock } from '../../src/node/clock.js';
import { createRuntime, type RuntimeOptions } from '../../src/sim.js';

const GOOD = { kernel: linux, clock: realClock };

test('createRuntime() refuses what it cannot work with, and names it', () => {
  const wrong: readonly (readonly [string, unknown])[] = [
    ['options', undefined],
    ['kernel', {}],
    ['kernel', { ...GOOD, kernel: 'linux' }],
    ['clock', { kernel: linux }],
    ['clock.timer', { ...GOOD, clock: { ...realClock, timer: undefined } }],
    ['clock.random', { ...GOOD, clock: { ...realClock, random: 0.5 } }],
    ['onLeak', { ...GOOD, onLeak: true }],
    ['tracer', { ...GOOD, tracer: () => {} }],
    ['tracer.listens', { ...GOOD, tracer: { trace: () => {} } }],
  ];
  for (const [name, options] of wrong) {
    const message = new RegExp(`^The "${name}" argument must be `);
    const make = () => createRuntime(options as RuntimeOptions);
    assert.throws(make, { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE', message });
  }
  createRuntime({ ...GOOD, onLeak: undefined, tracer: undefined });
});
