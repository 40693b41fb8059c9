import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EINVAL, ENOMEM } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { SimKernel } from '../../../src/sim.js';
import { failsWith, succeeds, text } from '../../helpers/claims.js';
import { ANONYMOUS, loaded, READ_WRITE, store } from '../../helpers/memory.js';

const PAGE = 4096;

test('memory: addresses cost nothing until they are used', () => {
  const kernel = new SimKernel();
  const length = 2 ** 46;
  const address = succeeds(kernel.mmap(0, length, READ_WRITE, ANONYMOUS, -1, 0));
  assert.equal(loaded(kernel, address + length - 1, 1)[0], 0);
  assert.equal(kernel.inspect().pagesInUse, 0);
  store(kernel, address + length / 2, Uint8Array.of(1));
  assert.equal(kernel.inspect().pagesInUse, 1);
  failsWith(kernel.mmap(0, 2 ** 47, READ_WRITE, ANONYMOUS, -1, 0), ENOMEM);
  succeeds(kernel.munmap(address, length), 0);
  assert.equal(kernel.inspect().pagesInUse, 0);
});

test('memory: fork copies a page when one of the two stores, not before', () => {
  const kernel = new SimKernel();
  const address = memory(kernel, 2);
  const child = kernel.fork();
  assert.equal(kernel.inspect().pagesInUse, 2);
  store(child, address, text('child'));
  assert.equal(kernel.inspect().pagesInUse, 3);
  store(kernel, address, text('parent'));
  assert.equal(kernel.inspect().pagesInUse, 3);
  child.exec();
  assert.equal(kernel.inspect().pagesInUse, 2);
});

test('memory: vmsplice passes the pages of a mapping, which later stores change', () => {
  const kernel = new SimKernel();
  const [reader, writer] = pipe(kernel);
  const address = memory(kernel, 1);
  const range = new BigUint64Array([BigInt(address), BigInt(PAGE)]);
  succeeds(kernel.vmsplice(writer, [range], 0), PAGE);
  const { counters, pagesInUse } = kernel.inspect();
  assert.deepEqual(counters.vmsplice, { calls: 1, bytesCopied: 0, pagesPassed: 1 });
  assert.equal(pagesInUse, 1);
  store(kernel, address, text('late'));
  const bytes = new Uint8Array(4);
  succeeds(kernel.read(reader, bytes), 4);
  assert.deepEqual(bytes, text('late'));
});

test('memory: areas that are alike and side by side are one', () => {
  const kernel = new SimKernel();
  const address = memory(kernel, 3);
  const areas = () => kernel.inspect().processes[0]?.areas.map(({ permissions }) => permissions);
  succeeds(kernel.mprotect(address + PAGE, PAGE, f.PROT_READ), 0);
  assert.deepEqual(areas(), ['rw-p', 'r--p', 'rw-p']);
  succeeds(kernel.mprotect(address + PAGE, PAGE, READ_WRITE), 0);
  assert.deepEqual(areas(), ['rw-p']);
});

test('memory: a mapping keeps its file, and F_SEAL_WRITE waits for it', () => {
  const kernel = new SimKernel();
  const fd = succeeds(kernel.memfd_create('sealed', f.MFD_ALLOW_SEALING));
  succeeds(kernel.ftruncate(fd, PAGE), 0);
  const address = succeeds(kernel.mmap(0, PAGE, READ_WRITE, f.MAP_SHARED, fd, 0));
  assert.equal(kernel.inspect().descriptions[0]?.references, 2);
  assert.ok(kernel.fcntl(fd, f.F_ADD_SEALS, f.F_SEAL_WRITE) < 0);
  succeeds(kernel.munmap(address, PAGE), 0);
  succeeds(kernel.fcntl(fd, f.F_ADD_SEALS, f.F_SEAL_WRITE), 0);
});

test('memory: RLIMIT_AS counts what is mapped', () => {
  const kernel = new SimKernel();
  const address = memory(kernel, 2);
  const limit = new BigUint64Array([BigInt(3 * PAGE), BigInt(3 * PAGE)]);
  succeeds(kernel.prlimit(0, f.RLIMIT_AS, limit, null), 0);
  failsWith(kernel.mmap(0, 2 * PAGE, READ_WRITE, ANONYMOUS, -1, 0), ENOMEM);
  succeeds(kernel.mmap(address, 3 * PAGE, READ_WRITE, ANONYMOUS | f.MAP_FIXED, -1, 0), address);
});

test('memory: a huge page is cut by nothing', () => {
  const kernel = new SimKernel();
  kernel.writeFile('/proc/sys/vm/nr_hugepages', '2');
  const length = 2 << 21;
  const address = succeeds(kernel.mmap(0, length, READ_WRITE, ANONYMOUS | f.MAP_HUGETLB, -1, 0));
  failsWith(kernel.mprotect(address, PAGE, f.PROT_READ), EINVAL);
  succeeds(kernel.mprotect(address, length / 2, f.PROT_READ), 0);
  succeeds(kernel.munmap(address, length), 0);
});

/** So many pages with something in each. */
function memory(kernel: SimKernel, pages: number): number {
  const address = succeeds(kernel.mmap(0, pages * PAGE, READ_WRITE, ANONYMOUS, -1, 0));
  for (let index = 0; index < pages; index++) store(kernel, address + index * PAGE, text('page'));
  return address;
}

function pipe(kernel: SimKernel): [reader: number, writer: number] {
  const ends = new Int32Array(2);
  succeeds(kernel.pipe2(0, ends), 0);
  return [ends[0] as number, ends[1] as number];
}
