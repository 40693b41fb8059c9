import assert from 'node:assert/strict';
import { EBADF, EFAULT, EINVAL, ESRCH } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import type { Kernel } from '../../../src/kernel/kernel.js';
import { failsWith, succeeds } from '../../helpers/claims.js';
import { row } from '../../helpers/conformance.js';

/** Above every pid_max (2^22). */
const NOBODY = 0x7fffff00;
const BAD_POINTER = 8;

/** [type, id] */
function owner(kernel: Kernel, fd: number): number[] {
  const words = new Int32Array(2);
  succeeds(kernel.fcntl(fd, f.F_GETOWN_EX, words), 0);
  return [...words];
}

row('FOWN-01', 'nobody owns a new description', async ({ kernel, pipe, process }) => {
  const [reader] = pipe();
  assert.equal(owner(kernel, reader)[1], 0);
  const child = await process([reader]);
  succeeds(await child.call('fcntl', child.inherited[0] as number, f.F_GETOWN), 0);
});

row('FOWN-02', 'F_SETOWN takes a process', async ({ kernel, pipe, process }) => {
  const [reader] = pipe();
  const child = await process([reader]);
  const [theirs] = child.inherited as [number];
  succeeds(await child.call('fcntl', theirs, f.F_SETOWN, child.pid), 0);
  succeeds(await child.call('fcntl', theirs, f.F_GETOWN), child.pid);
  assert.deepEqual(owner(kernel, reader), [f.F_OWNER_PID, child.pid]);
});

row('FOWN-03', 'F_SETOWN takes a negative process group', async ({ kernel, pipe, process }) => {
  const [reader] = pipe();
  const child = await process([reader]);
  const [theirs] = child.inherited as [number];
  succeeds(await child.call('setpgid', 0, 0), 0);
  succeeds(kernel.fcntl(reader, f.F_SETOWN, -child.pid), 0);
  assert.deepEqual(owner(kernel, reader), [f.F_OWNER_PGRP, child.pid]);
  assert.equal(await child.call('fcntl', theirs, f.F_GETOWN), -child.pid);
});

row(
  'FOWN-GETOWN',
  'F_GETOWN itself is EINVAL at the seam, and works through F_GETOWN_EX',
  (subject) => {
    const [reader] = subject.pipe();
    failsWith(subject.kernel.fcntl(reader, f.F_GETOWN), EINVAL);
  },
);

row('FOWN-04', 'F_SETOWN 0 clears the owner', async ({ kernel, pipe, process }) => {
  const [reader] = pipe();
  const { pid } = await process();
  succeeds(kernel.fcntl(reader, f.F_SETOWN, pid), 0);
  succeeds(kernel.fcntl(reader, f.F_SETOWN, 0), 0);
  assert.equal(owner(kernel, reader)[1], 0);
});

row('FOWN-05', 'the owner is shared by duplicates', async ({ kernel, keep, pipe, process }) => {
  const [reader, writer] = pipe();
  const { pid } = await process();
  const copy = keep(kernel.dup(reader));
  succeeds(kernel.fcntl(copy, f.F_SETOWN, pid), 0);
  assert.deepEqual(owner(kernel, reader), [f.F_OWNER_PID, pid]);
  assert.equal(owner(kernel, writer)[1], 0);
});

row('FOWN-06', 'F_SETOWN_EX takes a thread, a process or a group', async (subject) => {
  const { kernel, pipe, process } = subject;
  const [reader] = pipe();
  const child = await process([reader]);
  const [theirs] = child.inherited as [number];
  succeeds(await child.call('setpgid', 0, 0), 0);
  for (const type of [f.F_OWNER_TID, f.F_OWNER_PID, f.F_OWNER_PGRP]) {
    succeeds(kernel.fcntl(reader, f.F_SETOWN_EX, Int32Array.of(type, child.pid)), 0);
    assert.deepEqual(owner(kernel, reader), [type, child.pid]);
    failsWith(kernel.fcntl(reader, f.F_SETOWN_EX, Int32Array.of(type, NOBODY)), ESRCH);
  }
  failsWith(kernel.fcntl(reader, f.F_SETOWN_EX, Int32Array.of(3, child.pid)), EINVAL);
  failsWith(await child.call('fcntl', theirs, f.F_SETOWN_EX, BAD_POINTER), EFAULT);
  failsWith(await child.call('fcntl', theirs, f.F_GETOWN_EX, BAD_POINTER), EFAULT);
  assert.deepEqual(owner(kernel, reader), [f.F_OWNER_PGRP, child.pid]);
});

row('FOWN-ESRCH', 'F_SETOWN of no process and no group is ESRCH', ({ kernel, pipe }) => {
  const [reader] = pipe();
  failsWith(kernel.fcntl(reader, f.F_SETOWN, NOBODY), ESRCH);
  failsWith(kernel.fcntl(reader, f.F_SETOWN, -NOBODY), ESRCH);
  failsWith(kernel.fcntl(reader, f.F_SETOWN, -0x80000000), EINVAL);
});

row(['FOWN-07', 'FOWN-08', 'FOWN-09'], 'F_GETSIG is 0, what was set, and 0 again', (subject) => {
  const [reader] = subject.pipe();
  const { kernel } = subject;
  succeeds(kernel.fcntl(reader, f.F_GETSIG), 0);
  for (const signal of [f.SIGUSR1, f.SIGIO, 40, 0]) {
    succeeds(kernel.fcntl(reader, f.F_SETSIG, signal), 0);
    succeeds(kernel.fcntl(reader, f.F_GETSIG), signal);
  }
  for (const signal of [-1, 65]) failsWith(kernel.fcntl(reader, f.F_SETSIG, signal), EINVAL);
});

row('FOWN-10', 'owner and signal of an O_PATH descriptor are EBADF', (subject) => {
  const { kernel, keep, directory } = subject;
  const fd = keep(kernel.openat(f.AT_FDCWD, directory(), f.O_PATH, 0));
  const words = new Int32Array(2);
  failsWith(kernel.fcntl(fd, f.F_SETOWN, 0), EBADF);
  failsWith(kernel.fcntl(fd, f.F_SETOWN_EX, words), EBADF);
  failsWith(kernel.fcntl(fd, f.F_GETOWN_EX, words), EBADF);
  failsWith(kernel.fcntl(fd, f.F_GETSIG), EBADF);
  failsWith(kernel.fcntl(fd, f.F_SETSIG, 0), EBADF);
});
