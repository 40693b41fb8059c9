import { EBADF } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { failsWith, succeeds } from '../../helpers/claims.js';
import { row } from '../../helpers/conformance.js';

row(['FFD-01', 'FFD-02'], 'F_SETFD sets and clears what F_GETFD shows', ({ kernel, file }) => {
  const fd = file();
  succeeds(kernel.fcntl(fd, f.F_GETFD), f.FD_CLOEXEC);
  succeeds(kernel.fcntl(fd, f.F_SETFD, 0), 0);
  succeeds(kernel.fcntl(fd, f.F_GETFD), 0);
  succeeds(kernel.fcntl(fd, f.F_SETFD, f.FD_CLOEXEC), 0);
  succeeds(kernel.fcntl(fd, f.F_GETFD), f.FD_CLOEXEC);
});

row('FFD-03', 'exec closes what has FD_CLOEXEC: file, pipe and FIFO', async (subject) => {
  const { file, path, pipe, process } = subject;
  const [reader, writer] = pipe();
  const child = await process([file(), reader, writer]);
  const fifo = path();
  succeeds(await child.call('mknodat', f.AT_FDCWD, fifo, f.S_IFIFO | 0o600, 0), 0);
  const named = succeeds(await child.call('openat', f.AT_FDCWD, fifo, f.O_RDWR, 0));
  for (const fd of [...child.inherited, named]) {
    const kept = succeeds(await child.call('dup', fd));
    succeeds(await child.call('fcntl', fd, f.F_SETFD, f.FD_CLOEXEC), 0);
    succeeds(await child.exec(), 0);
    failsWith(await child.call('fcntl', fd, f.F_GETFD), EBADF);
    succeeds(await child.call('fcntl', kept, f.F_GETFD), 0);
  }
});

row('FFD-04', 'a descriptor that is not open is EBADF', ({ kernel, file, close }) => {
  const fd = file();
  close(fd);
  for (const bad of [fd, -1]) {
    failsWith(kernel.fcntl(bad, f.F_GETFD), EBADF);
    failsWith(kernel.fcntl(bad, f.F_SETFD, f.FD_CLOEXEC), EBADF);
  }
});

row('FFD-05', 'after fork the child has its own copy of the flag', async ({ file, process }) => {
  const parent = await process([file()]);
  const [fd] = parent.inherited as [number];
  succeeds(await parent.call('fcntl', fd, f.F_SETFD, f.FD_CLOEXEC), 0);
  const child = await parent.fork();
  succeeds(await child.call('fcntl', fd, f.F_GETFD), f.FD_CLOEXEC);
  succeeds(await child.call('fcntl', fd, f.F_SETFD, 0), 0);
  succeeds(await parent.call('fcntl', fd, f.F_GETFD), f.FD_CLOEXEC);
});
