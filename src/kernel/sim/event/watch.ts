/**
 * The door of readiness: `watch`, `hold`, `unwatch`. A listener is a task of the machine's, run
 * again and again while its descriptor is readable. This module is browser compatible.
 */
import { EBADF, EEXIST, EINVAL, EPERM } from '../../errno.js';
import { POLLERR, POLLHUP, POLLIN } from '../../flags.js';
import type { Doors } from '../../kernel.js';
import * as kind from '../decode.js';
import type { Dependent, Description } from '../description.js';
import type { Process } from '../processes.js';
import type { Place, Waiter } from '../wait.js';

type Watches = Pick<Doors, 'watch' | 'hold' | 'unwatch'>;

export function watchDoors(caller: Process): Watches {
  let tickets = 0;
  const find = (ticket: unknown) => {
    const number = kind.int(ticket);
    return number instanceof kind.Refusal ? undefined : caller.watches.get(number);
  };
  return {
    watch: (fd, listener) => {
      const file = findFile(caller, fd, listener);
      if (typeof file === 'number') return file;
      const ticket = ++tickets;
      caller.watches.set(ticket, new Watch(caller, ticket, fd, file, listener));
      return ticket;
    },
    hold: (ticket, alive) => {
      const watch = find(ticket);
      if (watch === undefined || typeof alive !== 'boolean') return -EINVAL;
      watch.isHeld = alive;
      return 0;
    },
    unwatch: (ticket) => find(ticket)?.end() ?? -EINVAL,
  };
}

/** What is to be watched, or why not. */
function findFile(caller: Process, fd: unknown, listener: unknown): Description | number {
  const number = kind.fd(fd);
  if (number instanceof kind.Refusal) return -EBADF;
  if (typeof listener !== 'function') return -EINVAL;
  const file = caller.table.get(number);
  if (file === undefined || file.isPath) return -EBADF;
  if (file.object.queues(file).length === 0) return -EPERM;
  return isWatched(caller, number, file) ? -EEXIST : file;
}

function isWatched(caller: Process, fd: number, file: Description): boolean {
  for (const one of file.dependents) {
    if (one instanceof Watch && one.caller === caller && one.fd === fd) return true;
  }
  return false;
}

/** End of file and a dead peer are for who reads. */
const READABLE = POLLIN | POLLHUP | POLLERR;

export class Watch implements Waiter, Dependent {
  /** Whether it keeps the program alive: a sim kernel has none, and takes note of it only. */
  isHeld = false;
  #isOver = false;
  /** A task will look whether it is readable. */
  #isQueued = false;
  #places: readonly Place[];

  constructor(
    readonly caller: Process,
    readonly ticket: number,
    readonly fd: number,
    readonly file: Description,
    readonly listener: () => void,
  ) {
    file.attach(this);
    this.#places = file.object.queues(file).map((queue) => queue.add(this));
    if (this.#isReadable) this.#queue();
  }

  wake(events: number): boolean {
    if (events === 0 || (events & READABLE) !== 0) this.#queue();
    return true;
  }

  /** The description is gone: nothing will ever be readable again. Its ticket stays. */
  gone(): void {
    this.#leave();
  }

  /** The listener does not run again. */
  end(): 0 {
    this.#leave();
    this.file.detach(this);
    this.caller.watches.delete(this.ticket);
    return 0;
  }

  get #isReadable(): boolean {
    return (this.file.object.poll(this.file) & READABLE) !== 0;
  }

  #leave(): void {
    this.#isOver = true;
    for (const place of this.#places) place.leave();
    this.#places = [];
  }

  #queue(): void {
    if (this.#isQueued || this.#isOver) return;
    this.#isQueued = true;
    this.caller.machine.schedule(() => this.#run());
  }

  /** What the listener throws is the scheduler's to report; the watch goes on. */
  #run(): void {
    this.#isQueued = false;
    if (this.#isOver || !this.#isReadable) return;
    this.#queue();
    this.listener();
  }
}
