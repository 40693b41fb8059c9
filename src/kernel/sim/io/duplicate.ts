/** close(2), dup(2), dup2(2), dup3(2), and F_DUPFD of fcntl(2). Browser compatible. */
import { EBADF, EINVAL, ESRCH } from '../../errno.js';
import { O_CLOEXEC } from '../../flags.js';
import type { IoCalls } from '../../kernel.js';
import { fd, int } from '../decode.js';
import type { Description } from '../description.js';
import type { Process } from '../processes.js';
import { type Rows, row } from '../row.js';

export const duplicateRows: Rows<Pick<IoCalls, 'close' | 'dup' | 'dup2' | 'dup3'>> = {
  close: row([fd], ({ caller }, fd) => caller.table.close(fd)),
  dup: row([fd], ({ caller }, fd) => duplicate(caller, fd, 0, false)),
  dup2: row([fd, fd], ({ caller }, oldfd, newfd) => {
    if (oldfd !== newfd) return replace(caller, oldfd, newfd, false);
    return caller.table.get(oldfd) === undefined ? -EBADF : oldfd;
  }),
  dup3: row([fd, fd, int], ({ caller }, oldfd, newfd, flags) => {
    if ((flags & ~O_CLOEXEC) !== 0 || oldfd === newfd) return -EINVAL;
    return replace(caller, oldfd, newfd, (flags & O_CLOEXEC) !== 0);
  }),
};

/** Open on the same description under the lowest free number from `from` on. */
export function duplicate(caller: Process, fd: number, from: number, closeOnExec: boolean): number {
  return open(caller, caller.table.get(fd), from, closeOnExec);
}

/** pidfd_getfd(2): a number here for what another process has open. */
export function duplicateOf(caller: Process, other: Process, fd: number): number {
  if (caller.death !== undefined || other.death !== undefined) return -ESRCH;
  return open(caller, other.table.get(fd), 0, true);
}

function open(
  { table, descriptorLimit }: Process,
  description: Description | undefined,
  from: number,
  closeOnExec: boolean,
): number {
  if (description === undefined) return -EBADF;
  const copy = table.open(description.hold(), closeOnExec, descriptorLimit, from);
  if (copy < 0) description.release();
  return copy;
}

/** F_DUPFD and F_DUPFD_CLOEXEC: a number that no descriptor can have is EINVAL, not EMFILE. */
export function duplicateFrom(
  caller: Process,
  fd: number,
  from: number,
  closeOnExec = false,
): number {
  if (from < 0 || from >= caller.descriptorLimit) return -EINVAL;
  return duplicate(caller, fd, from, closeOnExec);
}

function replace(
  { table, descriptorLimit }: Process,
  oldfd: number,
  newfd: number,
  closeOnExec: boolean,
): number {
  const description = table.get(oldfd);
  if (newfd < 0 || newfd >= descriptorLimit || description === undefined) return -EBADF;
  table.replace(newfd, description.hold(), closeOnExec);
  return newfd;
}
