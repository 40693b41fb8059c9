import assert from 'node:assert/strict';
import { EBADF, EINVAL, EMFILE } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { failsWith, succeeds } from '../../helpers/claims.js';
import { row } from '../../helpers/conformance.js';

row(['FDUP-01', 'FDUP-02'], 'answers the lowest free number not below the argument', (subject) => {
  const { kernel, keep, file } = subject;
  const fd = file();
  const first = keep(kernel.fcntl(fd, f.F_DUPFD, 500));
  const second = keep(kernel.fcntl(fd, f.F_DUPFD, 500));
  const third = keep(kernel.fcntl(fd, f.F_DUPFD, 501));
  assert.deepEqual([first, second, third], [500, 501, 502]);
});

row('FDUP-03', 'with 0 it answers what dup would', async ({ file, process }) => {
  // In a process with one thread: in Node's, another one may hold a number for a moment.
  const child = await process([file()]);
  const [fd] = child.inherited as [number];
  const lowest = succeeds(await child.call('dup', fd));
  succeeds(await child.call('close', lowest), 0);
  succeeds(await child.call('fcntl', fd, f.F_DUPFD, 0), lowest);
});

row('FDUP-04', 'FD_CLOEXEC is clear on the copy', ({ kernel, keep, file }) => {
  const fd = file();
  succeeds(kernel.fcntl(fd, f.F_GETFD), f.FD_CLOEXEC);
  succeeds(kernel.fcntl(keep(kernel.fcntl(fd, f.F_DUPFD, 0)), f.F_GETFD), 0);
});

row('FDUP-05', 'F_DUPFD_CLOEXEC is the same with FD_CLOEXEC set', ({ kernel, keep, file }) => {
  const fd = keep(kernel.dup(file()));
  succeeds(kernel.fcntl(fd, f.F_GETFD), 0);
  const copy = keep(kernel.fcntl(fd, f.F_DUPFD_CLOEXEC, 500));
  assert.equal(copy, 500);
  succeeds(kernel.fcntl(copy, f.F_GETFD), f.FD_CLOEXEC);
  succeeds(kernel.fcntl(fd, f.F_GETFD), 0);
});

row('FDUP-06', 'no free number below the limit is EMFILE', async ({ file, process }) => {
  const child = await process([file()]);
  const [fd] = child.inherited as [number];
  const limit = BigUint64Array.of(64n, 64n);
  succeeds(await child.call('prlimit', 0, f.RLIMIT_NOFILE, limit, null), 0);
  succeeds(await child.call('fcntl', fd, f.F_DUPFD, 63), 63);
  failsWith(await child.call('fcntl', fd, f.F_DUPFD, 63), EMFILE);
  failsWith(await child.call('fcntl', fd, f.F_DUPFD_CLOEXEC, 63), EMFILE);
});

row('FDUP-ARGUMENT', 'a number negative or not below the limit is EINVAL', async (subject) => {
  const child = await subject.process([subject.file()]);
  const [fd] = child.inherited as [number];
  succeeds(await child.call('prlimit', 0, f.RLIMIT_NOFILE, BigUint64Array.of(64n, 64n), null), 0);
  failsWith(await child.call('fcntl', fd, f.F_DUPFD, 64), EINVAL);
  failsWith(subject.kernel.fcntl(subject.file(), f.F_DUPFD, -1), EINVAL);
  failsWith(subject.kernel.fcntl(-1, f.F_DUPFD, 0), EBADF);
});

row('FDUP-07', 'an O_PATH descriptor is copied with its flags', ({ kernel, keep, directory }) => {
  const fd = keep(kernel.openat(f.AT_FDCWD, directory(), f.O_PATH, 0));
  for (const command of [f.F_DUPFD, f.F_DUPFD_CLOEXEC]) {
    const copy = keep(kernel.fcntl(fd, command, 0));
    assert.equal(succeeds(kernel.fcntl(copy, f.F_GETFL)) & f.O_PATH, f.O_PATH);
  }
});
