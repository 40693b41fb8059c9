import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { map, mirror, reserve } from '../../src/index.js';
import * as sys from '../../src/sys.js';
import { outcome, survives } from './child.js';
import { CONTENT, PAGE } from './programs/content.js';

const ROUNDS = 3;
/** SLUICE_SEED repeats a run, or makes another. */
const SEED = process.env.SLUICE_SEED ?? '1';
const lost = { code: 'ERR_SLUICE_MAPPING_LOST' };

function file(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-truncation-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'file'), CONTENT);
  return join(folder, 'file');
}

test('M1: without the guard a truncation kills', async () => {
  const { signal, stdout } = await outcome('unguarded');
  assert.deepEqual([signal, stdout], ['SIGBUS', '']);
});

test('M1: truncated before, on every way to the bytes: 0 deaths, 0 unreported', async (t) => {
  t.diagnostic(await survives('truncated'));
});

test('M1: truncated meanwhile, on every way to the bytes, in workers too', async (t) => {
  t.diagnostic(await survives('raced', [String(ROUNDS), SEED]));
});

test('M2: 1 GiB truncated to 0, every second page touched: one step', async (t) => {
  t.diagnostic(await survives('large'));
});

test('M4: the rest of a last page reads as zeros, and is reported without a signal', async (t) => {
  const path = file(t);
  using mapping = map(path, { access: 'write' });
  truncateSync(path, CONTENT.length - PAGE + 10);
  assert.equal(mapping.bytes[CONTENT.length - PAGE + 10], 0);
  assert.deepEqual([mapping.lost, mapping.damaged], [0, true]);
  assert.throws(() => mapping.checkedRead(CONTENT.length - PAGE + 10, 1), lost);
  await assert.rejects(mapping.flush(), lost);
});

test('M4: what was replaced stays reported when the file is as long as before again', async (t) => {
  const path = file(t);
  using mapping = map(path, { access: 'write' });
  truncateSync(path, PAGE);
  assert.equal(mapping.bytes[2 * PAGE], 0);
  writeFileSync(path, CONTENT, { flag: 'r+' });
  assert.deepEqual([mapping.bytes[0], mapping.bytes[2 * PAGE]], [1, 0]);
  assert.deepEqual([mapping.lost, mapping.damaged], [CONTENT.length - PAGE, true]);
  assert.throws(() => mapping.checkedRead(), lost);
  assert.throws(() => mapping.resize(PAGE), lost);
  await assert.rejects(mapping.flush(), lost);
});

test('M4: a shorter file that was seen stays reported, a replaced page or not', (t) => {
  const path = file(t);
  using mapping = map(path);
  truncateSync(path, CONTENT.length - 1);
  assert.equal(mapping.damaged, true);
  writeFileSync(path, CONTENT, { flag: 'r+' });
  assert.deepEqual([mapping.lost, mapping.damaged], [0, true]);
});

test('M4: a window does not care for what the file loses behind it', (t) => {
  const path = file(t);
  using window = map(path, { offset: PAGE, length: 3 * PAGE });
  truncateSync(path, 4 * PAGE);
  assert.equal(window.damaged, false);
  truncateSync(path, 4 * PAGE - 1);
  assert.equal(window.damaged, true);
});

test('M4: a part of a reservation is reported, its neighbours are not', (t) => {
  const [one, two] = [file(t), file(t)];
  using space = reserve(4 * CONTENT.length);
  const first = space.map(one, 0);
  const second = space.map(two, CONTENT.length);
  truncateSync(one, 0);
  assert.deepEqual([first.bytes[5], second.bytes[5]], [0, 6]);
  assert.deepEqual([first.damaged, second.damaged], [true, false]);
  assert.deepEqual(second.bytes, CONTENT);
});

test('M4: what a mirrored ring loses is reported through either half', () => {
  const fd = sys.memfd_create('sluice-ring', sys.MFD_CLOEXEC);
  sys.ftruncate(fd, 2 * PAGE);
  using ring = mirror(fd);
  sys.ftruncate(fd, PAGE);
  ring.bytes[3 * PAGE] = 1;
  assert.deepEqual([ring.damaged, ring.lost], [true, PAGE]);
  sys.close(fd);
});
