// madvise(2)
import assert from 'node:assert/strict';
import { EACCES, EINVAL, ENOMEM } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { failsWith, pattern, string, succeeds, text } from '../../helpers/claims.js';
import { row } from '../../helpers/conformance.js';
import { ANONYMOUS, loaded, mapThere, READ_WRITE, store } from '../../helpers/memory.js';
import { content } from '../../helpers/transfer.js';

row('madvise', 'MADV_DONTNEED: private memory is zeros, a private file is the file', (subject) => {
  const { kernel, map, file } = subject;
  const page = kernel.page_size();
  for (const [address, expected] of [
    [map(page, READ_WRITE, ANONYMOUS), '\0\0\0\0'],
    [map(page, READ_WRITE, f.MAP_PRIVATE, file(text('file'))), 'file'],
  ] as const) {
    store(kernel, address, text('mine'));
    succeeds(kernel.madvise(address, page, f.MADV_DONTNEED), 0);
    assert.equal(string(loaded(kernel, address, 4)), expected);
  }
});

row('madvise', 'MADV_DONTNEED of a shared mapping loses nothing', ({ kernel, map, file }) => {
  const page = kernel.page_size();
  const fd = file(new Uint8Array(page));
  for (const address of [
    map(page, READ_WRITE, f.MAP_SHARED, fd),
    map(page, READ_WRITE, f.MAP_SHARED | f.MAP_ANONYMOUS),
  ]) {
    store(kernel, address, text('kept'));
    succeeds(kernel.madvise(address, page, f.MADV_DONTNEED), 0);
    assert.equal(string(loaded(kernel, address, 4)), 'kept');
  }
});

row('madvise', 'MADV_REMOVE is a hole in a shared file, and not for others', (subject) => {
  const { kernel, map, keep, file } = subject;
  const page = kernel.page_size();
  const fd = keep(kernel.memfd_create('sluice-hole', f.MFD_CLOEXEC));
  succeeds(kernel.write(fd, pattern(2 * page)), 2 * page);
  const address = map(2 * page, READ_WRITE, f.MAP_SHARED, fd);
  succeeds(kernel.madvise(address, page, f.MADV_REMOVE), 0);
  const expected = pattern(2 * page).fill(0, 0, page);
  assert.deepEqual(content(kernel, fd), expected);
  assert.deepEqual(loaded(kernel, address, 2 * page), expected);
  const memory = map(page, READ_WRITE, ANONYMOUS);
  failsWith(kernel.madvise(memory, page, f.MADV_REMOVE), EINVAL);
  const own = map(page, READ_WRITE, f.MAP_PRIVATE, file(pattern(page)));
  failsWith(kernel.madvise(own, page, f.MADV_REMOVE), EACCES);
});

row('madvise', 'MADV_DONTFORK: the child does not have it', async (subject) => {
  const page = subject.kernel.page_size();
  const parent = await subject.process();
  const address = await mapThere(parent, 2 * page, READ_WRITE, ANONYMOUS);
  succeeds(await parent.call('madvise', address, page, f.MADV_DONTFORK), 0);
  const child = await parent.fork();
  assert.deepEqual([...(await child.peek(address + page, 1))], [0]);
  failsWith(await child.call('msync', address, page, f.MS_ASYNC), ENOMEM);
  assert.deepEqual([...(await parent.peek(address, 1))], [0]);
});

row('madvise', 'unknown advice is EINVAL; a hole is ENOMEM, after the rest', async (subject) => {
  const page = subject.kernel.page_size();
  const child = await subject.process();
  const address = await mapThere(child, 3 * page, READ_WRITE, ANONYMOUS);
  await child.poke(address + 2 * page, text('gone'));
  succeeds(await child.call('munmap', address + page, page), 0);
  failsWith(await child.call('madvise', address, page, 99), EINVAL);
  failsWith(await child.call('madvise', address + 1, page, f.MADV_NORMAL), EINVAL);
  failsWith(await child.call('madvise', address, 3 * page, f.MADV_DONTNEED), ENOMEM);
  assert.equal(string(await child.peek(address + 2 * page, 4)), '\0\0\0\0');
});

row('madvise', 'advice for no bytes is 0, whatever is there', ({ kernel, map }) => {
  const address = map(4096, f.PROT_NONE, f.MAP_PRIVATE | f.MAP_ANONYMOUS);
  succeeds(kernel.madvise(address, 0, f.MADV_REMOVE), 0);
  failsWith(kernel.madvise(address, 1, f.MADV_REMOVE), EINVAL);
});
