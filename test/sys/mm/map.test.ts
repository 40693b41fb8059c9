import assert from 'node:assert/strict';
import { openSync } from 'node:fs';
import { test } from 'node:test';
import { linux } from '../../../src/kernel/linux.js';
import * as sys from '../../../src/sys.js';
import { text } from '../../helpers/claims.js';
import { NEEDS_HUGE_PAGES, withHugePage } from '../../helpers/hugepages.js';
import {
  ANONYMOUS,
  anonymous,
  file,
  isFree,
  PAGE,
  place,
  READ_WRITE,
  reserve,
} from '../../helpers/mappings.js';

const huge = { skip: NEEDS_HUGE_PAGES };

test('mmap: the buffer is the file, byte for byte, also after close', () => {
  const fd = file(text('hello, mapping'));
  const buffer = sys.mmap(null, 5, READ_WRITE, sys.MAP_SHARED, fd, 0);
  assert.equal(buffer.byteLength, 5);
  assert.equal(Buffer.from(buffer).toString(), 'hello');
  new Uint8Array(buffer)[0] = 72;
  const bytes = new Uint8Array(1);
  sys.pread(fd, bytes, 0);
  assert.equal(bytes[0], 72);
  sys.close(fd);
  assert.equal(Buffer.from(buffer).toString(), 'Hello');
  sys.munmap(buffer);
});

test('mmap: a failure of Linux is a SystemError with the descriptor', () => {
  const fd = openSync('.', 'r');
  const map = () => sys.mmap(null, 1, sys.PROT_READ, sys.MAP_SHARED, fd, 0);
  assert.throws(map, { code: 'ENODEV', syscall: 'mmap', fd });
  sys.close(fd);
  assert.throws(() => anonymous(0), { code: 'EINVAL', syscall: 'mmap' });
});

test('mmap: arguments of the wrong type are named', () => {
  const bad = (...parameters: unknown[]) => Reflect.apply(sys.mmap, undefined, parameters);
  const type = { code: 'ERR_INVALID_ARG_TYPE' };
  assert.throws(() => bad('0', 1, 0, 0, -1, 0), { ...type, message: /"addr"/ });
  assert.throws(() => bad(null, '1', 0, 0, -1, 0), { ...type, message: /"length"/ });
  assert.throws(() => bad(null, 1, null, 0, -1, 0), { ...type, message: /"prot"/ });
  assert.throws(() => bad(null, 1, 0, undefined, -1, 0), { ...type, message: /"flags"/ });
  assert.throws(() => bad(null, 1, 0, 0, 'x', 0), { ...type, message: /"fd"/ });
  assert.throws(() => bad(null, 1, 0, 0, -1), { ...type, message: /"offset"/ });
  assert.throws(() => bad(null, -1, 0, 0, -1, 0), { code: 'ERR_OUT_OF_RANGE' });
});

test('mmap: an address is a hint, as number or bigint', () => {
  const taken = anonymous(PAGE);
  for (const hint of [sys.addressOf(taken), BigInt(sys.addressOf(taken))]) {
    const other = sys.mmap(hint, PAGE, READ_WRITE, ANONYMOUS, -1, 0);
    assert.notEqual(sys.addressOf(other), sys.addressOf(taken));
    sys.munmap(other);
  }
  sys.munmap(taken);
});

test('munmap: what is no mapping, and what is none any more, is refused', () => {
  const refused = (value: unknown) => () => sys.munmap(value as ArrayBuffer);
  for (const value of [undefined, null, 5, {}, new ArrayBuffer(8), new SharedArrayBuffer(8)]) {
    assert.throws(refused(value), { code: 'ERR_INVALID_ARG_TYPE' });
  }
  const buffer = anonymous(PAGE);
  sys.munmap(buffer);
  assert.throws(refused(buffer), { code: 'ERR_SLUICE_CLOSED' });
  assert.throws(() => sys.addressOf(buffer), { code: 'ERR_SLUICE_CLOSED' });
  assert.throws(() => sys.msync(buffer, sys.MS_SYNC), { code: 'ERR_SLUICE_CLOSED' });
});

test('mremap: keeps the bytes, detaches the old buffer, grows and shrinks', () => {
  const old = anonymous(PAGE);
  new Uint8Array(old).fill(3);
  const large = sys.mremap(old, 64 * PAGE, sys.MREMAP_MAYMOVE);
  assert.equal(old.byteLength, 0);
  assert.equal(large.byteLength, 64 * PAGE);
  assert.deepEqual([...new Uint8Array(large, PAGE - 1, 2)], [3, 0]);
  const address = sys.addressOf(large);
  const small = sys.mremap(large, PAGE, 0);
  assert.equal(sys.addressOf(small), address);
  isFree(address + PAGE);
  sys.munmap(small);
  isFree(address);
});

test('mremap: what Linux or sluice refuses leaves the old buffer as it was', () => {
  const range = reserve(4 * PAGE);
  const buffer = place(sys.addressOf(range));
  const loose = anonymous(PAGE);
  assert.throws(() => sys.mremap(buffer, 2 * PAGE, 0), { code: 'ERR_OUT_OF_RANGE' });
  assert.throws(() => sys.mremap(range, 8 * PAGE, 1), { code: 'ERR_OUT_OF_RANGE' });
  assert.throws(() => sys.mremap(loose, 2 * PAGE, sys.MREMAP_FIXED | 1), RangeError);
  assert.throws(() => sys.mremap(loose, 0, sys.MREMAP_MAYMOVE), { code: 'EINVAL' });
  assert.equal(new Uint8Array(loose)[0], 0);
  sys.munmap(loose);
  sys.munmap(range);
});

test('munmap: a length that is no whole number of huge pages', huge, () =>
  withHugePage(linux, () => {
    const buffer = sys.mmap(null, 5, READ_WRITE, ANONYMOUS | sys.MAP_HUGETLB, -1, 0);
    const address = sys.addressOf(buffer);
    new Uint8Array(buffer)[0] = 1;
    sys.munmap(buffer);
    isFree(address);
  }),
);
