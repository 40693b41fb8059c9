import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSize } from '../../src/cli/size.js';

test('parseSize() has bytes and the powers of 1024', () => {
  const known = { '0': 0, '4096': 4096, '64K': 65_536, '1.5M': 1_572_864, '2GiB': 2 ** 31 };
  for (const [text, bytes] of Object.entries(known)) assert.equal(parseSize(text), bytes);
});

test('parseSize() refuses what is no whole number of bytes', () => {
  for (const text of ['', '-1', '1.5', '1KB', 'K', '1k', '1e3', ' 1', '0x10', '9P0', '9007P']) {
    assert.throws(() => parseSize(text), { name: 'SizeError' }, text);
  }
});
