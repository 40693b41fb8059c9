import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as sys from '../../../src/sys.js';
import { anonymous, file, PAGE, READ_WRITE } from '../../helpers/mappings.js';

test('msync, mprotect: a view names a range of pages', () => {
  const fd = file(new Uint8Array(2 * PAGE));
  const buffer = sys.mmap(null, 2 * PAGE, READ_WRITE, sys.MAP_SHARED, fd, 0);
  const second = new Uint8Array(buffer, PAGE);
  sys.msync(buffer, sys.MS_SYNC);
  sys.msync(second, sys.MS_ASYNC | sys.MS_INVALIDATE);
  assert.throws(() => sys.msync(new Uint8Array(buffer, 1), sys.MS_SYNC), { code: 'EINVAL' });
  sys.mprotect(second, sys.PROT_READ);
  const lines = readFileSync('/proc/self/maps', 'latin1').split('\n');
  const start = (sys.addressOf(buffer) + PAGE).toString(16);
  assert.match(lines.find((line) => line.startsWith(start)) as string, / r--s /);
  new Uint8Array(buffer)[0] = 1;
  sys.munmap(buffer);
  sys.close(fd);
});

test('madvise: safe advice is taken, other advice is refused by name', () => {
  const buffer = anonymous(4 * PAGE);
  new Uint8Array(buffer).fill(1);
  const safe = [
    sys.MADV_RANDOM,
    sys.MADV_SEQUENTIAL,
    sys.MADV_NORMAL,
    sys.MADV_DONTFORK,
    sys.MADV_DOFORK,
    sys.MADV_DONTDUMP,
    sys.MADV_DODUMP,
  ];
  for (const advice of safe) sys.madvise(buffer, advice);
  const { MADV_DONTNEED, MADV_FREE, MADV_REMOVE, MADV_PAGEOUT } = sys;
  for (const [name, advice] of Object.entries({
    MADV_DONTNEED,
    MADV_FREE,
    MADV_REMOVE,
    MADV_PAGEOUT,
  })) {
    const refused = { code: 'ERR_OUT_OF_RANGE', message: new RegExp(`${name}: `) };
    assert.throws(() => sys.madvise(buffer, advice), refused);
  }
  assert.throws(() => sys.madvise(buffer, 100), { code: 'ERR_OUT_OF_RANGE' });
  assert.ok(new Uint8Array(buffer).every((byte) => byte === 1));
  sys.munmap(buffer);
});
