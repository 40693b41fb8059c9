// munmap(2)
import assert from 'node:assert/strict';
import { EFAULT, EINVAL, ENOMEM } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { failsWith, pattern, string, succeeds, text } from '../../helpers/claims.js';
import { row, type Subject } from '../../helpers/conformance.js';
import { ANONYMOUS, diesOf, loaded, mapThere, READ_WRITE, store } from '../../helpers/memory.js';
import { content } from '../../helpers/transfer.js';

row('MUN-01', 'answers 0, and later access is SIGSEGV', async (subject) => {
  const child = await subject.process();
  const address = await mapThere(child, 4096, READ_WRITE, ANONYMOUS);
  await child.poke(address, Uint8Array.of(1));
  succeeds(await child.call('munmap', address, 4096), 0);
  await diesOf(child, 'SIGSEGV', child.peek(address, 1));
});

row('MUN-02', 'length 0 is EINVAL, and nothing is unmapped', ({ kernel, map }) => {
  const address = map(4096, READ_WRITE, ANONYMOUS);
  failsWith(kernel.munmap(address, 0), EINVAL);
  store(kernel, address, Uint8Array.of(1));
});

row('MUN-03', 'an address inside a page is EINVAL', ({ kernel, map }) => {
  const address = map(4096, READ_WRITE, ANONYMOUS);
  for (const inside of [address + 1, address + 2048]) failsWith(kernel.munmap(inside, 1), EINVAL);
  store(kernel, address, Uint8Array.of(1));
});

row('MUN-04', 'a length of no whole pages takes the last page whole', async (subject) => {
  const { child, page, address } = await threePages(subject);
  succeeds(await child.call('munmap', address, page + 1), 0);
  failsWith(await child.call('msync', address + page, page, f.MS_ASYNC), ENOMEM);
  assert.deepEqual([...(await child.peek(address + 2 * page, 1))], [3]);
});

row('MUN-05', 'a range with nothing in it answers 0', async (subject) => {
  const { child, page, address } = await threePages(subject);
  for (let round = 0; round < 2; round++) {
    succeeds(await child.call('munmap', address, 3 * page), 0);
  }
});

row('MUN-06', 'the middle goes, and both outer parts stay', async (subject) => {
  const { child, page, address } = await threePages(subject);
  succeeds(await child.call('munmap', address + page, page), 0);
  assert.deepEqual([...(await child.peek(address, 1))], [1]);
  assert.deepEqual([...(await child.peek(address + 2 * page, 1))], [3]);
  await diesOf(child, 'SIGSEGV', child.peek(address + page, 1));
});

row('MUN-07', 'stores that were never synchronised are in the file', ({ kernel, file }) => {
  const fd = file(new Uint8Array(6));
  const address = succeeds(kernel.mmap(0, 6, READ_WRITE, f.MAP_SHARED, fd, 0));
  store(kernel, address, text('stored'));
  succeeds(kernel.munmap(address, 6), 0);
  assert.equal(string(content(kernel, fd)), 'stored');
});

row('MUN-08', 'closing the file does not unmap it', ({ kernel, map, file, close }) => {
  const bytes = pattern(4096);
  const fd = file(bytes);
  const address = map(4096, READ_WRITE, f.MAP_SHARED, fd);
  close(fd);
  assert.deepEqual(loaded(kernel, address, 4096), bytes);
  store(kernel, address, Uint8Array.of(1));
});

row('MUN-01', 'a call with what was unmapped as its buffer is EFAULT', async (subject) => {
  const { child, page, address } = await threePages(subject);
  const [, writer] = subject.pipe();
  const other = await subject.process([writer]);
  const theirs = await mapThere(other, page, READ_WRITE, ANONYMOUS);
  succeeds(await other.call('munmap', theirs, page), 0);
  const memory = new BigUint64Array([BigInt(theirs), 1n]);
  failsWith(await other.call('write', other.inherited[0] as number, memory), EFAULT);
  assert.deepEqual([...(await child.peek(address, 1))], [1]);
});

/** A process with three pages in a row, which begin with 1, 2 and 3. */
async function threePages(subject: Subject) {
  const page = subject.kernel.page_size();
  const child = await subject.process();
  const address = await mapThere(child, 3 * page, READ_WRITE, ANONYMOUS);
  for (const index of [0, 1, 2]) await child.poke(address + index * page, Uint8Array.of(index + 1));
  return { child, page, address };
}
