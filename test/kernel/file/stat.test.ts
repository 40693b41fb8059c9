import assert from 'node:assert/strict';
import { fstatSync, statfsSync } from 'node:fs';
import * as e from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import type { Kernel } from '../../../src/kernel/kernel.js';
import { linux } from '../../../src/kernel/linux.js';
import { failsWith, pattern, succeeds } from '../../helpers/claims.js';
import { row } from '../../helpers/conformance.js';
import { beside } from '../../helpers/registry.js';

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

beside('fstat: every field is what node:fs says', {}, () => {
  const stat = fstatSync(0, { bigint: true });
  const { dev, ino, mode, nlink, uid, gid, rdev, size, blksize, blocks } = stat;
  const times = [stat.atimeNs, stat.mtimeNs, stat.ctimeNs];
  const expected = [dev, ino, mode, nlink, uid, gid, rdev, size, blksize, blocks, ...times];
  assert.deepEqual([...fstat(linux, 0)], expected);
});

row('fstat', 'every field of a new file', ({ kernel, keep, path, file, names }) => {
  const other = fstat(kernel, file());
  const name = path();
  const create = f.O_RDWR | f.O_CREAT | f.O_CLOEXEC;
  const fd = keep(kernel.openat(f.AT_FDCWD, name, create, 0o604));
  succeeds(kernel.write(fd, pattern(5000)), 5000);
  succeeds(kernel.fsync(fd), 0);
  names.utimes(name, 3_500_000_000n, 7_000_000_000n);
  const stat = fstat(kernel, fd);
  for (const same of [f.STAT_DEV, f.STAT_UID, f.STAT_GID, f.STAT_BLKSIZE]) {
    assert.equal(stat[same], other[same]);
  }
  assert.notEqual(stat[f.STAT_INO], other[f.STAT_INO]);
  assert.equal(stat[f.STAT_MODE], BigInt(f.S_IFREG | 0o604));
  assert.deepEqual([stat[f.STAT_NLINK], stat[f.STAT_RDEV], stat[f.STAT_SIZE]], [1n, 0n, 5000n]);
  assert.ok((stat[f.STAT_BLOCKS] as bigint) * 512n >= 5000n);
  assert.deepEqual([stat[f.STAT_ATIME], stat[f.STAT_MTIME]], [3_500_000_000n, 7_000_000_000n]);
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
  const { kernel, keep, names } = subject;
  const fd = keep(kernel.memfd_create('large', f.MFD_CLOEXEC));
  succeeds(kernel.ftruncate(fd, 2n ** 53n + 1n), 0);
  assert.equal(fstat(kernel, fd)[f.STAT_SIZE], 2n ** 53n + 1n);
  names.utimes(`/proc/self/fd/${fd}`, 0n, 10n ** 19n);
  assert.equal(fstat(kernel, fd)[f.STAT_MTIME], 2n ** 63n - 1n);
  names.utimes(`/proc/self/fd/${fd}`, 0n, -1_500_000_000n);
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

row('statfs, fstatfs', 'the kinds of filesystem', ({ kernel, keep, path }) => {
  const open = (path: string) => keep(kernel.openat(f.AT_FDCWD, path, f.O_RDONLY | f.O_CLOEXEC, 0));
  assert.equal(typeOf(kernel, open('/proc')), f.PROC_SUPER_MAGIC);
  assert.equal(typeOf(kernel, keep(kernel.memfd_create('kind', f.MFD_CLOEXEC))), f.TMPFS_MAGIC);
  // The name and the descriptor say the same.
  const fields = new BigInt64Array(f.STATFS_FIELDS);
  const name = path();
  const fd = keep(kernel.openat(f.AT_FDCWD, name, f.O_RDWR | f.O_CREAT | f.O_CLOEXEC, 0o600));
  succeeds(kernel.statfs(name, fields), 0);
  assert.equal(BigInt(typeOf(kernel, fd)), fields[f.STATFS_TYPE]);
});

beside('statfs: its fields are those of node:fs', {}, () => {
  const fields = new BigInt64Array(f.STATFS_FIELDS);
  succeeds(linux.statfs('/proc', fields), 0);
  const { type, bsize, blocks, files } = statfsSync('/proc', { bigint: true });
  assert.equal(fields[f.STATFS_TYPE], type);
  assert.equal(fields[f.STATFS_BSIZE], bsize);
  assert.equal(fields[f.STATFS_BLOCKS], blocks);
  assert.equal(fields[f.STATFS_FILES], files);
});

row('statfs', 'every field, of what has no blocks', ({ kernel }) => {
  const fields = new BigInt64Array(f.STATFS_FIELDS);
  succeeds(kernel.statfs('/proc', fields), 0);
  const page = BigInt(kernel.page_size());
  assert.deepEqual(
    [...fields.subarray(0, f.STATFS_FLAGS)],
    [BigInt(f.PROC_SUPER_MAGIC), page, 0n, 0n, 0n, 0n, 0n, 255n, page],
  );
});

row('fstatfs', 'every field, of what has no name', (subject) => {
  const { kernel, keep, pipe, socketPair } = subject;
  const page = BigInt(kernel.page_size());
  const ST_VALID = 0x20n;
  const tcp = keep(kernel.socket(f.AF_INET, f.SOCK_STREAM | f.SOCK_CLOEXEC, 0));
  for (const fd of [pipe()[0], socketPair()[0], tcp, keep(kernel.eventfd(0, f.EFD_CLOEXEC))]) {
    const fields = new BigInt64Array(f.STATFS_FIELDS).fill(-7n);
    succeeds(kernel.fstatfs(fd, fields), 0);
    const type = fields[f.STATFS_TYPE];
    assert.deepEqual([...fields], [type, page, 0n, 0n, 0n, 0n, 0n, 255n, page, ST_VALID]);
  }
});

row('statfs, fstatfs', 'what is not there fills nothing', ({ kernel, path }) => {
  const fields = new BigInt64Array(f.STATFS_FIELDS).fill(-7n);
  failsWith(kernel.statfs(path(), fields), e.ENOENT);
  failsWith(kernel.statfs('/proc\0', fields), e.EINVAL);
  failsWith(kernel.statfs('/proc', fields.subarray(1)), e.EFAULT);
  failsWith(kernel.fstatfs(-1, fields), e.EBADF);
  assert.ok(fields.every((field) => field === -7n));
});
