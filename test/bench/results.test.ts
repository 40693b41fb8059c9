import assert from 'node:assert/strict';
import { test } from 'node:test';
import { versionIn } from '../../bench/peers.js';
import { results, verdictLines } from '../../bench/results.js';
import { RESULT } from './sample.js';

test('results() has each table with its multiples, its picture and what was asked', () => {
  const page = results([RESULT]);
  assert.match(page, /^# Results\n\nMade by `npm run bench` on a machine\./);
  assert.ok(page.includes('1 round, 2026-01-02. HAProxy 2.6.12.'));
  assert.ok(page.includes('![Relay, one connection](plots/relay-flood.svg)'));
  assert.ok(page.includes('| sluice | 3.00 GiB/s | 0.30 s | 60 MB |  |  |'));
  assert.ok(page.includes('| HAProxy | 2.00 GiB/s | 0.50 s | 10 MB | 1.50 × | 0.60 × |'));
  assert.ok(page.includes('| no relay | 4.00 GiB/s | – | – | 0.75 × |  |'));
  assert.ok(page.includes('throughput ≥ 1.5 × that of HAProxy; 1.50 ×, met.'));
  assert.ok(page.includes('CPU per GiB ≤ 0.5 × that of HAProxy; **0.60 ×, missed**.'));
  assert.match(page, /\n\d+ of \d+ met\.\n/);
});

test('results() names the machine of a suite that ran on another', () => {
  const moved = { ...RESULT, recorded: { ...RESULT.recorded, machine: 'another' } };
  const page = results([RESULT, moved]);
  assert.equal(page.match(/2026-01-02 on another/g)?.length, 1);
});

test('verdictLines() begin with met or MISSED', () => {
  const lines = verdictLines(RESULT);
  assert.ok(lines.includes('met    relay-flood: throughput ≥ 1.5 × that of HAProxy: 1.50 ×'));
  assert.ok(lines.some((line) => line.startsWith('MISSED relay-flood: CPU per GiB')));
});

test("versionIn() finds the version in a program's own words", () => {
  assert.equal(versionIn('HAProxy version 2.6.12-1+deb12u4 2023/12/16 - x'), '2.6.12');
  assert.equal(versionIn('nginx version: nginx/1.22.1\n'), '1.22.1');
  assert.equal(versionIn('cp (GNU coreutils) 9.1'), '9.1');
  assert.equal(versionIn('nothing'), 'of unknown version');
});
