/** How much a pipe may hold, and what a user may have in pipes: pipe(7). Browser compatible. */
import { EBUSY, EINVAL, ENFILE, EPERM } from '../../errno.js';
import type { Machine, User } from '../machine.js';
import { PAGE_SIZE } from '../page.js';
import type { Process } from '../processes.js';
import { Pipe, type PipeName } from './pipe.js';

/** PIPE_DEF_BUFFERS */
const DEFAULT_SLOTS = 16;
/** PIPE_MIN_DEF_BUFFERS: what is left to a user who has too many pages in pipes. */
const MINIMUM_SLOTS = 2;
const LARGEST_BYTES = 2 ** 31;

/** A new pipe of the process's user, without ends; −ENFILE. */
export function newPipe({ machine, user, isPrivileged }: Process, fifo?: PipeName): Pipe | number {
  const most = Math.floor(machine.limits.pipeMaxBytes / PAGE_SIZE);
  let slots = isPrivileged ? DEFAULT_SLOTS : Math.min(DEFAULT_SLOTS, most);
  if (!isPrivileged && isAboveSoft(machine, user, slots)) slots = MINIMUM_SLOTS;
  if (!isPrivileged && isAboveHard(machine, user, slots)) return -ENFILE;
  user.pipePages += slots;
  return new Pipe(machine, user, slots, fifo);
}

/** F_SETPIPE_SZ. Answers the capacity in bytes. */
export function resize(pipe: Pipe, bytes: number, { isPrivileged }: Process): number {
  const slots = slotsFor(bytes);
  const more = slots - pipe.slotLimit;
  if (slots === 0) return -EINVAL;
  if (more > 0 && !isPrivileged) {
    const { machine, user } = pipe;
    if (slots * PAGE_SIZE > machine.limits.pipeMaxBytes) return -EPERM;
    if (isAboveSoft(machine, user, more) || isAboveHard(machine, user, more)) return -EPERM;
  }
  if (slots < pipe.slots.count) return -EBUSY;
  pipe.user.pipePages += more;
  pipe.slotLimit = slots;
  // There may be room now for who waits for it.
  pipe.writeQueue.wake();
  return slots * PAGE_SIZE;
}

/** A power of two pages, at least one; 0 where it is too large. */
function slotsFor(bytes: number): number {
  const unsigned = bytes >>> 0;
  if (unsigned > LARGEST_BYTES) return 0;
  return 2 ** Math.ceil(Math.log2(Math.max(unsigned, PAGE_SIZE) / PAGE_SIZE));
}

function isAboveSoft({ limits }: Machine, { pipePages }: User, more: number): boolean {
  return limits.pipeUserPagesSoft > 0 && pipePages + more > limits.pipeUserPagesSoft;
}

function isAboveHard({ limits }: Machine, { pipePages }: User, more: number): boolean {
  return limits.pipeUserPagesHard > 0 && pipePages + more > limits.pipeUserPagesHard;
}
