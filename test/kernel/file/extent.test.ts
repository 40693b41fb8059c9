import assert from 'node:assert/strict';
import * as e from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import type { Kernel, Offset } from '../../../src/kernel/kernel.js';
import { failsWith, pattern, succeeds, text } from '../../helpers/claims.js';
import { row, type Subject } from '../../helpers/conformance.js';
import { content, NOWHERE } from '../../helpers/transfer.js';

const BLOCK = 65536;

/** What lseek answers: the new offset. */
function seek(kernel: Kernel, fd: number, offset: Offset, whence: number): bigint {
  const position = new BigInt64Array(1);
  succeeds(kernel.lseek(fd, offset, whence, position), 0);
  return position[0] as bigint;
}

function stat(kernel: Kernel, fd: number, place: number): number {
  const fields = new BigInt64Array(f.STAT_FIELDS);
  succeeds(kernel.fstat(fd, fields), 0);
  return Number(fields[place]);
}

/** A file in memory: its filesystem knows holes, and sizes up to 2^63. */
function memoryFile({ kernel, keep }: Subject): number {
  return keep(kernel.memfd_create('extent', f.MFD_CLOEXEC));
}

row('lseek', 'from the start, from the offset, from the end', ({ kernel, file }) => {
  const fd = file(new Uint8Array(1000));
  assert.equal(seek(kernel, fd, 100, f.SEEK_SET), 100n);
  assert.equal(seek(kernel, fd, -50, f.SEEK_CUR), 50n);
  assert.equal(seek(kernel, fd, -1, f.SEEK_END), 999n);
  assert.equal(seek(kernel, fd, 5000, f.SEEK_SET), 5000n);
  succeeds(kernel.read(fd, new Uint8Array(1)), 0);
  assert.equal(stat(kernel, fd, f.STAT_SIZE), 1000);
});

row('lseek', 'offsets beyond 2^53 are exact', (subject) => {
  const { kernel } = subject;
  const fd = memoryFile(subject);
  for (const offset of [2n ** 31n - 1n, 2n ** 32n + 1n, 2n ** 53n + 1n, 2n ** 62n + 1n]) {
    assert.equal(seek(kernel, fd, offset, f.SEEK_SET), offset);
    assert.equal(seek(kernel, fd, -1, f.SEEK_CUR), offset - 1n);
  }
});

row('lseek', 'back by 2^53, and by more as a bigint', (subject) => {
  const { kernel } = subject;
  const fd = memoryFile(subject);
  const start = seek(kernel, fd, 2n ** 62n, f.SEEK_SET);
  assert.equal(seek(kernel, fd, -(2 ** 53), f.SEEK_CUR), start - 2n ** 53n);
  assert.equal(seek(kernel, fd, -(2n ** 53n) - 1n, f.SEEK_CUR), start - 2n ** 54n - 1n);
});

row('lseek', 'SEEK_DATA and SEEK_HOLE find what is written', (subject) => {
  const { kernel } = subject;
  const fd = memoryFile(subject);
  succeeds(kernel.ftruncate(fd, 4 * BLOCK), 0);
  succeeds(kernel.pwrite(fd, new Uint8Array(BLOCK).fill(1), 2 * BLOCK), BLOCK);
  assert.equal(seek(kernel, fd, 0, f.SEEK_DATA), BigInt(2 * BLOCK));
  assert.equal(seek(kernel, fd, 0, f.SEEK_HOLE), 0n);
  assert.equal(seek(kernel, fd, 2 * BLOCK, f.SEEK_HOLE), BigInt(3 * BLOCK));
  const position = new BigInt64Array(1);
  failsWith(kernel.lseek(fd, 3 * BLOCK, f.SEEK_DATA, position), e.ENXIO);
  failsWith(kernel.lseek(fd, 4 * BLOCK, f.SEEK_HOLE, position), e.ENXIO);
  succeeds(kernel.pwrite(fd, text('x'), 4 * BLOCK - 1), 1);
  assert.equal(seek(kernel, fd, 4 * BLOCK - 1, f.SEEK_HOLE), BigInt(4 * BLOCK));
});

row('lseek', 'another whence, before the start, a pipe: nothing is filled', (subject) => {
  const { kernel, file, pipe } = subject;
  const fd = file(text('content'));
  const position = BigInt64Array.of(-7n);
  failsWith(kernel.lseek(fd, 0, 9, position), e.EINVAL);
  failsWith(kernel.lseek(fd, -1, f.SEEK_SET, position), e.EINVAL);
  failsWith(kernel.lseek(fd, -8, f.SEEK_END, position), e.EINVAL);
  failsWith(kernel.lseek(fd, 2n ** 63n, f.SEEK_SET, position), e.EINVAL);
  failsWith(kernel.lseek(pipe()[0], 0, f.SEEK_SET, position), e.ESPIPE);
  failsWith(kernel.lseek(-1, 0, f.SEEK_SET, position), e.EBADF);
  failsWith(kernel.lseek(fd, 0, f.SEEK_SET, new BigInt64Array(0)), e.EFAULT);
  failsWith(kernel.lseek(fd, 0, f.SEEK_SET, [0n] as never), e.EFAULT);
  assert.deepEqual([...position], [-7n]);
});

row('lseek', 'the offset belongs to the description: a dup moves with it', (subject) => {
  const { kernel, keep, file } = subject;
  const fd = file(text('content'));
  const copy = keep(kernel.fcntl(fd, f.F_DUPFD_CLOEXEC, 0));
  seek(kernel, fd, 3, f.SEEK_SET);
  assert.equal(seek(kernel, copy, 0, f.SEEK_CUR), 3n);
});

row('lseek', 'what is reserved in memory is data when it is reserved again', (subject) => {
  const { kernel } = subject;
  const fd = memoryFile(subject);
  succeeds(kernel.fallocate(fd, 0, 0, BLOCK), 0);
  failsWith(kernel.lseek(fd, 0, f.SEEK_DATA, new BigInt64Array(1)), e.ENXIO);
  succeeds(kernel.fallocate(fd, 0, 0, 1), 0);
  assert.equal(seek(kernel, fd, 0, f.SEEK_DATA), 0n);
});

row('ftruncate', 'cuts, and adds a hole of zeros', ({ kernel, file }) => {
  const fd = file(pattern(1000));
  succeeds(kernel.ftruncate(fd, 10), 0);
  succeeds(kernel.ftruncate(fd, 20n), 0);
  const expected = new Uint8Array(20);
  expected.set(pattern(1000).subarray(0, 10));
  assert.deepEqual(content(kernel, fd), expected);
});

row('ftruncate', 'sizes beyond 2^32 and 2^53 are exact', (subject) => {
  const { kernel } = subject;
  const fd = memoryFile(subject);
  for (const size of [2 ** 31 - 1, 2 ** 32 + 1, 2n ** 53n + 1n]) {
    succeeds(kernel.ftruncate(fd, size), 0);
    assert.equal(seek(kernel, fd, 0, f.SEEK_END), BigInt(size));
  }
});

row('ftruncate', 'what cannot be', ({ kernel, file, pipe, path, keep }) => {
  const fd = file();
  failsWith(kernel.ftruncate(fd, -1), e.EINVAL);
  failsWith(kernel.ftruncate(fd, 1.5), e.EINVAL);
  failsWith(kernel.ftruncate(fd, '1' as never), e.EINVAL);
  failsWith(kernel.ftruncate(pipe()[1], 0), e.EINVAL);
  failsWith(kernel.ftruncate(-1, 0), e.EBADF);
  const flags = f.O_RDONLY | f.O_CREAT | f.O_CLOEXEC;
  const reading = keep(kernel.openat(f.AT_FDCWD, path(), flags, 0o600));
  failsWith(kernel.ftruncate(reading, 0), e.EINVAL);
});

row('ftruncate', 'beyond RLIMIT_FSIZE is EFBIG, with SIGXFSZ', async (subject) => {
  const child = await subject.process([subject.file()]);
  const [fd] = child.inherited as [number];
  succeeds(await child.signal(f.SIGXFSZ, 'handle'), 0);
  const limit = BigUint64Array.of(100n, 100n);
  succeeds(await child.call('prlimit', 0, f.RLIMIT_FSIZE, limit, null), 0);
  succeeds(await child.call('ftruncate', fd, 100), 0);
  failsWith(await child.call('ftruncate', fd, 101), e.EFBIG);
  assert.equal(await child.count(f.SIGXFSZ), 1);
});

row('fallocate', 'mode 0 reserves and grows, KEEP_SIZE does not grow', (subject) => {
  const { kernel } = subject;
  const fd = memoryFile(subject);
  succeeds(kernel.fallocate(fd, 0, 0, BLOCK), 0);
  assert.equal(stat(kernel, fd, f.STAT_SIZE), BLOCK);
  assert.equal(stat(kernel, fd, f.STAT_BLOCKS), BLOCK / 512);
  succeeds(kernel.fallocate(fd, f.FALLOC_FL_KEEP_SIZE, BLOCK, BLOCK), 0);
  assert.equal(stat(kernel, fd, f.STAT_SIZE), BLOCK);
  assert.equal(stat(kernel, fd, f.STAT_BLOCKS), (2 * BLOCK) / 512);
});

row('fallocate', 'PUNCH_HOLE gives space back and leaves zeros', (subject) => {
  const { kernel } = subject;
  const fd = memoryFile(subject);
  const punch = f.FALLOC_FL_PUNCH_HOLE | f.FALLOC_FL_KEEP_SIZE;
  succeeds(kernel.write(fd, new Uint8Array(2 * BLOCK).fill(1)), 2 * BLOCK);
  succeeds(kernel.fallocate(fd, punch, 0, BLOCK), 0);
  const expected = new Uint8Array(2 * BLOCK);
  expected.fill(1, BLOCK);
  assert.deepEqual(content(kernel, fd), expected);
  assert.equal(stat(kernel, fd, f.STAT_BLOCKS), BLOCK / 512);
  assert.equal(seek(kernel, fd, 0, f.SEEK_DATA), BigInt(BLOCK));
});

row('fallocate', 'what cannot be', (subject) => {
  const { kernel, file, pipe } = subject;
  const fd = file();
  failsWith(kernel.fallocate(fd, 0, 0, 0), e.EINVAL);
  failsWith(kernel.fallocate(fd, 0, -1, 1), e.EINVAL);
  failsWith(kernel.fallocate(fd, 0, 0, -1), e.EINVAL);
  failsWith(kernel.fallocate(fd, 0x4000, 0, 1), e.EOPNOTSUPP);
  failsWith(kernel.fallocate(fd, f.FALLOC_FL_PUNCH_HOLE, 0, 1), e.EOPNOTSUPP);
  failsWith(kernel.fallocate(fd, 0, 2n ** 63n - 1n, 1), e.EFBIG);
  failsWith(kernel.fallocate(pipe()[1], 0, 0, 1), e.ESPIPE);
  failsWith(kernel.fallocate(subject.socketPair()[0], 0, 0, 1), e.ENODEV);
  failsWith(kernel.fallocate(-1, 0, 0, 1), e.EBADF);
  failsWith(kernel.fallocate(memoryFile(subject), f.FALLOC_FL_COLLAPSE_RANGE, 0, 1), e.EOPNOTSUPP);
});

row('fallocate, fsync, fdatasync', 'offloaded, they answer the same', async (subject) => {
  const { kernel, file, pipe } = subject;
  const fd = file();
  succeeds(await subject.offload('fallocate', fd, 0, 0, BLOCK), 0);
  assert.equal(stat(kernel, fd, f.STAT_SIZE), BLOCK);
  succeeds(await subject.offload('fsync', fd), 0);
  succeeds(await subject.offload('fdatasync', fd), 0);
  failsWith(await subject.offload('fsync', pipe()[1]), e.EINVAL);
});

row('fsync, fdatasync', 'a file and a directory; not a pipe or socket', (subject) => {
  const { kernel, file, directory, keep, pipe } = subject;
  const flags = f.O_RDONLY | f.O_DIRECTORY | f.O_CLOEXEC;
  const folder = keep(kernel.openat(f.AT_FDCWD, directory(), flags, 0));
  for (const call of ['fsync', 'fdatasync'] as const) {
    succeeds(kernel[call](file(text('x'))), 0);
    succeeds(kernel[call](folder), 0);
    failsWith(kernel[call](pipe()[1]), e.EINVAL);
    failsWith(kernel[call](subject.socketPair()[0]), e.EINVAL);
    failsWith(kernel[call](-1), e.EBADF);
  }
});

row('posix_fadvise', 'every advice for a file; not for a pipe', ({ kernel, file, pipe }) => {
  const fd = file(pattern(1000));
  for (let advice = f.POSIX_FADV_NORMAL; advice <= f.POSIX_FADV_NOREUSE; advice++) {
    succeeds(kernel.posix_fadvise(fd, 0, 0, advice), 0);
  }
  assert.deepEqual(content(kernel, fd), pattern(1000));
  failsWith(kernel.posix_fadvise(fd, 0, 0, 6), e.EINVAL);
  failsWith(kernel.posix_fadvise(fd, 0, -1, 0), e.EINVAL);
  failsWith(kernel.posix_fadvise(pipe()[0], 0, 0, 0), e.ESPIPE);
  failsWith(kernel.posix_fadvise(-1, 0, 0, 0), e.EBADF);
});

row('readahead', 'a file; not a pipe, socket or what is not open', ({ kernel, file, pipe }) => {
  succeeds(kernel.readahead(file(pattern(1000)), 0, 65536), 0);
  failsWith(kernel.readahead(pipe()[0], 0, 1), e.EINVAL);
  failsWith(kernel.readahead(-1, 0, 1), e.EBADF);
  failsWith(kernel.readahead(file(), 0, -1), e.EINVAL);
});

row('openat', 'O_TRUNC drops the page that a write from a bad address has left', (subject) => {
  const { kernel } = subject;
  const file = memoryFile(subject);
  failsWith(kernel.write(file, NOWHERE), e.EFAULT);
  assert.notEqual(stat(kernel, file, f.STAT_BLOCKS), 0);
  const flags = f.O_RDWR | f.O_TRUNC | f.O_CLOEXEC;
  subject.keep(kernel.openat(f.AT_FDCWD, `/proc/self/fd/${file}`, flags, 0));
  assert.equal(stat(kernel, file, f.STAT_BLOCKS), 0);
});
