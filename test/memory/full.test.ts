import assert from 'node:assert/strict';
import { statfsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { map } from '../../src/index.js';
import { survives } from './child.js';
import { CANNOT_MOUNT, mounted, mountedExt4, NO_EXT4 } from './mounts.js';

for (const [course, what] of [
  ['stores', 'stores into a sparse file on a full disk: 0 deaths, each flush says so'],
  ['refuses', 'allocate and grow hear of a full disk beforehand, nothing is half done'],
  ['holes', 'more holes than a process may have areas: the whole mapping is replaced'],
] as const) {
  test(`M3: ${what}`, { skip: CANNOT_MOUNT }, async (t) => {
    const disk = mounted(t, 'tmpfs', 'size=1m');
    t.diagnostic(await survives('full', [disk, course]));
  });
}

test('M3: ext4 without room for a grow: the file and the room are as before', {
  skip: NO_EXT4,
}, (t) => {
  const disk = mountedExt4(t, 8);
  const path = join(disk, 'file');
  writeFileSync(path, 'small');
  using mapping = map(path, { access: 'write' });
  const free = statfsSync(disk).bfree;
  const full = { code: 'ENOSPC', syscall: 'fallocate' };
  const options = { access: 'write', grow: true, length: 64 * 2 ** 20 } as const;
  assert.throws(() => map(path, options), full);
  assert.throws(() => mapping.resize(options.length), full);
  assert.equal(statSync(path).size, 5);
  // A block for its list of extents ext4 does not give back.
  assert.ok(free - statfsSync(disk).bfree <= 2);
  mapping.resize(2 ** 20);
  assert.equal(statSync(path).size, 2 ** 20);
  assert.ok(statSync(path).blocks * 512 >= 2 ** 20);
  assert.equal(mapping.damaged, false);
});
