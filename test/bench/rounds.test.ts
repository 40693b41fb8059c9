import assert from 'node:assert/strict';
import { test } from 'node:test';
import { figure, median, ratio, rounds } from '../../bench/rounds.js';

test('median() of an odd count is the middle, of an even one the mean of the two', () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([10, 2, 4, 8]), 6);
  assert.equal(median([7]), 7);
});

test('rounds() lets the contenders take turns', async () => {
  const order: string[] = [];
  const contender = (name: string) => ({
    name,
    run: () => {
      order.push(name);
      return { turn: order.length };
    },
  });
  const all = await rounds([contender('a'), contender('b')], 2);
  assert.deepEqual(order, ['a', 'b', 'a', 'b']);
  assert.deepEqual(all, { a: [{ turn: 1 }, { turn: 3 }], b: [{ turn: 2 }, { turn: 4 }] });
});

const ALL = {
  ours: [{ rate: 2 }, { rate: 30 }, { rate: 4 }],
  theirs: [{ rate: 1 }, { rate: 10 }, { rate: 4 }],
  unmeasured: [{}, {}, {}],
};

test('ratio() is the median of the ratios round by round, not the ratio of the medians', () => {
  assert.equal(ratio(ALL, 'ours', 'theirs', 'rate'), 2);
  assert.equal(figure(ALL, 'ours', 'rate') / figure(ALL, 'theirs', 'rate'), 1);
});

test('figure() and ratio() of what was not measured are NaN', () => {
  assert.ok(Number.isNaN(figure(ALL, 'unmeasured', 'rate')));
  assert.ok(Number.isNaN(figure(ALL, 'nobody', 'rate')));
  assert.ok(Number.isNaN(ratio(ALL, 'ours', 'unmeasured', 'rate')));
  assert.ok(Number.isNaN(ratio(ALL, 'ours', 'nobody', 'rate')));
});
