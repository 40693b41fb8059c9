/** A file of huge pages that becomes shorter. Its parameter: a folder of a hugetlbfs. */
import assert from 'node:assert/strict';
import { statfsSync } from 'node:fs';
import { join } from 'node:path';
import { map } from '../../../src/index.js';
import * as sys from '../../../src/sys.js';
import { PAGE } from './content.js';

const folder = process.argv[2] as string;
const unit = statfsSync(folder).bsize;
const flags = sys.O_CREAT | sys.O_RDWR | sys.O_CLOEXEC;
const fd = sys.openat(sys.AT_FDCWD, join(folder, 'huge'), flags, 0o600);
sys.ftruncate(fd, unit);
const mapping = map(fd, { access: 'write' });
assert.equal(mapping.length, unit);
mapping.bytes[PAGE] = 7;
assert.deepEqual([mapping.bytes[PAGE], mapping.damaged], [7, false]);
assert.throws(() => map(fd, { hugePages: unit }), { code: 'ERR_OUT_OF_RANGE' });
sys.ftruncate(fd, 0);
assert.equal(mapping.bytes[PAGE], 0);
mapping.bytes.fill(1);
assert.deepEqual([mapping.damaged, mapping.lost], [true, unit]);
await assert.rejects(mapping.flush(), { code: 'ERR_SLUICE_MAPPING_LOST' });
mapping.close();
{
  using memory = map(null, { length: unit, hugePages: unit });
  memory.bytes.fill(3);
  assert.deepEqual([memory.bytes[unit - 1], memory.damaged], [3, false]);
}
console.log(`pages of ${unit} bytes`);
