import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readmeTable, withTable } from '../../bench/readme.js';
import { readRecord } from '../../bench/record.js';
import { SUITES } from '../../bench/suites.js';
import { RESULT } from './sample.js';

test('readmeTable() says who is better in bold, and leaves out what does not compare', () => {
  assert.equal(
    readmeTable([RESULT]).split('\n').at(-1),
    '| relay, flood | 3.00 GiB/s, 0.30 s CPU | ' +
      'HAProxy 2.00 GiB/s, 0.50 s CPU · **no relay 4.00 GiB/s** |',
  );
});

test('withTable() changes what stands between the marks alone, and again the same way', () => {
  const [begin, end] = ['<!-- figures, by npm run bench -->', '<!-- end of figures -->'];
  const page = withTable(`before\n${begin}\nold\n${end}\nafter\n`, [RESULT]);
  assert.match(page, /^before\n<!-- figures[^>]*-->\n\n1 round, a machine\.\n\n\| work /);
  assert.match(page, /\|\n\n<!-- end of figures -->\nafter\n$/);
  assert.ok(!page.includes('old'));
  assert.equal(withTable(page, [RESULT]), page);
  assert.throws(() => withTable('no marks', [RESULT]), /lacks/);
});

test('the README has the figures that are kept', () => {
  const all = Object.entries(SUITES).flatMap(([name, suite]) => {
    const recorded = readRecord('bench/plots', name);
    return recorded === undefined ? [] : [{ suite, recorded }];
  });
  const page = readFileSync('README.md', 'utf8');
  assert.equal(withTable(page, all), page);
});
