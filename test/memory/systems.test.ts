import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { map } from '../../src/index.js';
import { linux } from '../../src/kernel/linux.js';

import { NEEDS_HUGE_PAGES, withHugePage } from '../helpers/hugepages.js';
import { survives } from './child.js';
import { CANNOT_MOUNT, mounted } from './mounts.js';

const skipHuge = CANNOT_MOUNT || NEEDS_HUGE_PAGES;

test('M13: a file of huge pages is replaced by whole huge pages', { skip: skipHuge }, async (t) => {
  const folder = mounted(t, 'hugetlbfs', 'size=4m');
  await withHugePage(linux, async () => {
    t.diagnostic(await survives('huge', [folder]));
  });
});

test('M13: huge pages that nobody has set aside are ENOMEM, hugePages: true takes what is', () => {
  assert.throws(() => map(null, { length: 1, hugePages: 2 ** 30 }), { code: /^(ENOMEM|EINVAL)$/ });
  using memory = map(null, { length: 2 ** 22, hugePages: true });
  memory.bytes.fill(1);
  assert.equal(memory.bytes[2 ** 22 - 1], 1);
});

test('M14: on overlayfs an old mapping shows the old file', { skip: CANNOT_MOUNT }, (t) => {
  const base = mounted(t, 'tmpfs', 'size=1m');
  for (const name of ['lower', 'upper', 'work', 'merged']) mkdirSync(join(base, name));
  writeFileSync(join(base, 'lower/file'), 'lower');
  const [lower, upper, work] = ['lower', 'upper', 'work'].map((name) => join(base, name));
  const merged = mounted(t, 'overlay', `lowerdir=${lower},upperdir=${upper},workdir=${work}`);
  const path = join(merged, 'file');
  using before = map(path);
  writeFileSync(path, 'UPPER', { flag: 'r+' });
  using after = map(path);
  assert.equal(readFileSync(path, 'latin1'), 'UPPER');
  const shown = [before, after].map(({ bytes }) => Buffer.from(bytes).toString('latin1'));
  assert.deepEqual(shown, ['lower', 'UPPER']);
  assert.deepEqual([before.damaged, after.damaged], [false, false]);
  truncateSync(path, 1);
  assert.deepEqual([before.damaged, after.damaged], [true, true]);
  using writing = map(path, { access: 'write', length: 5, grow: true });
  writing.bytes.fill('w'.charCodeAt(0));
  assert.equal(readFileSync(path, 'latin1'), 'wwwww');
});
