import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SUITES } from '../../bench/suites.js';
import { asked, measuredText, TARGETS, type Target, verdicts } from '../../bench/targets.js';
import { FIGURES, GROWN, GROWTH, TABLE } from './sample.js';

const on = (target: Partial<Target>): Target => ({ table: 'relay-flood', key: 'rate', ...target });

function met(target: Partial<Target>): boolean | undefined {
  return verdicts(TABLE, FIGURES, [on(target)])[0]?.met;
}

test('verdicts(): the bound itself is met, beyond it is missed', () => {
  assert.equal(met({ against: 'HAProxy', atLeast: 1.5 }), true);
  assert.equal(met({ against: 'HAProxy', atLeast: 1.51 }), false);
  assert.equal(met({ key: 'cpu', against: 'HAProxy', atMost: 0.6 }), true);
  assert.equal(met({ key: 'cpu', against: 'HAProxy', atMost: 0.59 }), false);
  assert.equal(met({ key: 'memory', atMost: 60 }), true);
  assert.equal(met({ key: 'memory', atMost: 59 }), false);
});

test('verdicts(): what was not measured is missed, never met', () => {
  assert.equal(met({ key: 'cpu', against: 'no relay', atMost: 1 }), false);
  assert.equal(met({ against: 'nobody', atLeast: 0 }), false);
});

test('verdicts() are of the targets of the table alone', () => {
  assert.deepEqual(verdicts(TABLE, FIGURES, [on({ table: 'other', atLeast: 1 })]), []);
});

test('asked() and measuredText() say it in words', () => {
  const of = (target: Partial<Target>) => {
    const [verdict] = verdicts(TABLE, FIGURES, [on(target)]);
    assert.ok(verdict);
    return [asked(TABLE, verdict.target), measuredText(TABLE, verdict)];
  };
  assert.deepEqual(of({ against: 'HAProxy', atLeast: 1.5 }), [
    'throughput ≥ 1.5 × that of HAProxy',
    '1.50 ×',
  ]);
  assert.deepEqual(of({ key: 'memory', atMost: 2 }), ['memory ≤ 2 MB', '60 MB']);
  assert.deepEqual(of({ key: 'cpu', against: 'no relay', atMost: 1 })[1], 'not measured');
  const [grown] = verdicts(GROWTH, GROWN, [{ table: 'growth', key: 'least', atLeast: 0.8 }]);
  assert.ok(grown);
  assert.equal(asked(GROWTH, grown.target), 'least of best ≥ 0.8 ×');
});

test('each target speaks of a column of a table that there is, and has one bound', () => {
  const tables = Object.values(SUITES).flatMap((suite) => suite.tables);
  for (const target of TARGETS) {
    const table = tables.find(({ id }) => id === target.table);
    assert.ok(table, target.table);
    assert.doesNotThrow(() => asked(table, target));
    assert.equal(Number(target.atLeast === undefined) + Number(target.atMost === undefined), 1);
  }
  const ids = tables.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
});
