import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { map, mirror, reserve } from '../../src/index.js';
import { linux } from '../../src/kernel/linux.js';
import * as sys from '../../src/sys.js';
import { descriptors } from './programs/garbage.js';

const GIB = 2 ** 30;
const PAGE = sys.getpagesize();
const node = Number(process.versions.node.split('.')[0]);

/** How many areas of a `sparse` file are mapped. */
const mapped = () => readFileSync('/proc/self/maps', 'latin1').split('sluice-sparse').length - 1;

/** A sparse file with a byte of its own at the end; the caller closes it. */
function sparse(length: number): number {
  const fd = sys.memfd_create('sluice-sparse', sys.MFD_CLOEXEC);
  sys.ftruncate(fd, length);
  sys.pwrite(fd, Uint8Array.of(77), length - 1);
  return fd;
}

const refused = { code: 'ERR_OUT_OF_RANGE', message: /"length".*window/ };

test('M9: a buffer that V8 refuses takes no place in the list of ranges', () => {
  const ticket = new Int32Array(1);
  const take = (length: bigint) => linux.own(2 ** 40, length, 0, length, () => {}, ticket);
  assert.ok(take(1n) instanceof ArrayBuffer);
  const [place] = ticket;
  linux.disown(ticket[0] as number);
  for (let times = 0; times < 5; times++) assert.equal(typeof take(2n ** 60n), 'number');
  assert.ok(take(1n) instanceof ArrayBuffer);
  assert.deepEqual(ticket, Int32Array.of(place as number));
  linux.disown(ticket[0] as number);
});

for (const [id, length] of [
  ['M9', 5 * GIB],
  ['M9b', 33 * GIB],
] as const) {
  const name = `${length / GIB} GiB`;

  test(`${id}: ${name} are mapped, or refused by name and nothing is left mapped`, () => {
    const fd = sparse(length);
    const before = descriptors();
    if (node === 20) {
      for (let times = 0; times < 100; times++) assert.throws(() => map(fd), refused);
      assert.throws(() => reserve(length), refused);
      assert.throws(() => mirror(fd), refused);
    } else {
      using mapping = map(fd, { access: 'write' });
      assert.equal(mapping.length, length);
      assert.equal(mapping.bytes[length - 1], 77);
      mapping.bytes[5 * GIB - 2] = 78;
      using again = map(fd, { offset: 5 * GIB - 2, length: 2 });
      assert.equal(again.bytes[0], 78);
    }
    assert.deepEqual([descriptors(), mapped()], [before, 0]);
    sys.close(fd);
  });

  test(`${id}: windows show all of ${name}, anywhere`, () => {
    const fd = sparse(length);
    for (const offset of [0, 2 ** 31 - 1, 2 ** 32 - 5, 2 ** 32 + 1, length - 2 * PAGE - 3]) {
      sys.pwrite(fd, Uint8Array.of(99), offset + 10);
      using window = map(fd, { offset, length: Math.min(3 * PAGE, length - offset) });
      assert.equal(window.bytes[10], 99);
    }
    using end = map(fd, { offset: length - 1 });
    assert.deepEqual([...end.bytes], [77]);
    sys.ftruncate(fd, length - 1);
    assert.equal(end.damaged, true);
    sys.close(fd);
  });
}

test('M9: a resize beyond what one ArrayBuffer holds leaves the mapping as it was', () => {
  const limit = sparse(5 * GIB);
  using mapping = map(limit, { length: PAGE });
  if (node === 20) assert.throws(() => mapping.resize(5 * GIB), refused);
  else mapping.resize(5 * GIB);
  assert.equal(mapping.length, node === 20 ? PAGE : 5 * GIB);
  assert.throws(() => mapping.resize(2 ** 52), { code: 'ERR_OUT_OF_RANGE' });
  assert.equal(mapping.bytes[0], 0);
  sys.close(limit);
});
