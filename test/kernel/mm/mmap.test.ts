// mmap(2): arguments, addresses and errors.
import assert from 'node:assert/strict';
import { EACCES, EBADF, EEXIST, EINVAL, ENODEV, ENOMEM, EPERM } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { failsWith, pattern, succeeds } from '../../helpers/claims.js';
import { row } from '../../helpers/conformance.js';
import { hugePages, NEEDS_HUGE_PAGES, withHugePage } from '../../helpers/hugepages.js';
import { ANONYMOUS, loaded, mapThere, READ_WRITE, store } from '../../helpers/memory.js';

row('MMAP-01', 'answers the start address, a multiple of the page size', (subject) => {
  const { kernel, map } = subject;
  const page = kernel.page_size();
  for (const length of [1, page, 3 * page + 1]) {
    const address = map(length, READ_WRITE, ANONYMOUS);
    assert.ok(address > 0);
    assert.equal(address % page, 0);
  }
});

row(['MMAP-02', 'MMAP-09'], 'length 0 is EINVAL', ({ kernel, file }) => {
  failsWith(kernel.mmap(0, 0, f.PROT_READ, ANONYMOUS, -1, 0), EINVAL);
  failsWith(kernel.mmap(0, 0, f.PROT_READ, f.MAP_SHARED, file(pattern(10)), 0), EINVAL);
});

row('MMAP-03', 'with address 0 the kernel chooses, a free place each time', ({ kernel, map }) => {
  const page = kernel.page_size();
  const addresses = Array.from({ length: 8 }, () => map(page, READ_WRITE, ANONYMOUS));
  assert.equal(new Set(addresses).size, 8);
  assert.ok(!addresses.includes(0));
});

row('MMAP-04', 'an address is a hint: taken when free, rounded down', async (subject) => {
  const page = subject.kernel.page_size();
  const child = await subject.process();
  const address = await mapThere(child, 4 * page, READ_WRITE, ANONYMOUS);
  succeeds(await child.call('munmap', address, 4 * page), 0);
  const hint = address + page + 100;
  const hinted = await child.call('mmap', hint, page, READ_WRITE, ANONYMOUS, -1, 0);
  assert.equal(hinted, address + page);
});

row('MMAP-04', 'a hint that is taken gives another address', ({ kernel, map }) => {
  const page = kernel.page_size();
  const taken = map(page, READ_WRITE, ANONYMOUS);
  const other = succeeds(kernel.mmap(taken, page, READ_WRITE, ANONYMOUS, -1, 0));
  assert.notEqual(other, taken);
  succeeds(kernel.munmap(other, page), 0);
});

row(['MMAP-05', 'MMAP-06'], 'MAP_ANONYMOUS is zeros, whatever fd and offset are', (subject) => {
  const { kernel, map, file } = subject;
  const page = kernel.page_size();
  const fd = file(pattern(2 * page));
  for (const [descriptor, offset] of [
    [-1, 0],
    [fd, 0],
    [fd, page],
    [12345, 7 * page],
  ] as const) {
    const address = map(page, READ_WRITE, ANONYMOUS, descriptor, offset);
    assert.ok(loaded(kernel, address, page).every((byte) => byte === 0));
  }
});

row('MMAP-07', 'neither shared nor private is EINVAL', ({ kernel, file }) => {
  failsWith(kernel.mmap(0, 1, f.PROT_READ, f.MAP_ANONYMOUS, -1, 0), EINVAL);
  failsWith(kernel.mmap(0, 1, f.PROT_READ, 0, file(pattern(1)), 0), EINVAL);
});

row('MMAP-08', 'shared and private at once, anonymous, is EINVAL', ({ kernel }) => {
  const both = f.MAP_PRIVATE | f.MAP_SHARED | f.MAP_ANONYMOUS;
  failsWith(kernel.mmap(0, 1, f.PROT_READ, both, -1, 0), EINVAL);
});

row('MMAP-10', 'a length of no whole pages maps whole pages', ({ kernel, map }) => {
  const page = kernel.page_size();
  const address = map(page + 1, READ_WRITE, ANONYMOUS);
  store(kernel, address + 2 * page - 1, Uint8Array.of(7));
  assert.deepEqual([...loaded(kernel, address + 2 * page - 1, 1)], [7]);
});

row('MMAP-11', 'more than the address space is ENOMEM', ({ kernel }) => {
  for (const length of [2 ** 53, 1n << 60n, (1n << 63n) - 1n]) {
    failsWith(kernel.mmap(0, length, f.PROT_NONE, ANONYMOUS | f.MAP_NORESERVE, -1, 0), ENOMEM);
  }
});

row('MMAP-12', 'offset is where in the file the mapping begins', ({ kernel, map, file }) => {
  const page = kernel.page_size();
  const bytes = pattern(3 * page);
  const address = map(page, f.PROT_READ, f.MAP_SHARED, file(bytes), 2 * page);
  assert.deepEqual(loaded(kernel, address, page), bytes.subarray(2 * page));
});

row('MMAP-12', 'an offset inside a page is EINVAL', ({ kernel, file }) => {
  const fd = file(pattern(10));
  for (const offset of [1, kernel.page_size() / 2, -1]) {
    failsWith(kernel.mmap(0, 1, f.PROT_READ, f.MAP_SHARED, fd, offset), EINVAL);
  }
});

row('MMAP-13', 'a descriptor that is not open is EBADF', ({ kernel }) => {
  failsWith(kernel.mmap(0, 1, f.PROT_READ, f.MAP_SHARED, -1, 0), EBADF);
  failsWith(kernel.mmap(0, 1, f.PROT_READ, f.MAP_PRIVATE, 12345, 0), EBADF);
});

row('MMAP-14', 'an O_PATH descriptor is EBADF', ({ kernel, keep, path }) => {
  const name = path();
  keep(kernel.openat(f.AT_FDCWD, name, f.O_CREAT | f.O_RDWR | f.O_CLOEXEC, 0o600));
  const fd = keep(kernel.openat(f.AT_FDCWD, name, f.O_PATH | f.O_CLOEXEC, 0));
  failsWith(kernel.mmap(0, 1, f.PROT_READ, f.MAP_SHARED, fd, 0), EBADF);
});

row('MMAP-15', 'a write-only descriptor is EACCES, any protection', ({ kernel, keep, path }) => {
  const flags = f.O_CREAT | f.O_WRONLY | f.O_CLOEXEC;
  const fd = keep(kernel.openat(f.AT_FDCWD, path(), flags, 0o600));
  for (const protection of [f.PROT_NONE, f.PROT_READ, f.PROT_WRITE]) {
    failsWith(kernel.mmap(0, 1, protection, f.MAP_SHARED, fd, 0), EACCES);
    failsWith(kernel.mmap(0, 1, protection, f.MAP_PRIVATE, fd, 0), EACCES);
  }
});

row('MMAP-16', 'a read-only descriptor: private stores, no shared ones', (subject) => {
  const { kernel, keep, path, map } = subject;
  const name = path();
  const writer = keep(kernel.openat(f.AT_FDCWD, name, f.O_CREAT | f.O_RDWR | f.O_CLOEXEC, 0o600));
  succeeds(kernel.pwrite(writer, pattern(100), 0), 100);
  const fd = keep(kernel.openat(f.AT_FDCWD, name, f.O_RDONLY | f.O_CLOEXEC, 0));
  const address = map(100, READ_WRITE, f.MAP_PRIVATE, fd);
  store(kernel, address, Uint8Array.of(9));
  assert.deepEqual([...loaded(kernel, address, 1)], [9]);
  failsWith(kernel.mmap(0, 100, READ_WRITE, f.MAP_SHARED, fd, 0), EACCES);
});

row('MMAP-17', 'a pipe: ENODEV for the read end, EACCES for the write end', (subject) => {
  const [reader, writer] = subject.pipe();
  const { kernel } = subject;
  failsWith(kernel.mmap(0, 1, f.PROT_READ, f.MAP_SHARED, reader, 0), ENODEV);
  failsWith(kernel.mmap(0, 1, f.PROT_READ, f.MAP_SHARED, writer, 0), EACCES);
});

row('MMAP-18', 'a directory, and a device without mmap, is ENODEV', (subject) => {
  const { kernel, keep, directory } = subject;
  for (const path of [directory(), '/dev/random']) {
    const fd = keep(kernel.openat(f.AT_FDCWD, path, f.O_RDONLY | f.O_CLOEXEC, 0));
    failsWith(kernel.mmap(0, 1, f.PROT_READ, f.MAP_PRIVATE, fd, 0), ENODEV);
  }
});

row('MMAP-31', 'MAP_FIXED replaces what was there, and only that', ({ kernel, map, file }) => {
  const page = kernel.page_size();
  const bytes = pattern(3 * page);
  const address = map(3 * page, READ_WRITE, f.MAP_PRIVATE, file(bytes));
  const middle = address + page;
  const flags = ANONYMOUS | f.MAP_FIXED;
  succeeds(kernel.mmap(middle, page, READ_WRITE, flags, -1, 0), middle);
  const expected = bytes.slice();
  expected.fill(0, page, 2 * page);
  assert.deepEqual(loaded(kernel, address, 3 * page), expected);
});

row('MMAP-32', 'MAP_FIXED inside a page is EINVAL', ({ kernel, map }) => {
  const address = map(2 * kernel.page_size(), READ_WRITE, ANONYMOUS);
  failsWith(kernel.mmap(address + 1, 1, READ_WRITE, ANONYMOUS | f.MAP_FIXED, -1, 0), EINVAL);
});

row('MMAP-33', 'MAP_FIXED at 0, without privileges, is EPERM', async (subject) => {
  const child = await subject.process();
  await child.dropPrivileges();
  const page = subject.kernel.page_size();
  const flags = ANONYMOUS | f.MAP_FIXED;
  failsWith(await child.call('mmap', 0, page, READ_WRITE, flags, -1, 0), EPERM);
});

row('MMAP-34', 'MAP_FIXED_NOREPLACE takes a free range and no other', async (subject) => {
  const page = subject.kernel.page_size();
  const child = await subject.process();
  const address = await mapThere(child, page, READ_WRITE, ANONYMOUS);
  const flags = ANONYMOUS | f.MAP_FIXED_NOREPLACE;
  const again = () => child.call('mmap', address, page, READ_WRITE, flags, -1, 0);
  failsWith(await again(), EEXIST);
  succeeds(await child.call('munmap', address, page), 0);
  succeeds(await again(), address);
});

row('MMAP-35', 'MAP_HUGETLB beyond the free huge pages is ENOMEM', ({ kernel }) => {
  const pageBytes = hugePages(kernel, 'Hugepagesize') * 1024;
  const length = (hugePages(kernel, 'HugePages_Free') + 1_000_000) * pageBytes;
  failsWith(kernel.mmap(0, length, READ_WRITE, ANONYMOUS | f.MAP_HUGETLB, -1, 0), ENOMEM);
});

row(
  'MMAP-35',
  'MAP_HUGETLB takes a page from the pool, which has it back after munmap',
  ({ kernel }) =>
    withHugePage(kernel, () => {
      const length = hugePages(kernel, 'Hugepagesize') * 1024;
      const free = hugePages(kernel, 'HugePages_Free');
      const flags = ANONYMOUS | f.MAP_HUGETLB;
      const address = succeeds(kernel.mmap(0, length, READ_WRITE, flags, -1, 0));
      assert.equal(address % length, 0);
      store(kernel, address + length - 1, Uint8Array.of(5));
      assert.equal(hugePages(kernel, 'HugePages_Free'), free - 1);
      assert.deepEqual([...loaded(kernel, address + length - 2, 2)], [0, 5]);
      failsWith(kernel.munmap(address, kernel.page_size()), EINVAL);
      succeeds(kernel.munmap(address, length), 0);
      assert.equal(hugePages(kernel, 'HugePages_Free'), free);
    }),
  { skip: NEEDS_HUGE_PAGES },
);

row('MMAP-36', 'MAP_POPULATE: the pages are there at return', ({ kernel, map, area, file }) => {
  const page = kernel.page_size();
  const shared = f.MAP_SHARED | f.MAP_ANONYMOUS;
  assert.equal(area(map(16 * page, READ_WRITE, shared)).residentBytes, 0);
  const address = map(16 * page, READ_WRITE, shared | f.MAP_POPULATE);
  assert.equal(area(address).residentBytes, 16 * page);
  const short = map(4 * page, f.PROT_READ, f.MAP_SHARED | f.MAP_POPULATE, file(pattern(10)));
  assert.equal(area(short).residentBytes, page);
});

row('MMAP-37', 'NORESERVE, STACK, GROWSDOWN and LOCKED are accepted', ({ kernel, map }) => {
  for (const flag of [f.MAP_NORESERVE, f.MAP_STACK, f.MAP_GROWSDOWN, f.MAP_LOCKED]) {
    const address = map(kernel.page_size(), READ_WRITE, ANONYMOUS | flag);
    store(kernel, address, Uint8Array.of(1));
  }
});

row('MMAP-38', 'more than vm.max_map_count mappings is ENOMEM', async (subject) => {
  const page = subject.kernel.page_size();
  const child = await subject.process();
  const count = 1 << 21;
  const flags = ANONYMOUS | f.MAP_NORESERVE;
  const address = await mapThere(child, 2 * count * page, f.PROT_NONE, flags);
  const split = child.sweep(count, 2 * page, 'mprotect', address, page, f.PROT_READ);
  failsWith(await split, ENOMEM);
  const shared = f.MAP_SHARED | f.MAP_ANONYMOUS;
  const more = child.sweep(10, 0, 'mmap', 0, page, f.PROT_READ, shared, -1, 0);
  failsWith(await more, ENOMEM);
});
