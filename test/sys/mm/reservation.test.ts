import assert from 'node:assert/strict';
import { openSync } from 'node:fs';
import { test } from 'node:test';
import { linux } from '../../../src/kernel/linux.js';
import * as sys from '../../../src/sys.js';
import { succeeds, text } from '../../helpers/claims.js';
import { NEEDS_HUGE_PAGES, withHugePage } from '../../helpers/hugepages.js';
import {
  ANONYMOUS,
  anonymous,
  areas,
  file,
  isFree,
  isMapped,
  PAGE,
  place,
  READ_WRITE,
  reserve,
  transfer,
  whereMovable,
} from '../../helpers/mappings.js';

const huge = { skip: NEEDS_HUGE_PAGES };

test('mmap: MAP_FIXED outside a reservation is refused and replaces nothing', () => {
  const mine = anonymous(PAGE);
  new Uint8Array(mine)[0] = 7;
  const address = sys.addressOf(mine);
  assert.throws(() => place(address), { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' });
  assert.equal(new Uint8Array(mine)[0], 7);
  sys.munmap(mine);
  const range = reserve(4 * PAGE);
  const start = sys.addressOf(range);
  assert.throws(() => place(start - PAGE), RangeError);
  assert.throws(() => place(start + 3 * PAGE, 2 * PAGE), RangeError);
  assert.throws(() => place(start + 3 * PAGE, PAGE + 1), RangeError);
  assert.throws(
    () => sys.mmap(null, PAGE, READ_WRITE, ANONYMOUS | sys.MAP_FIXED, -1, 0),
    RangeError,
  );
  sys.munmap(range);
  assert.throws(() => place(start), RangeError);
});

test('mmap: MAP_FIXED_NOREPLACE never replaces', () => {
  const flags = ANONYMOUS | sys.MAP_FIXED_NOREPLACE;
  const mine = anonymous(PAGE);
  const address = sys.addressOf(mine);
  assert.throws(() => sys.mmap(address, PAGE, READ_WRITE, flags, -1, 0), { code: 'EEXIST' });
  sys.munmap(mine);
});

test('mmap: a ring: one file twice, side by side in a reservation', () => {
  const fd = file(new Uint8Array(PAGE));
  const range = reserve(2 * PAGE);
  const start = sys.addressOf(range);
  for (const address of [start, start + PAGE]) {
    sys.mmap(address, PAGE, READ_WRITE, sys.MAP_SHARED | sys.MAP_FIXED, fd, 0);
  }
  const ring = new Uint8Array(range);
  ring.set(text('over the edge'), PAGE - 4);
  assert.equal(Buffer.from(range, 0, 9).toString(), ' the edge');
  sys.munmap(range);
  sys.close(fd);
  assert.equal(areas(), 0);
});

test('mmap: what is placed in a reservation keeps its place until it is unmapped', () => {
  const range = reserve(4 * PAGE);
  const start = sys.addressOf(range);
  const placed = place(start + PAGE, 2 * PAGE);
  assert.throws(() => place(start + 2 * PAGE), /where nothing is placed yet/);
  assert.throws(() => place(start, 4 * PAGE), /where nothing is placed yet/);
  sys.munmap(placed);
  assert.equal(placed.byteLength, 0);
  isMapped(start, 4 * PAGE);
  sys.munmap(place(start, 4 * PAGE));
  sys.munmap(range);
  isFree(start);
});

test('mmap: a MAP_FIXED that Linux refuses leaves the reservation whole', () => {
  const range = reserve(2 * PAGE);
  const start = sys.addressOf(range);
  const fd = openSync('.', 'r');
  const fixed = sys.MAP_SHARED | sys.MAP_FIXED;
  assert.throws(() => sys.mmap(start, PAGE, sys.PROT_READ, fixed, fd, 0), { code: 'ENODEV' });
  assert.throws(() => place(start + 1), { code: 'EINVAL' });
  isMapped(start, 2 * PAGE);
  sys.close(fd);
  sys.munmap(range);
});

test('munmap: a reservation takes what is placed in it along', () => {
  const range = reserve(2 * PAGE);
  const start = sys.addressOf(range);
  const view = new Uint8Array(place(start));
  sys.munmap(range);
  assert.equal(view.length, 0);
  assert.throws(() => sys.munmap(view.buffer as ArrayBuffer), { code: 'ERR_SLUICE_CLOSED' });
  isFree(start, 2 * PAGE);
});

whereMovable('munmap: a reservation stays while a buffer placed in it was moved', () => {
  const range = reserve(2 * PAGE);
  const moved = transfer(place(sys.addressOf(range)));
  assert.throws(() => sys.munmap(range), { code: 'ERR_SLUICE_MAPPING' });
  assert.equal(range.byteLength, 2 * PAGE);
  assert.equal(new Uint8Array(moved)[0], 0);
});

test('mmap: MAP_FIXED with huge pages is refused', huge, () =>
  withHugePage(linux, () => {
    const range = reserve(1 << 22);
    const fixed = sys.MAP_SHARED | sys.MAP_FIXED;
    const map = (flags: number, fd: number) =>
      sys.mmap(sys.addressOf(range), 1, READ_WRITE, fixed | flags, fd, 0);
    assert.throws(() => map(sys.MAP_ANONYMOUS | sys.MAP_HUGETLB, -1), /huge pages/);
    const fd = succeeds(linux.memfd_create('huge', sys.MFD_CLOEXEC | sys.MFD_HUGETLB));
    assert.throws(() => map(0, fd), /huge pages/);
    sys.close(fd);
    sys.munmap(range);
  }),
);
