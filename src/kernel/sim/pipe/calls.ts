/** pipe(2), splice(2), tee(2), vmsplice(2) of the sim kernel. Browser compatible. */
import { EINVAL, EMFILE, ENOPKG } from '../../errno.js';
import { O_CLOEXEC, O_DIRECT, O_EXCL, O_NONBLOCK, O_RDONLY, O_WRONLY } from '../../flags.js';
import type { PipeCalls } from '../../kernel.js';
import type { Call } from '../call.js';
import { fd, int, ints, offsetPointer, size, vector } from '../decode.js';
import { Description } from '../description.js';
import { type Rows, row } from '../row.js';
import { newPipe } from './capacity.js';
import { splice, tee } from './splice.js';
import { vmsplice } from './vmsplice.js';

export const pipeRows: Rows<PipeCalls> = {
  pipe: row([ints(2)], (call, fds) => pipe2(call, 0, fds)),
  pipe2: row([int, ints(2)], pipe2),
  splice: row([fd, offsetPointer, fd, offsetPointer, size, int], splice),
  tee: row([fd, fd, size, int], tee),
  vmsplice: row([fd, vector, int], vmsplice),
};

/** The same bit as O_EXCL: a kernel without watch queues knows it only to refuse it. */
const O_NOTIFICATION_PIPE = O_EXCL;

function pipe2({ caller }: Call, flags: number, fds: Int32Array): number {
  if ((flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT | O_NOTIFICATION_PIPE)) !== 0) return -EINVAL;
  if ((flags & O_NOTIFICATION_PIPE) !== 0) return -ENOPKG;
  const { table, descriptorLimit } = caller;
  const pipe = newPipe(caller);
  if (typeof pipe === 'number') return pipe;
  const ends = [
    new Description(pipe, O_RDONLY | (flags & O_NONBLOCK)),
    new Description(pipe, O_WRONLY | (flags & (O_NONBLOCK | O_DIRECT))),
  ];
  if (!table.hasRoom(2, descriptorLimit)) {
    for (const end of ends) end.release();
    return -EMFILE;
  }
  for (const [index, end] of ends.entries()) {
    fds[index] = table.open(end, (flags & O_CLOEXEC) !== 0, descriptorLimit);
  }
  return 0;
}
