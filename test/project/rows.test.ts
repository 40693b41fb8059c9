import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { rowIds, UNTESTED } from '../helpers/rows.js';

const folder = 'test';
const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => readFileSync(join(folder, file), 'utf8'))
  .join('\n');

test('every row of the specification has a test or a reason', () => {
  const named = new Set(sources.match(/\b[A-Z]+-\d\d\b/g));
  const missing = rowIds().filter((id) => !named.has(id) && !(id in UNTESTED));
  assert.deepEqual(missing, []);
  assert.deepEqual(
    Object.keys(UNTESTED).filter((id) => named.has(id)),
    [],
    'tested after all',
  );
  assert.ok(Object.keys(UNTESTED).length <= 16, 'the list of exceptions is short');
});
