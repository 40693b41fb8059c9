// mremap(2)
import assert from 'node:assert/strict';
import { EFAULT, EINVAL, ENOMEM } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { failsWith, string, succeeds, text } from '../../helpers/claims.js';
import { row, type Subject } from '../../helpers/conformance.js';
import { ANONYMOUS, diesOf, mapThere, READ_WRITE } from '../../helpers/memory.js';

row(
  'mremap',
  'grows in its place where there is room, and elsewhere if it may',
  async (subject) => {
    const { child, page, address } = await room(subject);
    const grow = (from: number, flags: number) =>
      child.call('mremap', from, page, 2 * page, flags, 0);
    succeeds(await grow(address, 0), address);
    succeeds(await child.call('mremap', address, 2 * page, page, 0, 0), address);
    const flags = ANONYMOUS | f.MAP_FIXED;
    const behind = address + page;
    succeeds(await child.call('mmap', behind, page, f.PROT_NONE, flags, -1, 0), behind);
    failsWith(await grow(address, 0), ENOMEM);
    const moved = succeeds(await grow(address, f.MREMAP_MAYMOVE));
    assert.notEqual(moved, address);
    assert.equal(string(await child.peek(moved, 4)), 'here');
    await diesOf(child, 'SIGSEGV', child.peek(address, 1));
  },
);

row(
  'mremap',
  'MREMAP_FIXED takes the bytes along, and what was at the target goes',
  async (subject) => {
    const { child, page, address } = await room(subject);
    const target = address + 2 * page;
    const flags = ANONYMOUS | f.MAP_FIXED;
    succeeds(await child.call('mmap', target, page, READ_WRITE, flags, -1, 0), target);
    await child.poke(target, text('there'));
    const move = f.MREMAP_MAYMOVE | f.MREMAP_FIXED;
    succeeds(await child.call('mremap', address, page, page, move, target), target);
    assert.equal(string(await child.peek(target, 5)), 'here\0');
    failsWith(await child.call('msync', address, page, f.MS_ASYNC), ENOMEM);
  },
);

row('mremap', 'a file mapping that grows shows more of the file', async (subject) => {
  const page = subject.kernel.page_size();
  const bytes = new Uint8Array(2 * page).fill(1, 0, page).fill(2, page);
  const child = await subject.process([subject.file(bytes)]);
  const address = await mapThere(child, page, f.PROT_READ, f.MAP_SHARED, child.inherited[0]);
  const grown = succeeds(await child.call('mremap', address, page, 2 * page, f.MREMAP_MAYMOVE, 0));
  assert.deepEqual([...(await child.peek(grown + page - 1, 2))], [1, 2]);
});

row('mremap', 'what makes no sense is EINVAL, and what is not mapped EFAULT', async (subject) => {
  const { child, page, address } = await room(subject);
  const remap = (from: number, old: number, length: number, flags: number, target: number) =>
    child.call('mremap', from, old, length, flags, target);
  failsWith(await remap(address + 1, page, page, 0, 0), EINVAL);
  failsWith(await remap(address, page, 0, 0, 0), EINVAL);
  failsWith(await remap(address, page, page, 8, 0), EINVAL);
  failsWith(await remap(address, page, page, f.MREMAP_FIXED, address + page), EINVAL);
  const move = f.MREMAP_MAYMOVE | f.MREMAP_FIXED;
  failsWith(await remap(address, page, page, move, address), EINVAL);
  failsWith(await remap(address, page, page, move, address + page + 1), EINVAL);
  failsWith(await remap(address, 0, page, f.MREMAP_MAYMOVE, 0), EINVAL);
  failsWith(await remap(address, 2 * page, 3 * page, f.MREMAP_MAYMOVE, 0), EFAULT);
  failsWith(await remap(address + page, page, page, 0, 0), EFAULT);
  assert.equal(string(await child.peek(address, 4)), 'here');
});

row(
  'mremap',
  'length 0 is another mapping of the same; at its own place it is EFAULT',
  async (subject) => {
    const page = subject.kernel.page_size();
    const child = await subject.process();
    const shared = f.MAP_SHARED | f.MAP_ANONYMOUS;
    const address = await mapThere(child, page, READ_WRITE, shared);
    const other = succeeds(await child.call('mremap', address, 0, page, f.MREMAP_MAYMOVE, 0));
    await child.poke(address, text('one'));
    assert.equal(string(await child.peek(other, 3)), 'one');
    const move = f.MREMAP_MAYMOVE | f.MREMAP_FIXED;
    failsWith(await child.call('mremap', address, 0, page, move, address), EFAULT);
    failsWith(await child.call('msync', address, page, f.MS_ASYNC), ENOMEM);
  },
);

/** A process with one page that begins with "here", and three free ones behind it. */
async function room(subject: Subject) {
  const page = subject.kernel.page_size();
  const child = await subject.process();
  const address = await mapThere(child, 4 * page, READ_WRITE, ANONYMOUS);
  succeeds(await child.call('munmap', address + page, 3 * page), 0);
  await child.poke(address, text('here'));
  return { child, page, address };
}
