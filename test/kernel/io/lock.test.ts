import assert from 'node:assert/strict';
import { EAGAIN, EBADF, EINVAL, EOVERFLOW } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import type { Kernel } from '../../../src/kernel/kernel.js';
import { failsWith, pattern, succeeds } from '../../helpers/claims.js';
import { row, type Subject } from '../../helpers/conformance.js';

/** struct flock as words: type, whence, start, length, pid. */
function lock(type: number, start = 0n, length = 0n, whence = f.SEEK_SET): BigInt64Array {
  return BigInt64Array.of(BigInt(type), BigInt(whence), start, length, 0n);
}

/** Two descriptions of one file. */
function openTwice({ kernel, keep, path }: Subject): [first: number, second: number] {
  const name = path();
  const flags = f.O_RDWR | f.O_CLOEXEC;
  const first = keep(kernel.openat(f.AT_FDCWD, name, flags | f.O_CREAT, 0o600));
  return [first, keep(kernel.openat(f.AT_FDCWD, name, flags, 0))];
}

function found(kernel: Kernel, fd: number, asked: BigInt64Array): number[] {
  succeeds(kernel.fcntl(fd, f.F_OFD_GETLK, asked), 0);
  return [...asked].map(Number);
}

row('OFD-CONFLICT', 'a write lock keeps out other descriptions, range by range', (subject) => {
  const { kernel } = subject;
  const [first, second] = openTwice(subject);
  succeeds(kernel.fcntl(first, f.F_OFD_SETLK, lock(f.F_WRLCK, 10n, 10n)), 0);
  failsWith(kernel.fcntl(second, f.F_OFD_SETLK, lock(f.F_RDLCK, 19n, 1n)), EAGAIN);
  succeeds(kernel.fcntl(second, f.F_OFD_SETLK, lock(f.F_WRLCK, 20n, 5n)), 0);
  succeeds(kernel.fcntl(first, f.F_OFD_SETLK, lock(f.F_UNLCK, 10n, 10n)), 0);
  succeeds(kernel.fcntl(second, f.F_OFD_SETLK, lock(f.F_RDLCK, 19n, 1n)), 0);
});

row('OFD-SHARED', 'read locks do not exclude each other', (subject) => {
  const { kernel } = subject;
  const [first, second] = openTwice(subject);
  for (const fd of [first, second]) succeeds(kernel.fcntl(fd, f.F_OFD_SETLK, lock(f.F_RDLCK)), 0);
  failsWith(kernel.fcntl(first, f.F_OFD_SETLK, lock(f.F_WRLCK)), EAGAIN);
});

row('OFD-LIFE', 'the lock ends with the last copy of its description', async (subject) => {
  const { kernel, close, process } = subject;
  const [first, second] = openTwice(subject);
  const child = await process([first]);
  succeeds(kernel.fcntl(first, f.F_OFD_SETLK, lock(f.F_WRLCK)), 0);
  close(first);
  failsWith(kernel.fcntl(second, f.F_OFD_SETLK, lock(f.F_RDLCK)), EAGAIN);
  succeeds(await child.call('close', child.inherited[0] as number), 0);
  succeeds(kernel.fcntl(second, f.F_OFD_SETLK, lock(f.F_RDLCK)), 0);
});

row('OFD-GETLK', 'F_OFD_GETLK tells the lock in the way, or F_UNLCK', (subject) => {
  const { kernel } = subject;
  const [first, second] = openTwice(subject);
  succeeds(kernel.fcntl(first, f.F_OFD_SETLK, lock(f.F_WRLCK, 2n ** 40n, 100n)), 0);
  const there = found(kernel, second, lock(f.F_RDLCK, 2n ** 40n + 50n, 1n));
  assert.deepEqual(there, [f.F_WRLCK, f.SEEK_SET, 2 ** 40, 100, -1]);
  assert.deepEqual(found(kernel, second, lock(f.F_RDLCK, 0n, 10n)), [f.F_UNLCK, 0, 0, 10, 0]);
  assert.deepEqual(found(kernel, first, lock(f.F_WRLCK)), [f.F_UNLCK, 0, 0, 0, 0]);
});

row('OFD-WHENCE', 'a range counts from the offset or the end, and may reach back', (subject) => {
  const { kernel } = subject;
  const [first, second] = openTwice(subject);
  succeeds(kernel.write(first, pattern(100)), 100);
  succeeds(kernel.fcntl(first, f.F_OFD_SETLK, lock(f.F_WRLCK, -10n, 5n, f.SEEK_END)), 0);
  assert.deepEqual(found(kernel, second, lock(f.F_RDLCK)).slice(2, 4), [90, 5]);
  succeeds(kernel.fcntl(first, f.F_OFD_SETLK, lock(f.F_UNLCK)), 0);
  succeeds(kernel.fcntl(first, f.F_OFD_SETLK, lock(f.F_WRLCK, 0n, -20n, f.SEEK_CUR)), 0);
  assert.deepEqual(found(kernel, second, lock(f.F_RDLCK)).slice(2, 4), [80, 20]);
});

row('OFD-ERRORS', 'what is wrong with a lock is EBADF, EINVAL or EOVERFLOW', (subject) => {
  const { kernel, keep, pipe, path } = subject;
  const readOnly = keep(kernel.openat(f.AT_FDCWD, path(), f.O_RDONLY | f.O_CREAT, 0o600));
  const [fd] = openTwice(subject);
  const withPid = BigInt64Array.of(BigInt(f.F_RDLCK), 0n, 0n, 0n, 1n);
  failsWith(kernel.fcntl(readOnly, f.F_OFD_SETLK, lock(f.F_WRLCK)), EBADF);
  failsWith(kernel.fcntl(pipe()[1], f.F_OFD_SETLK, lock(f.F_RDLCK)), EBADF);
  failsWith(kernel.fcntl(fd, f.F_OFD_SETLK, withPid), EINVAL);
  failsWith(kernel.fcntl(fd, f.F_OFD_SETLK, lock(7)), EINVAL);
  for (const field of [0, 1, 4]) {
    const beyond = lock(f.F_RDLCK).map((word, index) => word + (index === field ? 2n ** 32n : 0n));
    failsWith(kernel.fcntl(fd, f.F_OFD_SETLK, beyond), EINVAL);
  }
  failsWith(kernel.fcntl(fd, f.F_OFD_SETLK, lock(f.F_RDLCK, 0n, 0n, 9)), EINVAL);
  failsWith(kernel.fcntl(fd, f.F_OFD_SETLK, lock(f.F_RDLCK, -1n)), EINVAL);
  failsWith(kernel.fcntl(fd, f.F_OFD_SETLK, lock(f.F_RDLCK, 2n ** 63n - 1n, 2n)), EOVERFLOW);
});

row('OFD-ANON', 'event counters have their locks together', ({ kernel, keep }) => {
  const [first, second] = [keep(kernel.eventfd(0, 0)), keep(kernel.eventfd(0, 0))];
  succeeds(kernel.fcntl(first, f.F_OFD_SETLK, lock(f.F_WRLCK)), 0);
  failsWith(kernel.fcntl(second, f.F_OFD_SETLK, lock(f.F_RDLCK)), EAGAIN);
});
