// mmap(2): a mapping and the end of its file.
import assert from 'node:assert/strict';
import { EFAULT } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { failsWith, pattern, succeeds } from '../../helpers/claims.js';
import { row, type Subject } from '../../helpers/conformance.js';
import { diesOf, loaded, mapThere, READ_WRITE, store } from '../../helpers/memory.js';
import { content } from '../../helpers/transfer.js';

const isZero = (byte: number) => byte === 0;

row('MMAP-39', 'the rest of the last page is zeros that never reach the file', (subject) => {
  const { kernel, map, file } = subject;
  const page = kernel.page_size();
  const fd = file(pattern(100));
  const address = map(page, READ_WRITE, f.MAP_SHARED, fd);
  assert.ok(loaded(kernel, address + 100, page - 100).every(isZero));
  store(kernel, address + 99, Uint8Array.of(1, 2, 3));
  succeeds(kernel.msync(address, page, f.MS_SYNC), 0);
  assert.equal(content(kernel, fd).length, 100);
  assert.equal(content(kernel, fd)[99], 1);
});

row('MMAP-40', 'whole pages past the end: mapped, and access is SIGBUS', async (subject) => {
  const { kernel, map, file } = subject;
  const page = kernel.page_size();
  const fd = file(pattern(100));
  const address = map(2 * page, READ_WRITE, f.MAP_SHARED, fd);
  failsWith(kernel.load(address + page, new Uint8Array(1)), EFAULT);
  failsWith(kernel.store(address + page, new Uint8Array(1)), EFAULT);
  succeeds(kernel.load(address, new Uint8Array(2 * page)), page);
  const child = await subject.process([fd]);
  const theirs = await mapThere(child, 2 * page, READ_WRITE, f.MAP_SHARED, child.inherited[0]);
  await diesOf(child, 'SIGBUS', child.peek(theirs + page, 1));
});

row(
  'MMAP-41',
  'a file that shrank: SIGBUS for its pages, zeros behind its end',
  async (subject) => {
    const { kernel, map, file } = subject;
    const page = kernel.page_size();
    const bytes = pattern(3 * page);
    const fd = file(bytes);
    const address = map(3 * page, f.PROT_READ, f.MAP_SHARED, fd);
    assert.deepEqual(loaded(kernel, address, 3 * page), bytes);
    const child = await subject.process([fd]);
    const theirs = await mapThere(child, 3 * page, f.PROT_READ, f.MAP_SHARED, child.inherited[0]);
    succeeds(kernel.ftruncate(fd, page + 10), 0);
    assert.deepEqual(loaded(kernel, address, page + 10), bytes.subarray(0, page + 10));
    assert.ok(loaded(kernel, address + page + 10, page - 10).every(isZero));
    failsWith(kernel.load(address + 2 * page, new Uint8Array(1)), EFAULT);
    assert.deepEqual([...(await child.peek(theirs + page + 10, 1))], [0]);
    await diesOf(child, 'SIGBUS', child.peek(theirs + 2 * page, 1));
  },
);

row('MMAP-42', 'a file that shrank to 0 and grew again reads as zeros', (subject) => {
  const { kernel, map, file } = subject;
  const page = kernel.page_size();
  const fd = file(pattern(page));
  const address = map(page, READ_WRITE, f.MAP_SHARED, fd);
  succeeds(kernel.ftruncate(fd, 0), 0);
  succeeds(kernel.ftruncate(fd, page), 0);
  assert.ok(loaded(kernel, address, page).every(isZero));
});

row('MMAP-43', 'an offset past the end: mapped, and access is SIGBUS', async (subject: Subject) => {
  const { kernel, map, file } = subject;
  const page = kernel.page_size();
  const fd = file(pattern(100));
  const address = map(page, f.PROT_READ, f.MAP_SHARED, fd, 4 * page);
  failsWith(kernel.load(address, new Uint8Array(1)), EFAULT);
  const child = await subject.process([fd]);
  const [inherited] = child.inherited;
  const theirs = await mapThere(child, page, f.PROT_READ, f.MAP_SHARED, inherited, 4 * page);
  await diesOf(child, 'SIGBUS', child.peek(theirs, 1));
});
