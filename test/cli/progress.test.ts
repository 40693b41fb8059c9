import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBytes, formatProgress } from '../../src/cli/progress.js';

const MIB = 1024 * 1024;

test('formatBytes() shows three digits at most', () => {
  const shown = [
    0,
    1,
    999,
    1000,
    1024,
    1536,
    10 * 1024,
    999 * 1024,
    MIB,
    2.5 * 1024 * MIB,
    2 ** 52,
  ];
  assert.deepEqual(shown.map(formatBytes), [
    '0 B',
    '1 B',
    '999 B',
    '1.0 KiB',
    '1.0 KiB',
    '1.5 KiB',
    '10 KiB',
    '999 KiB',
    '1.0 MiB',
    '2.5 GiB',
    '4.0 PiB',
  ]);
});

test('formatProgress() shows bar, amount, rate and time left', () => {
  const line = formatProgress(50 * MIB, 100 * MIB, 2000);
  assert.equal(line, '[============            ]  50%  50 MiB of 100 MiB  25 MiB/s  00:02 left');
});

test('formatProgress() without an end shows amount and rate', () => {
  assert.equal(formatProgress(50 * MIB, undefined, 1000), '50 MiB  50 MiB/s');
});

test('formatProgress() of a file that grew stays at its end', () => {
  assert.match(formatProgress(20, 10, 1000), /^\[=+\] 100% .* 00:00 left$/);
});

test('formatProgress() before the first byte knows no time', () => {
  assert.match(formatProgress(0, 10, 0), / 0%.*--:-- left$/);
});

test('formatProgress() shows hours', () => {
  assert.match(formatProgress(1, 3601, 1000), /1:00:00 left$/);
});
