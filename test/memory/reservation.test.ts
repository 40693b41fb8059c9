import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { mirror, reserve } from '../../src/index.js';
import { RLIMIT_NOFILE } from '../../src/kernel/flags.js';
import { linux } from '../../src/kernel/linux.js';
import * as sys from '../../src/sys.js';
import { transfer, whereMovable } from '../helpers/mappings.js';

const PAGE = sys.getpagesize();

/** A file in memory with these contents; the caller closes it. */
function file(content: Uint8Array): number {
  const fd = sys.memfd_create('sluice-test', sys.MFD_CLOEXEC);
  if (content.length > 0) sys.write(fd, content);
  return fd;
}

const filled = (length: number, value: number) => new Uint8Array(length).fill(value);

test('reserve: files side by side in one buffer, zeros between them', () => {
  const [one, two] = [file(filled(PAGE, 1)), file(filled(2 * PAGE, 2))];
  using space = reserve(1 << 30);
  const view = new Uint8Array(space.buffer);
  const first = space.map(one, PAGE);
  const second = space.map({ fd: two }, 2 * PAGE, { offset: PAGE, access: 'write' });
  assert.deepEqual(
    [0, PAGE, 2 * PAGE - 1, 2 * PAGE, 3 * PAGE].map((at) => view[at]),
    [0, 1, 1, 2, 0],
  );
  assert.equal(second.bytes.byteOffset, 2 * PAGE);
  second.bytes[5] = 9;
  assert.equal(view[2 * PAGE + 5], 9);
  first.close();
  assert.deepEqual([first.closed, view[PAGE], view[2 * PAGE]], [true, 0, 2]);
  assert.throws(() => first.bytes, { code: 'ERR_SLUICE_CLOSED' });
  space.map(two, PAGE, { length: 10 });
  assert.equal(view[PAGE], 2);
  space.close();
  assert.deepEqual([second.closed, view.length, space.length], [true, 0, 0]);
  assert.throws(() => second.bytes, { code: 'ERR_SLUICE_CLOSED' });
  sys.close(one);
  sys.close(two);
});

test('reserve: a mapping grows and shrinks in place, with its file and under its views', () => {
  const fd = file(filled(10, 1));
  using space = reserve(64 * PAGE);
  const view = new Uint8Array(space.buffer);
  const log = space.map(fd, PAGE, { access: 'write' });
  for (const length of [PAGE, 3 * PAGE + 1, 60 * PAGE, 2 * PAGE, 5, 63 * PAGE]) {
    log.resize(length);
    assert.equal(log.length, length);
    log.bytes[length - 1] = 7;
    assert.deepEqual([view[PAGE], view[PAGE + length - 1]], [1, 7]);
    assert.ok(sys.fstat(fd).size >= BigInt(length));
  }
  log.resize(PAGE);
  assert.equal(view[3 * PAGE], 0);
  assert.throws(() => log.resize(64 * PAGE), { code: 'ERR_OUT_OF_RANGE', message: /reserved/ });
  assert.equal(log.length, PAGE);
  assert.equal(log.damaged, false);
  sys.close(fd);
});

test('reserve: where a resize fails, nothing is mapped that is not guarded', () => {
  const fd = file(filled(2 * PAGE, 7));
  using space = reserve(8 * PAGE);
  const view = new Uint8Array(space.buffer);
  const part = space.map(fd, PAGE, { length: PAGE });
  const limit = new BigUint64Array(2);
  linux.prlimit(0, RLIMIT_NOFILE, null, limit);
  linux.prlimit(0, RLIMIT_NOFILE, BigUint64Array.of(4n, limit[1] as bigint), null);
  try {
    assert.throws(() => part.resize(2 * PAGE), { syscall: 'fcntl' });
  } finally {
    linux.prlimit(0, RLIMIT_NOFILE, limit, null);
  }
  assert.deepEqual([part.length, view[PAGE], view[2 * PAGE]], [PAGE, 7, 0]);
  part.resize(2 * PAGE);
  assert.equal(view[2 * PAGE], 7);
  sys.close(fd);
});

test('reserve: nothing is mapped over another mapping, beyond the end or between pages', () => {
  const fd = file(filled(4 * PAGE, 1));
  using space = reserve(10 * PAGE);
  using there = space.map(fd, 2 * PAGE);
  const taken = { code: 'ERR_OUT_OF_RANGE', message: /"at".*nothing else/ };
  for (const at of [0, PAGE, 2 * PAGE, 5 * PAGE]) {
    if (at === 0) assert.doesNotThrow(() => space.map(fd, at, { length: 2 * PAGE }).close());
    else assert.throws(() => space.map(fd, at), taken);
  }
  assert.throws(() => space.map(fd, 1), { code: 'ERR_OUT_OF_RANGE', message: /"at".*page/ });
  assert.throws(() => space.map(fd, 0, { offset: 5 }), { code: 'ERR_OUT_OF_RANGE' });
  assert.throws(() => space.map(fd, 7 * PAGE), { code: 'ERR_OUT_OF_RANGE', message: /reserved/ });
  assert.throws(() => space.map(fd, -PAGE), { code: 'ERR_OUT_OF_RANGE' });
  using next = space.map(fd, 6 * PAGE, { length: PAGE });
  assert.throws(() => there.resize(5 * PAGE), taken);
  assert.deepEqual([there.length, next.bytes[0]], [4 * PAGE, 1]);
  sys.close(fd);
});

whereMovable(
  'M6d: in a reservation whose buffer was transferred nothing is mapped any more',
  () => {
    const fd = file(filled(2 * PAGE, 1));
    const space = reserve(8 * PAGE);
    const part = space.map(fd, 0, { length: PAGE });
    const moved = new Uint8Array(transfer(space.buffer));
    const closed = { code: 'ERR_SLUICE_CLOSED', message: /transferred/ };
    assert.throws(() => space.map(fd, 4 * PAGE), closed);
    assert.throws(() => part.resize(2 * PAGE), closed);
    assert.deepEqual([moved[0], moved[PAGE], moved[4 * PAGE]], [1, 0, 0]);
    part.close();
    assert.equal(moved[0], 0);
    space.close();
    sys.close(fd);
  },
);

test('reserve: costs addresses and no memory', () => {
  const resident = () =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'latin1'))?.[1]);
  const before = resident();
  using space = reserve(2 ** 31);
  assert.equal(space.length, 2 ** 31);
  assert.ok(resident() - before < 10_000);
});

test('reserve: wrong lengths are refused', () => {
  for (const length of [0, -1, 1.5, Number.NaN]) {
    assert.throws(() => reserve(length), { code: 'ERR_OUT_OF_RANGE', message: /"length"/ });
  }
  assert.throws(() => reserve('1' as never), { code: 'ERR_INVALID_ARG_TYPE' });
  const closed = reserve(1);
  closed.close();
  assert.throws(() => closed.map(0, 0), { code: 'ERR_SLUICE_CLOSED' });
});

test('mirror: what is stored at i is at i + length', () => {
  const fd = file(new Uint8Array(4 * PAGE));
  using ring = mirror(fd, { offset: PAGE });
  const size = 3 * PAGE;
  assert.equal(ring.length, 2 * size);
  for (const at of [0, 1, PAGE, size - 1]) {
    ring.bytes[at] = 5;
    assert.equal(ring.bytes[size + at], 5);
    ring.bytes[size + at] = 6;
    assert.equal(ring.bytes[at], 6);
  }
  const text = Buffer.from(ring.buffer);
  text.write('across the end', size - 7);
  assert.equal(text.toString('latin1', 0, 7), 'the end');
  const content = new Uint8Array(7);
  sys.pread(fd, content, PAGE);
  assert.equal(Buffer.from(content).toString(), 'the end');
  assert.throws(() => ring.resize(PAGE), { code: 'ERR_SLUICE_MAPPING' });
  assert.throws(() => mirror(fd, { offset: 5 }), { code: 'ERR_OUT_OF_RANGE' });
  assert.throws(() => mirror(fd, { length: 5 }), { code: 'ERR_OUT_OF_RANGE' });
  sys.close(fd);
});

test('mirror: a file that becomes shorter is noticed through both halves', () => {
  const fd = file(new Uint8Array(2 * PAGE).fill(1));
  using ring = mirror(fd);
  sys.ftruncate(fd, 0);
  assert.equal(ring.bytes[PAGE], 0);
  assert.equal(ring.bytes[3 * PAGE], 0);
  assert.equal(ring.damaged, true);
  assert.equal(ring.lost, 4 * PAGE);
  sys.close(fd);
});
