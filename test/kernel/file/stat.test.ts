import assert from 'node:assert/strict';
import { fstatSync, statfsSync, utimesSync } from 'node:fs';
import * as e from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import type { Kernel } from '../../../src/kernel/kernel.js';
import { failsWith, pattern, succeeds } from '../../helpers/claims.js';
import { row } from '../../helpers/conformance.js';

function fstat(kernel: Kernel, fd: number): BigInt64Array {
  const fields = new BigInt64Array(f.STAT_FIELDS);
  succeeds(kernel.fstat(fd, fields), 0);
  return fields;
}

function typeOf(kernel: Kernel, fd: number): number {
  const fields = new BigInt64Array(f.STATFS_FIELDS);
  succeeds(kernel.fstatfs(fd, fields), 0);
  return Number(fields[f.STATFS_TYPE]);
}

row('fstat', 'every field is what node:fs says', ({ kernel, file }) => {
  const fd = file(pattern(5000));
  const stat = fstatSync(fd, { bigint: true });
  const { dev, ino, mode, nlink, uid, gid, rdev, size, blksize, blocks } = stat;
  const times = [stat.atimeNs, stat.mtimeNs, stat.ctimeNs];
  const expected = [dev, ino, mode, nlink, uid, gid, rdev, size, blksize, blocks, ...times];
  assert.deepEqual([...fstat(kernel, fd)], expected);
});

row('fstat', 'every kind of descriptor has its own', (subject) => {
  const { kernel, keep, file, pipe, directory } = subject;
  const open = (path: string, flags: number) =>
    keep(kernel.openat(f.AT_FDCWD, path, flags | f.O_CLOEXEC, 0));
  const kinds: [number, number][] = [
    [file(), f.S_IFREG],
    [pipe()[0], f.S_IFIFO],
    [subject.socketPair()[0], f.S_IFSOCK],
    [open(directory(), f.O_RDONLY), f.S_IFDIR],
    [open('/dev/null', f.O_RDWR), f.S_IFCHR],
    [keep(kernel.memfd_create('kind', f.MFD_CLOEXEC)), f.S_IFREG],
    [keep(kernel.eventfd(0, f.EFD_CLOEXEC)), 0],
  ];
  for (const [fd, kind] of kinds) {
    assert.equal(Number(fstat(kernel, fd)[f.STAT_MODE]) & f.S_IFMT, kind);
  }
});

row('fstat', 'sizes are exact, and a time beyond 64 bits of nanoseconds is clamped', (subject) => {
  const { kernel, keep } = subject;
  const fd = keep(kernel.memfd_create('large', f.MFD_CLOEXEC));
  succeeds(kernel.ftruncate(fd, 2n ** 53n + 1n), 0);
  assert.equal(fstat(kernel, fd)[f.STAT_SIZE], 2n ** 53n + 1n);
  utimesSync(`/proc/self/fd/${fd}`, 0, 10_000_000_000);
  assert.equal(fstat(kernel, fd)[f.STAT_MTIME], 2n ** 63n - 1n);
  utimesSync(`/proc/self/fd/${fd}`, 0, new Date(-1500));
  assert.equal(fstat(kernel, fd)[f.STAT_MTIME], -1_500_000_000n);
});

row(
  'fstat',
  'not open is EBADF, a short array EFAULT, and nothing is filled',
  ({ kernel, file }) => {
    const fields = new BigInt64Array(f.STAT_FIELDS).fill(-7n);
    failsWith(kernel.fstat(-1, fields), e.EBADF);
    failsWith(kernel.fstat(file(), fields.subarray(1)), e.EFAULT);
    failsWith(kernel.fstat(file(), new Float64Array(f.STAT_FIELDS) as never), e.EFAULT);
    assert.ok(fields.every((field) => field === -7n));
  },
);

row('statfs, fstatfs', 'the kinds of filesystem', ({ kernel, keep, file }) => {
  const open = (path: string) => keep(kernel.openat(f.AT_FDCWD, path, f.O_RDONLY | f.O_CLOEXEC, 0));
  assert.equal(typeOf(kernel, open('/proc')), f.PROC_SUPER_MAGIC);
  assert.equal(typeOf(kernel, keep(kernel.memfd_create('kind', f.MFD_CLOEXEC))), f.TMPFS_MAGIC);
  const fd = file();
  assert.equal(typeOf(kernel, fd), Number(statfsSync(`/proc/self/fd/${fd}`).type));
});

row('statfs', 'its fields are those of node:fs', ({ kernel }) => {
  const fields = new BigInt64Array(f.STATFS_FIELDS);
  succeeds(kernel.statfs('/proc', fields), 0);
  const { type, bsize, blocks, files } = statfsSync('/proc', { bigint: true });
  assert.equal(fields[f.STATFS_TYPE], type);
  assert.equal(fields[f.STATFS_BSIZE], bsize);
  assert.equal(fields[f.STATFS_BLOCKS], blocks);
  assert.equal(fields[f.STATFS_FILES], files);
  assert.equal(fields[f.STATFS_NAMELEN], 255n);
  assert.equal(fields[f.STATFS_FRSIZE], bsize);
});

row('statfs, fstatfs', 'what is not there fills nothing', ({ kernel, path }) => {
  const fields = new BigInt64Array(f.STATFS_FIELDS).fill(-7n);
  failsWith(kernel.statfs(path(), fields), e.ENOENT);
  failsWith(kernel.statfs('/proc\0', fields), e.EINVAL);
  failsWith(kernel.statfs('/proc', fields.subarray(1)), e.EFAULT);
  failsWith(kernel.fstatfs(-1, fields), e.EBADF);
  assert.ok(fields.every((field) => field === -7n));
});
