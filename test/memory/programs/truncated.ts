/**
 * Each way to the bytes of a mapping whose file became shorter before: nobody dies, and each
 * mapping is damaged. Prints how many there were.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { map } from '../../../src/index.js';
import { CONTENT, PAGE } from './content.js';
import { readers, said, stillReaders } from './readers.js';

const LENGTHS = [0, 1, PAGE - 1, PAGE, PAGE + 10, 17 * PAGE + 2048, 31 * PAGE, CONTENT.length - 1];
const lost = { code: 'ERR_SLUICE_MAPPING_LOST' };

const folder = mkdtempSync(join(tmpdir(), 'sluice-truncated-'));
const path = join(folder, 'file');
let [count, named] = [0, 0];
const all = Object.entries({ ...readers, ...stillReaders });
for (const [name, reader] of all) {
  for (const length of LENGTHS) {
    for (const access of ['read', 'write', 'private'] as const) {
      writeFileSync(path, CONTENT);
      using mapping = map(path, { access });
      assert.equal(mapping.damaged, false);
      truncateSync(path, length);
      if (await said(reader, mapping.bytes)) named++;
      assert.ok(mapping.damaged, `${name} at ${length}: nothing said`);
      assert.throws(() => mapping.checkedRead(), lost);
      if (access === 'write') await assert.rejects(mapping.flush(), lost);
      count++;
    }
  }
}
rmSync(folder, { recursive: true });
console.log(
  `${count} truncations on ${all.length} paths, ${named} named by the call itself, 0 deaths`,
);
