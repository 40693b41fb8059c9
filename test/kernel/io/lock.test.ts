import assert from 'node:assert/strict';
import { EAGAIN, EBADF, EINTR, EINVAL, EOVERFLOW } from '../../../src/kernel/errno.js';
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

/** The call on a thread, with the order in which things happened. */
function waits({ kernel }: Subject, fd: number, wish: BigInt64Array, events: string[]) {
  let ticket = -1;
  const result = new Promise<number>((resolve) => {
    ticket = succeeds(
      kernel.offload('fcntl', [fd, f.F_OFD_SETLKW, wish], (answer) => {
        events.push(`answered ${answer}`);
        resolve(answer);
      }),
    );
  });
  return { ticket, result };
}

row('OFD-WAIT', 'F_OFD_SETLKW sleeps until nothing is in the way', async (subject) => {
  const { kernel, offload } = subject;
  const [first, second] = openTwice(subject);
  const events: string[] = [];
  succeeds(kernel.fcntl(first, f.F_OFD_SETLK, lock(f.F_WRLCK, 10n, 10n)), 0);
  const wish = lock(f.F_WRLCK, 0n, 100n);
  const waiting = waits(subject, second, wish, events);
  wish.fill(0n);
  succeeds(await offload('fcntl', first, f.F_OFD_SETLKW, lock(f.F_UNLCK, 10n, 9n)), 0);
  events.push('all but a byte');
  succeeds(kernel.fcntl(first, f.F_OFD_SETLK, lock(f.F_UNLCK, 19n, 1n)), 0);
  succeeds(await waiting.result, 0);
  assert.deepEqual(events, ['all but a byte', 'answered 0']);
  assert.deepEqual(found(kernel, first, lock(f.F_RDLCK)), [f.F_WRLCK, f.SEEK_SET, 0, 100, -1]);
});

row('OFD-WAIT-SHARED', 'a write lock that becomes a read lock lets readers in', async (subject) => {
  const { kernel } = subject;
  const [first, second] = openTwice(subject);
  succeeds(kernel.fcntl(first, f.F_OFD_SETLK, lock(f.F_WRLCK)), 0);
  const waiting = waits(subject, second, lock(f.F_RDLCK), []);
  succeeds(kernel.fcntl(first, f.F_OFD_SETLK, lock(f.F_RDLCK)), 0);
  succeeds(await waiting.result, 0);
});

row('OFD-WAIT-EINTR', 'an interrupted F_OFD_SETLKW has locked nothing', async (subject) => {
  const { kernel, keep } = subject;
  const [first, second] = openTwice(subject);
  const third = keep(kernel.openat(f.AT_FDCWD, `/proc/self/fd/${first}`, f.O_RDWR, 0));
  succeeds(kernel.fcntl(first, f.F_OFD_SETLK, lock(f.F_WRLCK)), 0);
  const waiting = waits(subject, second, lock(f.F_WRLCK), []);
  succeeds(kernel.interrupt(waiting.ticket), 0);
  failsWith(await waiting.result, EINTR);
  succeeds(kernel.fcntl(first, f.F_OFD_SETLK, lock(f.F_UNLCK)), 0);
  assert.equal(found(kernel, third, lock(f.F_WRLCK))[0], f.F_UNLCK);
});

row('OFD-WAIT-DEATH', 'the lock of a process that is killed goes to who waits', async (subject) => {
  const { kernel, close, process } = subject;
  const [first, second] = openTwice(subject);
  const child = await process([first]);
  succeeds(kernel.fcntl(first, f.F_OFD_SETLK, lock(f.F_WRLCK)), 0);
  close(first);
  const waiting = waits(subject, second, lock(f.F_WRLCK), []);
  child.kill(f.SIGKILL);
  succeeds(await waiting.result, 0);
});

row('OFD-WAIT-CROSSED', 'two who wait for each other are no EDEADLK', async (subject) => {
  const { kernel } = subject;
  const [first, second] = openTwice(subject);
  succeeds(kernel.fcntl(first, f.F_OFD_SETLK, lock(f.F_WRLCK, 0n, 1n)), 0);
  succeeds(kernel.fcntl(second, f.F_OFD_SETLK, lock(f.F_WRLCK, 1n, 1n)), 0);
  const one = waits(subject, first, lock(f.F_WRLCK, 1n, 1n), []);
  const other = waits(subject, second, lock(f.F_WRLCK, 0n, 1n), []);
  succeeds(kernel.interrupt(one.ticket), 0);
  failsWith(await one.result, EINTR);
  succeeds(kernel.fcntl(first, f.F_OFD_SETLK, lock(f.F_UNLCK)), 0);
  succeeds(await other.result, 0);
});

row('OFD-WAIT-ERRORS', 'F_OFD_SETLKW refuses what F_OFD_SETLK refuses', async (subject) => {
  const { kernel, keep, pipe, path, offload } = subject;
  const readOnly = keep(kernel.openat(f.AT_FDCWD, path(), f.O_RDONLY | f.O_CREAT, 0o600));
  const withPid = BigInt64Array.of(BigInt(f.F_RDLCK), 0n, 0n, 0n, 1n);
  failsWith(await offload('fcntl', readOnly, f.F_OFD_SETLKW, lock(f.F_WRLCK)), EBADF);
  failsWith(await offload('fcntl', pipe()[1], f.F_OFD_SETLKW, lock(f.F_RDLCK)), EBADF);
  failsWith(await offload('fcntl', readOnly, f.F_OFD_SETLKW, withPid), EINVAL);
  failsWith(
    kernel.offload('fcntl', [readOnly, f.F_OFD_SETLKW, lock(2 ** 20)], () => {}),
    EINVAL,
  );
  failsWith(
    kernel.offload('fcntl', [readOnly, 7], () => {}),
    EINVAL,
  );
});

row('OFD-OFFLOAD', 'other commands go to a thread too, with what they find', async (subject) => {
  const { kernel, keep, offload, credentials } = subject;
  const [first] = openTwice(subject);
  const copy = keep(await offload('fcntl', first, f.F_DUPFD_CLOEXEC, 100));
  assert.ok(copy >= 100);
  const owner = Int32Array.of(f.F_OWNER_PID, credentials.pid);
  succeeds(await offload('fcntl', first, f.F_SETOWN_EX, owner), 0);
  succeeds(await offload('fcntl', copy, f.F_GETOWN_EX, owner.fill(0)), 0);
  assert.deepEqual([...owner], [f.F_OWNER_PID, credentials.pid]);
  succeeds(kernel.fcntl(copy, f.F_GETFD), f.FD_CLOEXEC);
});
