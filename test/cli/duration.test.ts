import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDuration } from '../../src/cli/duration.js';

test('parseDuration() has milliseconds, seconds, minutes and hours', () => {
  const known = { '500ms': 500, '30s': 30_000, '5m': 300_000, '1h': 3_600_000, '1.5s': 1500 };
  for (const [text, ms] of Object.entries(known)) assert.equal(parseDuration(text), ms);
});

test('parseDuration() refuses what could be meant in two ways, or not at all', () => {
  for (const text of ['', '5', '5 s', '-5s', '0s', 's', '1d', '1e3s', '5S', '600h', '1.s']) {
    assert.throws(() => parseDuration(text), { name: 'DurationError' }, text);
  }
});
