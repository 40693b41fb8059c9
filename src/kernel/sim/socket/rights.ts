/**
 * Descriptors that travel beside the bytes of a Unix socket: SCM_RIGHTS. Under way they are the
 * open file descriptions, which they hold; who receives them gets numbers of its own. This module
 * is browser compatible.
 */
import { EBADF, EINVAL } from '../../errno.js';
import { SCM_MAX_FD } from '../../flags.js';
import type { Call } from '../call.js';
import type { Description } from '../description.js';
import type { User } from '../machine.js';
import type { Process } from '../processes.js';
import type { InFlight } from './in-flight.js';
import type { UnixSocket } from './unix.js';

export class Rights {
  /** In whose queue they wait; undefined before and after that. */
  holder: UnixSocket | undefined;
  /** Who is charged for them meanwhile. */
  #user: User | undefined;

  constructor(
    readonly inFlight: InFlight,
    public descriptions: readonly Description[],
  ) {}

  /** They are in this socket's queue from now on. */
  enter(holder: UnixSocket, user: User): void {
    this.holder = holder;
    this.#user = user;
    user.descriptorsInFlight += this.descriptions.length;
    this.inFlight.messages.add(this);
  }

  /** They are in no queue any more. Answers them. */
  leave(): this {
    if (this.#user !== undefined) this.#user.descriptorsInFlight -= this.descriptions.length;
    this.#user = undefined;
    this.holder = undefined;
    this.inFlight.messages.delete(this);
    return this;
  }

  /** MSG_PEEK: the same descriptions once more. */
  copy(): Rights {
    return new Rights(
      this.inFlight,
      this.descriptions.map((one) => one.hold()),
    );
  }

  /** Nobody gets them, or those that are left. */
  drop(): void {
    const { descriptions } = this.leave();
    this.descriptions = [];
    this.inFlight.release(descriptions);
  }

  /**
   * Opens up to `room` of them in the process: their numbers go into `fds`. The others are dropped,
   * also where the process may open no more. Answers how many were opened.
   */
  open({ table, descriptorLimit }: Process, fds: Int32Array, room: number, isCloseOnExec: boolean) {
    let opened = 0;
    for (const one of this.descriptions.slice(0, room)) {
      const fd = table.open(one, isCloseOnExec, descriptorLimit);
      if (fd < 0) break;
      fds[opened++] = fd;
    }
    this.descriptions = this.descriptions.slice(opened);
    this.drop();
    return opened;
  }
}

/**
 * Looks the numbers up that sendmsg(2) is given, the first time it is called: 0 or −errno, and from
 * then on they are the call's `rights`.
 */
export function holdRights(call: Call): number {
  const { fds, caller } = call;
  call.fds = undefined;
  if (fds === undefined || fds.length === 0) return 0;
  if (fds.length > SCM_MAX_FD) return -EINVAL;
  const found = fds.map((fd) => caller.table.get(fd));
  const descriptions = found.filter((one) => one !== undefined);
  if (descriptions.length < fds.length) return -EBADF;
  const held = descriptions.map((one) => one.hold());
  call.rights = new Rights(caller.machine.inFlight, held);
  return 0;
}

/** Whether the caller may have no more descriptors under way: RLIMIT_NOFILE, but for root. */
export function hasTooMany({ user, descriptorLimit, isPrivileged }: Process): boolean {
  return !isPrivileged && user.descriptorsInFlight > descriptorLimit;
}
