import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FaultPlan, fault } from '../../src/kernel/fault.js';
import { linux } from '../../src/kernel/linux.js';
import { trace } from '../../src/kernel/trace.js';

const ONE = { call: 'read', nth: 1, errno: 5 };
const CHANCE = { seed: 1, rate: 0.5 };

/** [the part of the plan that the message names, the plan, whether its type is wrong]. */
const WRONG: readonly (readonly [string, unknown, boolean])[] = [
  ['plan', undefined, true],
  ['plan', 'all', true],
  ['plan.faults', { faults: ONE }, true],
  ['plan.faults[0]', { faults: [5] }, true],
  ['plan.faults[0].call', { faults: [{ nth: 1, errno: 5 }] }, true],
  ['plan.faults[1].call', { faults: [ONE, { ...ONE, call: 'raed' }] }, false],
  ['plan.faults[0].call', { faults: [{ ...ONE, call: 'watch' }] }, false],
  ['plan.faults[0].nth', { faults: [{ call: 'read', errno: 5 }] }, true],
  ['plan.faults[0].nth', { faults: [{ ...ONE, nth: 0 }] }, false],
  ['plan.faults[0].persistent', { faults: [{ ...ONE, persistent: 1 }] }, true],
  ['plan.faults[0].errno', { faults: [{ ...ONE, errno: 'EIO' }] }, true],
  ['plan.faults[0].errno', { faults: [{ ...ONE, errno: -5 }] }, false],
  ['plan.faults[0].short', { faults: [{ call: 'read', nth: 1, short: 0.5 }] }, false],
  ['plan.faults[0]', { faults: [{ call: 'read', nth: 1 }] }, false],
  ['plan.faults[0]', { faults: [{ ...ONE, short: 1 }] }, false],
  ['plan.random', { random: 5 }, true],
  ['plan.random.seed', { random: { rate: 1 } }, true],
  ['plan.random.rate', { random: { ...CHANCE, rate: '1' } }, true],
  ['plan.random.rate', { random: { ...CHANCE, rate: 2 } }, false],
  ['plan.random.rate', { random: { ...CHANCE, rate: Number.NaN } }, false],
  ['plan.random.calls', { random: { ...CHANCE, calls: 'read' } }, true],
  ['plan.random.calls[1]', { random: { ...CHANCE, calls: ['read', 'raed'] } }, false],
  ['plan.random.errnos[0]', { random: { ...CHANCE, errnos: [0] } }, false],
];

test('fault() refuses what makes no sense in a plan, and names it', () => {
  for (const [name, plan, isType] of WRONG) {
    assert.throws(
      () => fault(linux, plan as FaultPlan),
      (error: NodeJS.ErrnoException) => {
        const [type, code] = isType
          ? ([TypeError, 'ERR_INVALID_ARG_TYPE'] as const)
          : ([RangeError, 'ERR_OUT_OF_RANGE'] as const);
        assert.ok(error instanceof type, `${name}: ${error}`);
        assert.equal(error.code, code);
        assert.ok(error.message.includes(`"${name}"`), `${name}: ${error.message}`);
        return true;
      },
    );
  }
});

test('fault() and trace() refuse what is no kernel, and no listener', () => {
  const wrong: readonly (readonly [string, () => unknown])[] = [
    ['kernel', () => Reflect.apply(fault, null, [undefined, {}])],
    ['onFault', () => Reflect.apply(fault, null, [linux, {}, 'log'])],
    ['kernel', () => Reflect.apply(trace, null, [5, () => {}])],
    ['write', () => Reflect.apply(trace, null, [linux])],
  ];
  for (const [name, call] of wrong) {
    const message = new RegExp(`^The "${name}" argument must be `);
    assert.throws(call, { code: 'ERR_INVALID_ARG_TYPE', message });
  }
});
