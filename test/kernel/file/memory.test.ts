import assert from 'node:assert/strict';
import * as e from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import type { Kernel } from '../../../src/kernel/kernel.js';
import { failsWith, succeeds, text } from '../../helpers/claims.js';
import { row, type Subject } from '../../helpers/conformance.js';

const SEALABLE = f.MFD_CLOEXEC | f.MFD_ALLOW_SEALING;

function sealable({ kernel, keep }: Subject): number {
  const fd = keep(kernel.memfd_create('sealed', SEALABLE));
  succeeds(kernel.write(fd, text('content')), 7);
  return fd;
}

/** The value that one read of an eventfd gives. */
function take(kernel: Kernel, fd: number): bigint {
  const value = new BigUint64Array(1);
  succeeds(kernel.read(fd, new Uint8Array(value.buffer)), 8);
  return value[0] as bigint;
}

function add(kernel: Kernel, fd: number, value: bigint): number {
  return kernel.write(fd, new Uint8Array(BigUint64Array.of(value).buffer));
}

row(
  'memfd_create',
  'an empty file for reading and writing, of that name',
  ({ kernel, keep, names }) => {
    const fd = keep(kernel.memfd_create('name', f.MFD_CLOEXEC));
    assert.equal(names.readlink(`/proc/self/fd/${fd}`), '/memfd:name (deleted)');
    succeeds(kernel.fcntl(fd, f.F_GETFD), f.FD_CLOEXEC);
    assert.equal(succeeds(kernel.fcntl(fd, f.F_GETFL)) & f.O_ACCMODE, f.O_RDWR);
    const plain = keep(kernel.memfd_create('name', 0));
    succeeds(kernel.fcntl(plain, f.F_GETFD), 0);
  },
);

row('memfd_create', 'an unknown flag, a name too long, with a NUL, of no type', ({ kernel }) => {
  failsWith(kernel.memfd_create('x', 0x8000), e.EINVAL);
  failsWith(kernel.memfd_create('x'.repeat(250), 0), e.EINVAL);
  failsWith(kernel.memfd_create('a\0b', 0), e.EINVAL);
  failsWith(kernel.memfd_create(5 as never, 0), e.EFAULT);
});

row('fcntl', 'F_GET_SEALS: none where sealing is allowed, F_SEAL_SEAL elsewhere', (subject) => {
  const { kernel, keep, file } = subject;
  succeeds(kernel.fcntl(sealable(subject), f.F_GET_SEALS), 0);
  const plain = keep(kernel.memfd_create('x', f.MFD_CLOEXEC));
  succeeds(kernel.fcntl(plain, f.F_GET_SEALS), f.F_SEAL_SEAL);
  failsWith(kernel.fcntl(plain, f.F_ADD_SEALS, f.F_SEAL_WRITE), e.EPERM);
  failsWith(kernel.fcntl(subject.pipe()[0], f.F_GET_SEALS), e.EINVAL);
  failsWith(kernel.fcntl(sealable(subject), f.F_ADD_SEALS, 0x4000), e.EINVAL);
  assert.ok(kernel.fcntl(file(), f.F_GET_SEALS) !== 0);
});

row('fcntl', 'F_SEAL_SHRINK and F_SEAL_GROW keep the size', (subject) => {
  const { kernel } = subject;
  const fd = sealable(subject);
  succeeds(kernel.fcntl(fd, f.F_ADD_SEALS, f.F_SEAL_SHRINK), 0);
  failsWith(kernel.ftruncate(fd, 0), e.EPERM);
  succeeds(kernel.ftruncate(fd, 10), 0);
  succeeds(kernel.fcntl(fd, f.F_ADD_SEALS, f.F_SEAL_GROW), 0);
  failsWith(kernel.ftruncate(fd, 11), e.EPERM);
  failsWith(kernel.fallocate(fd, 0, 0, 100), e.EPERM);
  succeeds(kernel.pwrite(fd, text('x'), 0), 1);
  succeeds(kernel.fcntl(fd, f.F_GET_SEALS), f.F_SEAL_SHRINK | f.F_SEAL_GROW);
});

row('fcntl', 'F_SEAL_WRITE: no writing, and not while it is mapped for it', (subject) => {
  const { kernel } = subject;
  const fd = sealable(subject);
  const protection = f.PROT_READ | f.PROT_WRITE;
  const address = succeeds(kernel.mmap(0, 4096, protection, f.MAP_SHARED, fd, 0));
  failsWith(kernel.fcntl(fd, f.F_ADD_SEALS, f.F_SEAL_WRITE), e.EBUSY);
  succeeds(kernel.munmap(address, 4096), 0);
  succeeds(kernel.fcntl(fd, f.F_ADD_SEALS, f.F_SEAL_WRITE | f.F_SEAL_SEAL), 0);
  failsWith(kernel.pwrite(fd, text('x'), 0), e.EPERM);
  failsWith(kernel.mmap(0, 4096, protection, f.MAP_SHARED, fd, 0), e.EPERM);
  const punch = f.FALLOC_FL_PUNCH_HOLE | f.FALLOC_FL_KEEP_SIZE;
  failsWith(kernel.fallocate(fd, punch, 0, 4096), e.EPERM);
  failsWith(kernel.fcntl(fd, f.F_ADD_SEALS, f.F_SEAL_GROW), e.EPERM);
});

row('fcntl', 'F_SEAL_FUTURE_WRITE: a mapping made before it still writes', (subject) => {
  const { kernel } = subject;
  const fd = sealable(subject);
  const protection = f.PROT_READ | f.PROT_WRITE;
  const address = succeeds(kernel.mmap(0, 4096, protection, f.MAP_SHARED, fd, 0));
  succeeds(kernel.fcntl(fd, f.F_ADD_SEALS, f.F_SEAL_FUTURE_WRITE), 0);
  failsWith(kernel.pwrite(fd, text('x'), 0), e.EPERM);
  succeeds(kernel.store(address, text('C')), 1);
  const bytes = new Uint8Array(7);
  succeeds(kernel.pread(fd, bytes, 0), 7);
  assert.deepEqual(bytes, text('Content'));
  succeeds(kernel.munmap(address, 4096), 0);
});

row('eventfd', 'writes add, a read takes all, at 0 it is EAGAIN', ({ kernel, keep }) => {
  const fd = keep(kernel.eventfd(3, f.EFD_NONBLOCK | f.EFD_CLOEXEC));
  succeeds(add(kernel, fd, 2n ** 40n), 8);
  assert.equal(take(kernel, fd), 2n ** 40n + 3n);
  failsWith(kernel.read(fd, new Uint8Array(8)), e.EAGAIN);
  succeeds(kernel.fcntl(fd, f.F_GETFD), f.FD_CLOEXEC);
});

row('eventfd', 'EFD_SEMAPHORE: a read takes one', ({ kernel, keep }) => {
  const flags = f.EFD_NONBLOCK | f.EFD_CLOEXEC | f.EFD_SEMAPHORE;
  const fd = keep(kernel.eventfd(2, flags));
  assert.equal(take(kernel, fd), 1n);
  assert.equal(take(kernel, fd), 1n);
  failsWith(kernel.read(fd, new Uint8Array(8)), e.EAGAIN);
});

row('eventfd', 'it is full at 2^64 - 2', ({ kernel, keep }) => {
  const fd = keep(kernel.eventfd(0, f.EFD_NONBLOCK | f.EFD_CLOEXEC));
  const most = 2n ** 64n - 2n;
  failsWith(add(kernel, fd, most + 1n), e.EINVAL);
  succeeds(add(kernel, fd, most), 8);
  failsWith(add(kernel, fd, 1n), e.EAGAIN);
  assert.equal(take(kernel, fd), most);
});

row('eventfd', 'it is readable above 0 and writable below its end', ({ kernel, keep }) => {
  const fd = keep(kernel.eventfd(0, f.EFD_CLOEXEC));
  const poll = () => {
    const fds = Int32Array.of(fd, f.POLLIN | f.POLLOUT, 0);
    succeeds(kernel.poll(0, fds));
    return fds[2];
  };
  assert.equal(poll(), f.POLLOUT);
  succeeds(add(kernel, fd, 2n ** 64n - 2n), 8);
  assert.equal(poll(), f.POLLIN);
});

row('eventfd', 'a blocking read sleeps until something is added', async (subject) => {
  const { kernel, keep } = subject;
  const fd = keep(kernel.eventfd(0, f.EFD_CLOEXEC));
  const child = await subject.process([fd]);
  const bytes = new Uint8Array(8);
  const reading = child.call('read', child.inherited[0] as number, bytes);
  await child.asleep('read');
  succeeds(add(kernel, fd, 5n), 8);
  succeeds(await reading, 8);
  assert.equal(bytes[0], 5);
});

row('eventfd', 'fewer than 8 bytes, a position, an unknown flag', ({ kernel, keep }) => {
  const fd = keep(kernel.eventfd(1, f.EFD_CLOEXEC));
  failsWith(kernel.read(fd, new Uint8Array(7)), e.EINVAL);
  failsWith(kernel.write(fd, new Uint8Array(7)), e.EINVAL);
  failsWith(kernel.pread(fd, new Uint8Array(8), 0), e.ESPIPE);
  failsWith(kernel.eventfd(0, 2), e.EINVAL);
});
