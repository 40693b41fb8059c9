import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describe, partOf, type Tally } from '../../src/cli/relay/tally.js';

const NONE: Tally = {
  open: 0,
  accepted: 0,
  turnedAway: 0,
  unreached: 0,
  cutOff: 0,
  sent: 0,
  received: 0,
  pipePages: 0,
  idlePipes: 0,
};

test('partOf() splits a total without loss, and no part is more than one larger', () => {
  for (const [total, parts] of [
    [1, 1],
    [10, 3],
    [4096, 256],
    [4096, 255],
    [2, 2],
  ] as const) {
    const all = Array.from({ length: parts }, (_, at) => partOf(total, parts, at));
    assert.equal(
      all.reduce((sum, part) => sum + part),
      total,
    );
    assert.ok(Math.max(...all) - Math.min(...all) <= 1);
  }
});

test('describe() adds up; a machine also gets each, where there are several', () => {
  const one = { ...NONE, open: 1, accepted: 2, sent: 3, pipePages: 16 };
  const two = { ...NONE, accepted: 5, sent: 7, cutOff: 1 };
  const sum = { ...NONE, open: 1, accepted: 7, sent: 10, cutOff: 1, pipePages: 16 };
  assert.deepEqual(JSON.parse(describe([one, two], true)), { ...sum, workers: [one, two] });
  assert.deepEqual(JSON.parse(describe([one], true)), one);
  assert.match(describe([one, two], false), /^1 connections open of 7; 10 bytes sent, 0 received;/);
});
