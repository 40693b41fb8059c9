import assert from 'node:assert/strict';
import { EAGAIN, EBADF, EINVAL } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import type { Kernel } from '../../../src/kernel/kernel.js';
import { failsWith, pattern, string, succeeds, text } from '../../helpers/claims.js';
import { row } from '../../helpers/conformance.js';
import { content, position, receive } from '../../helpers/transfer.js';

const HUGE = 0x7fffffff;

/** [device, inode]: what the descriptor is open on. */
function identity(kernel: Kernel, fd: number): bigint[] {
  const stat = new BigInt64Array(f.STAT_FIELDS);
  succeeds(kernel.fstat(fd, stat), 0);
  return [stat[f.STAT_DEV] as bigint, stat[f.STAT_INO] as bigint];
}

function statusFlags(kernel: Kernel, fd: number): number {
  return succeeds(kernel.fcntl(fd, f.F_GETFL));
}

function descriptorFlags(kernel: Kernel, fd: number): number {
  return succeeds(kernel.fcntl(fd, f.F_GETFD));
}

/** How many descriptors this process may have. */
function descriptorLimit(kernel: Kernel): number {
  const limit = new BigUint64Array(2);
  succeeds(kernel.prlimit(0, f.RLIMIT_NOFILE, null, limit), 0);
  return Number(limit[0]);
}

row('DUP-01', 'the copy is open on the same file, pipe or connection', (subject) => {
  const { kernel, keep, file, pipe, socketPair } = subject;
  for (const fd of [file(), ...pipe(), ...socketPair()]) {
    const copy = keep(kernel.dup(fd));
    assert.notEqual(copy, fd);
    assert.deepEqual(identity(kernel, copy), identity(kernel, fd));
  }
});

row('DUP-02', 'the copy has the lowest number not in use', async (subject) => {
  // In a process with one thread: in Node's, another one may hold a number for a moment.
  const child = await subject.process([subject.file()]);
  const [fd] = child.inherited as [number];
  const dup = async () => succeeds(await child.call('dup', fd));
  const [low, middle, high] = [await dup(), await dup(), await dup()];
  assert.deepEqual([low, middle, high], [low, low + 1, low + 2]);
  succeeds(await child.call('close', high), 0);
  succeeds(await child.call('close', low), 0);
  assert.equal(await dup(), low);
  assert.equal(await dup(), high);
});

row('DUP-03', 'after close(1), dup makes a file the standard output', async (subject) => {
  const { kernel, file, process } = subject;
  const fd = file();
  const child = await process([fd]);
  const [theirs] = child.inherited as [number];
  succeeds(await child.call('close', 1), 0);
  succeeds(await child.call('dup', theirs), 1);
  succeeds(await child.call('write', 1, text('printed')), 7);
  assert.equal(string(content(kernel, fd)), 'printed');
});

row(['DUP-04', 'DUP-05'], 'a number that is not open is EBADF', ({ kernel, file, close }) => {
  const closed = file();
  close(closed);
  for (const fd of [-1, closed, HUGE]) {
    failsWith(kernel.dup(fd), EBADF);
    failsWith(kernel.dup2(fd, closed), EBADF);
  }
});

row('DUP-06', 'FD_CLOEXEC of the original is clear on the copy', ({ kernel, keep, file }) => {
  const fd = file();
  assert.equal(descriptorFlags(kernel, fd), f.FD_CLOEXEC);
  assert.equal(descriptorFlags(kernel, keep(kernel.dup(fd))), 0);
  assert.equal(descriptorFlags(kernel, fd), f.FD_CLOEXEC);
});

row('DUP-07', 'O_NONBLOCK is shared by the copies, in both directions', (subject) => {
  const { kernel, keep, pipe } = subject;
  const [reader] = pipe(f.O_NONBLOCK);
  const copy = keep(kernel.dup(reader));
  failsWith(kernel.read(copy, new Uint8Array(1)), EAGAIN);
  succeeds(kernel.fcntl(copy, f.F_SETFL, 0), 0);
  assert.equal(statusFlags(kernel, reader) & f.O_NONBLOCK, 0);
  succeeds(kernel.fcntl(reader, f.F_SETFL, f.O_NONBLOCK), 0);
  assert.equal(statusFlags(kernel, copy) & f.O_NONBLOCK, f.O_NONBLOCK);
});

row('DUP-08', 'the file offset is shared by the copies', ({ kernel, keep, file }) => {
  const fd = file(pattern(100));
  const copy = keep(kernel.dup(fd));
  assert.equal(receive(kernel, fd, 10).length, 10);
  assert.equal(position(kernel, copy), 10);
  succeeds(kernel.lseek(copy, 50, f.SEEK_SET, new BigInt64Array(1)), 0);
  assert.deepEqual(receive(kernel, fd, 50), pattern(100).subarray(50));
});

row('DUP-09', 'opening twice shares neither offset nor status flags', ({ kernel, keep, path }) => {
  const name = path();
  const first = keep(kernel.openat(f.AT_FDCWD, name, f.O_RDWR | f.O_CREAT, 0o600));
  const second = keep(kernel.openat(f.AT_FDCWD, name, f.O_RDWR, 0));
  succeeds(kernel.write(first, text('hello')), 5);
  assert.equal(position(kernel, second), 0);
  succeeds(kernel.fcntl(first, f.F_SETFL, f.O_APPEND), 0);
  assert.equal(statusFlags(kernel, second) & f.O_APPEND, 0);
});

row('DUP-10', 'the copy has the access mode of the original', ({ kernel, keep, path }) => {
  const name = path();
  keep(kernel.openat(f.AT_FDCWD, name, f.O_RDWR | f.O_CREAT, 0o600));
  for (const mode of [f.O_RDONLY, f.O_WRONLY, f.O_RDWR]) {
    const copy = keep(kernel.dup(keep(kernel.openat(f.AT_FDCWD, name, mode, 0))));
    assert.equal(statusFlags(kernel, copy) & f.O_ACCMODE, mode);
  }
});

row('DUP-11', 'an O_PATH descriptor is copied with its flags', ({ kernel, keep, directory }) => {
  const fd = keep(kernel.openat(f.AT_FDCWD, directory(), f.O_PATH | f.O_CLOEXEC, 0));
  const copy = keep(kernel.dup(fd));
  assert.equal(statusFlags(kernel, copy) & f.O_PATH, f.O_PATH);
  assert.equal(statusFlags(kernel, copy), statusFlags(kernel, fd));
  assert.deepEqual(identity(kernel, copy), identity(kernel, fd));
});

row('DUP-12', 'dup2 takes exactly newfd, though lower numbers are free', (subject) => {
  const { kernel, keep, file } = subject;
  const fd = file();
  // One that no other thread has for a moment: dup2 would close it.
  const high = 500;
  assert.equal(keep(kernel.dup2(fd, high)), high);
  assert.ok(keep(kernel.dup(fd)) < high);
  assert.deepEqual(identity(kernel, high), identity(kernel, fd));
});

row('DUP-13', 'dup2 closes what newfd was, and clears its FD_CLOEXEC', ({ kernel, file, pipe }) => {
  const fd = file();
  const [reader, writer] = pipe();
  assert.equal(descriptorFlags(kernel, writer), f.FD_CLOEXEC);
  succeeds(kernel.dup2(fd, writer), writer);
  assert.deepEqual(identity(kernel, writer), identity(kernel, fd));
  assert.equal(descriptorFlags(kernel, writer), 0);
  succeeds(kernel.read(reader, new Uint8Array(1)), 0);
});

row('DUP-14', 'dup2 from a closed oldfd is EBADF and leaves newfd open', (subject) => {
  const { kernel, file, pipe, close } = subject;
  const closed = file();
  const [reader, writer] = pipe();
  close(closed);
  failsWith(kernel.dup2(closed, writer), EBADF);
  failsWith(kernel.dup3(closed, writer, 0), EBADF);
  succeeds(kernel.write(writer, text('x')), 1);
  assert.equal(string(receive(kernel, reader)), 'x');
});

row('DUP-15', 'dup2 to a negative number or to RLIMIT_NOFILE is EBADF', ({ kernel, file }) => {
  const fd = file();
  for (const target of [-1, descriptorLimit(kernel), HUGE]) {
    failsWith(kernel.dup2(fd, target), EBADF);
    failsWith(kernel.dup3(fd, target, f.O_CLOEXEC), EBADF);
  }
});

row('DUP-16', 'dup3 with O_CLOEXEC sets FD_CLOEXEC on the copy only', ({ kernel, keep, file }) => {
  const [fd, target] = [file(), file()];
  const plain = keep(kernel.dup(fd));
  succeeds(kernel.dup3(plain, target, f.O_CLOEXEC), target);
  assert.equal(descriptorFlags(kernel, target), f.FD_CLOEXEC);
  assert.equal(descriptorFlags(kernel, plain), 0);
  succeeds(kernel.dup3(fd, target, 0), target);
  assert.equal(descriptorFlags(kernel, target), 0);
});

row('DUP-17', 'dup3 with equal numbers is EINVAL, open or not', ({ kernel, file, close }) => {
  const [open, closed] = [file(), file()];
  close(closed);
  for (const fd of [open, closed, -1]) {
    failsWith(kernel.dup3(fd, fd, 0), EINVAL);
    failsWith(kernel.dup3(fd, fd, f.O_CLOEXEC), EINVAL);
  }
});

row(
  'DUP-18',
  'dup3 with a flag other than O_CLOEXEC is EINVAL, even for a bad oldfd',
  (subject) => {
    const { kernel, file } = subject;
    const [fd, target] = [file(), file()];
    for (const flags of [f.O_NONBLOCK, f.O_CLOEXEC | f.O_APPEND, -1]) {
      failsWith(kernel.dup3(fd, target, flags), EINVAL);
      failsWith(kernel.dup3(-1, target, flags), EINVAL);
    }
  },
);

row(
  'DUP-19',
  'locks, O_APPEND, O_ASYNC, owner and signal belong to the description',
  async (subject) => {
    const { kernel, keep, path, pipe, process } = subject;
    const name = path();
    const fd = keep(kernel.openat(f.AT_FDCWD, name, f.O_RDWR | f.O_CREAT, 0o600));
    const other = keep(kernel.openat(f.AT_FDCWD, name, f.O_RDWR, 0));
    const lock = () => BigInt64Array.of(BigInt(f.F_WRLCK), 0n, 0n, 0n, 0n);
    succeeds(kernel.fcntl(fd, f.F_OFD_SETLK, lock()), 0);
    succeeds(kernel.fcntl(keep(kernel.dup(fd)), f.F_OFD_SETLK, lock()), 0);
    failsWith(kernel.fcntl(other, f.F_OFD_SETLK, lock()), EAGAIN);

    const [reader] = pipe();
    const copy = keep(kernel.dup(reader));
    const { pid } = await process();
    succeeds(kernel.fcntl(reader, f.F_SETFL, f.O_APPEND | f.O_ASYNC), 0);
    succeeds(kernel.fcntl(reader, f.F_SETOWN, pid), 0);
    succeeds(kernel.fcntl(reader, f.F_SETSIG, f.SIGUSR1), 0);
    const owner = new Int32Array(2);
    assert.equal(statusFlags(kernel, copy), f.O_RDONLY | f.O_APPEND | f.O_ASYNC);
    succeeds(kernel.fcntl(copy, f.F_GETOWN_EX, owner), 0);
    assert.deepEqual([...owner], [f.F_OWNER_PID, pid]);
    succeeds(kernel.fcntl(copy, f.F_GETSIG), f.SIGUSR1);
  },
);

row('DUP2-SAME', 'dup2 with equal numbers only checks: FD_CLOEXEC stays', (subject) => {
  const { kernel, file, close } = subject;
  const [fd, closed] = [file(), file()];
  close(closed);
  succeeds(kernel.dup2(fd, fd), fd);
  assert.equal(descriptorFlags(kernel, fd), f.FD_CLOEXEC);
  failsWith(kernel.dup2(closed, closed), EBADF);
  failsWith(kernel.dup2(-1, -1), EBADF);
});
