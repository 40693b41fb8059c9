// The constants of mmap(2) and msync(2), and the size of a page.
import assert from 'node:assert/strict';
import { EINVAL } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { failsWith, pattern, succeeds } from '../../helpers/claims.js';
import { row } from '../../helpers/conformance.js';

row('MMAP-50', 'PROT_NONE, PROT_READ, PROT_WRITE and PROT_EXEC', () => {
  assert.deepEqual([f.PROT_NONE, f.PROT_READ, f.PROT_WRITE, f.PROT_EXEC], [0, 1, 2, 4]);
});

row('MMAP-51', 'the kinds of a mapping, and MAP_FAILED', () => {
  const kinds = [f.MAP_SHARED, f.MAP_PRIVATE, f.MAP_FIXED, f.MAP_ANONYMOUS, f.MAP_HUGETLB];
  assert.deepEqual(kinds, [1, 2, 0x10, 0x20, 0x40000]);
  assert.equal(f.MAP_FAILED, -1);
});

row('MMAP-52', 'the other flags of mmap', () => {
  assert.deepEqual(
    [f.MAP_SHARED_VALIDATE, f.MAP_FIXED_NOREPLACE, f.MAP_POPULATE, f.MAP_LOCKED],
    [3, 0x100000, 0x8000, 0x2000],
  );
  assert.deepEqual(
    [f.MAP_NORESERVE, f.MAP_GROWSDOWN, f.MAP_STACK, f.MAP_SYNC],
    [0x4000, 0x100, 0x20000, 0x80000],
  );
});

row('MMAP-53', 'the page size is what the system says, 4096 on x86-64', ({ kernel, file }) => {
  const page = succeeds(kernel.page_size());
  if (process.arch === 'x64') assert.equal(page, 4096);
  const fd = file(pattern(1));
  failsWith(kernel.mmap(0, 1, f.PROT_READ, f.MAP_SHARED, fd, page / 2), EINVAL);
  const address = succeeds(kernel.mmap(0, 1, f.PROT_READ, f.MAP_SHARED, fd, page));
  succeeds(kernel.munmap(address, 1), 0);
});

row('MSY-11', 'MS_ASYNC, MS_INVALIDATE and MS_SYNC', () => {
  assert.deepEqual([f.MS_ASYNC, f.MS_INVALIDATE, f.MS_SYNC], [1, 2, 4]);
});
