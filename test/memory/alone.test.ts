import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { survives } from './child.js';
import { CONTENT } from './programs/content.js';

test('map: closeWhenIdle waits for zlib, and keeps the program alive so long', async () => {
  assert.equal(await survives('idle'), 'closed: true, packed: true\n');
});

test('map: the number of a path is kept, but none of stdio', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-map-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'file'), CONTENT);
  const printed = await survives('stdio', [join(folder, 'file')]);
  assert.equal(printed, '0 is open: false, true, false\n');
});
