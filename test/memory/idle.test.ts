import assert from 'node:assert/strict';
import { test } from 'node:test';
import { survives } from './child.js';

test('map: closeWhenIdle waits for zlib, and keeps the program alive so long', async () => {
  assert.equal(await survives('idle'), 'closed: true, packed: true\n');
});
