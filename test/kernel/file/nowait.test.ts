import assert from 'node:assert/strict';
import * as e from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import type { Kernel } from '../../../src/kernel/kernel.js';
import { failsWith, failsWithOneOf, pattern, succeeds } from '../../helpers/claims.js';
import { row } from '../../helpers/conformance.js';

const PAGE = 4096;

/** Reads a page without waiting for a disk. */
function tryRead(kernel: Kernel, fd: number, offset: number, bytes = new Uint8Array(PAGE)): number {
  return kernel.preadv2(fd, [bytes], offset, f.RWF_NOWAIT);
}

function isOnDisk(kernel: Kernel, fd: number): boolean {
  const fields = new BigInt64Array(f.STATFS_FIELDS);
  succeeds(kernel.fstatfs(fd, fields), 0);
  return Number(fields[f.STATFS_TYPE]) === f.EXT4_SUPER_MAGIC;
}

row('Z11', 'RWF_NOWAIT: a file of memory or /proc does not know it', ({ kernel, keep }) => {
  const memory = keep(kernel.memfd_create('warm', f.MFD_CLOEXEC));
  succeeds(kernel.write(memory, pattern(PAGE)), PAGE);
  failsWith(tryRead(kernel, memory, 0), e.EOPNOTSUPP);
  const proc = keep(kernel.openat(f.AT_FDCWD, '/proc/version', f.O_RDONLY | f.O_CLOEXEC, 0));
  failsWith(tryRead(kernel, proc, 0), e.EOPNOTSUPP);
});

row('Z11', 'RWF_NOWAIT: what is in memory answers, the end is 0', ({ kernel, file }) => {
  const fd = file(pattern(2 * PAGE));
  if (!isOnDisk(kernel, fd)) return failsWithOneOf(tryRead(kernel, fd, 0), e.EOPNOTSUPP);
  const bytes = new Uint8Array(PAGE);
  succeeds(tryRead(kernel, fd, PAGE, bytes), PAGE);
  assert.deepEqual(bytes, pattern(2 * PAGE).subarray(PAGE));
  succeeds(tryRead(kernel, fd, 2 * PAGE), 0);
});

row('Z11', 'RWF_NOWAIT: what is not in memory is EAGAIN, and is fetched', ({ kernel, file }) => {
  const fd = file(pattern(PAGE));
  if (!isOnDisk(kernel, fd)) return failsWithOneOf(tryRead(kernel, fd, 0), e.EOPNOTSUPP);
  succeeds(kernel.fsync(fd), 0);
  succeeds(kernel.posix_fadvise(fd, 0, 0, f.POSIX_FADV_DONTNEED), 0);
  let result = tryRead(kernel, fd, 0);
  while (result === -e.EAGAIN) result = tryRead(kernel, fd, 0);
  succeeds(result, PAGE);
});

/** What gets the first page of a file into memory. */
const FETCHES: Readonly<Record<string, (kernel: Kernel, fd: number) => void>> = {
  write: (kernel, fd) => succeeds(kernel.pwrite(fd, pattern(PAGE), 0), PAGE),
  'a write of a part': (kernel, fd) => succeeds(kernel.pwrite(fd, pattern(1), 0), 1),
  read: (kernel, fd) => succeeds(kernel.pread(fd, new Uint8Array(1), 0), 1),
  splice: (kernel, fd) => {
    const ends = new Int32Array(2);
    succeeds(kernel.pipe2(f.O_CLOEXEC, ends), 0);
    const [reader = -1, writer = -1] = ends;
    succeeds(kernel.splice(fd, 0, writer, null, PAGE, 0), PAGE);
    for (const end of [reader, writer]) succeeds(kernel.close(end), 0);
  },
  'a load': (kernel, fd) => {
    const address = kernel.mmap(0, PAGE, f.PROT_READ, f.MAP_SHARED, fd, 0);
    succeeds(kernel.load(address, new Uint8Array(1)), 1);
    succeeds(kernel.munmap(address, PAGE), 0);
  },
  'to be written anew': (kernel, fd) => {
    succeeds(kernel.ftruncate(fd, 0), 0);
    succeeds(kernel.pwrite(fd, pattern(PAGE), 0), PAGE);
  },
};

for (const [name, fetch] of Object.entries(FETCHES)) {
  row('Z11', `RWF_NOWAIT: after ${name} the page is in memory`, ({ kernel, file }) => {
    const fd = file(pattern(PAGE));
    if (!isOnDisk(kernel, fd)) return failsWithOneOf(tryRead(kernel, fd, 0), e.EOPNOTSUPP);
    succeeds(kernel.fsync(fd), 0);
    succeeds(kernel.posix_fadvise(fd, 0, 0, f.POSIX_FADV_DONTNEED), 0);
    fetch(kernel, fd);
    succeeds(tryRead(kernel, fd, 0), PAGE);
  });
}

row('Z11', 'POSIX_FADV_DONTNEED: a page that the range has in part stays', ({ kernel, file }) => {
  const fd = file(pattern(2 * PAGE));
  if (!isOnDisk(kernel, fd)) return failsWithOneOf(tryRead(kernel, fd, 0), e.EOPNOTSUPP);
  succeeds(kernel.fsync(fd), 0);
  succeeds(kernel.posix_fadvise(fd, 1, 2 * PAGE - 2, f.POSIX_FADV_DONTNEED), 0);
  succeeds(tryRead(kernel, fd, 0), PAGE);
  succeeds(tryRead(kernel, fd, PAGE), PAGE);
});

row('Z11', 'O_NONBLOCK of a file does nothing: a cold read answers the bytes', (subject) => {
  const { kernel, keep, path } = subject;
  const flags = f.O_RDWR | f.O_CREAT | f.O_NONBLOCK | f.O_CLOEXEC;
  const fd = keep(kernel.openat(f.AT_FDCWD, path(), flags, 0o600));
  succeeds(kernel.pwrite(fd, pattern(PAGE), 0), PAGE);
  succeeds(kernel.fsync(fd), 0);
  succeeds(kernel.posix_fadvise(fd, 0, 0, f.POSIX_FADV_DONTNEED), 0);
  succeeds(kernel.pread(fd, new Uint8Array(PAGE), 0), PAGE);
});
