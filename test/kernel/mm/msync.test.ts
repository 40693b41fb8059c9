// msync(2)
import assert from 'node:assert/strict';
import { EINVAL, ENOMEM } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { failsWith, pattern, string, succeeds, text } from '../../helpers/claims.js';
import { row, type Subject } from '../../helpers/conformance.js';
import { ANONYMOUS, loaded, mapThere, READ_WRITE, store } from '../../helpers/memory.js';
import { content } from '../../helpers/transfer.js';

row(['MSY-01', 'MSY-02', 'MSY-06'], 'MS_SYNC, MS_ASYNC and no flag answer 0', (subject) => {
  const { kernel } = subject;
  for (const [flags, word] of [
    [f.MS_SYNC, 'synchronous'],
    [f.MS_ASYNC, 'later'],
    [0, 'no flag'],
  ] as const) {
    const { fd, address } = sharedFile(subject);
    store(kernel, address, text(word));
    succeeds(kernel.msync(address, 8192, flags), 0);
    assert.equal(string(content(kernel, fd).subarray(0, word.length)), word);
  }
});

row('MSY-03', 'MS_INVALIDATE answers 0, and mappings agree as ever', (subject) => {
  const { kernel, map } = subject;
  const { fd, address } = sharedFile(subject);
  const other = map(8192, f.PROT_READ, f.MAP_SHARED, fd);
  store(kernel, address, text('fresh'));
  for (const flags of [f.MS_INVALIDATE, f.MS_INVALIDATE | f.MS_SYNC]) {
    succeeds(kernel.msync(address, 8192, flags), 0);
    assert.equal(string(loaded(kernel, other, 5)), 'fresh');
  }
});

row(['MSY-04', 'MSY-05'], 'MS_SYNC with MS_ASYNC, and an unknown flag, is EINVAL', (subject) => {
  const { address } = sharedFile(subject);
  failsWith(subject.kernel.msync(address, 8192, f.MS_SYNC | f.MS_ASYNC), EINVAL);
  failsWith(subject.kernel.msync(address, 8192, 8), EINVAL);
});

row('MSY-07', 'an address inside a page is EINVAL', (subject) => {
  const { address } = sharedFile(subject);
  failsWith(subject.kernel.msync(address + 1, 1, f.MS_SYNC), EINVAL);
});

row('MSY-08', 'length 0 answers 0, mapped or not', (subject) => {
  const { kernel } = subject;
  const { address } = sharedFile(subject);
  for (const where of [address, kernel.page_size()]) {
    succeeds(kernel.msync(where, 0, f.MS_SYNC), 0);
  }
});

row('MSY-09', 'a range that is not mapped, or has a hole, is ENOMEM', async (subject) => {
  const { kernel } = subject;
  const page = kernel.page_size();
  failsWith(kernel.msync(page, page, f.MS_SYNC), ENOMEM);
  const child = await subject.process();
  const address = await mapThere(child, 3 * page, READ_WRITE, ANONYMOUS);
  succeeds(await child.call('munmap', address + page, page), 0);
  failsWith(await child.call('msync', address, 3 * page, f.MS_SYNC), ENOMEM);
  for (const part of [address, address + 2 * page]) {
    succeeds(await child.call('msync', part, page, f.MS_SYNC), 0);
  }
});

row('MSY-10', 'a mapping of PROT_READ or PROT_NONE answers 0', ({ kernel, map, file }) => {
  for (const protection of [f.PROT_READ, f.PROT_NONE]) {
    const address = map(4096, protection, f.MAP_SHARED, file(pattern(10)));
    succeeds(kernel.msync(address, 4096, f.MS_SYNC), 0);
  }
});

function sharedFile({ map, file }: Subject): { fd: number; address: number } {
  const fd = file(pattern(8192));
  return { fd, address: map(8192, READ_WRITE, f.MAP_SHARED, fd) };
}
