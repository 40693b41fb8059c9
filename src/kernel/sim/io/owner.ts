/** Who gets the signals of a description, and which: F_SETOWN and its kin. Browser compatible. */
import { EINVAL, ESRCH } from '../../errno.js';
import { F_OWNER_PGRP, F_OWNER_PID } from '../../flags.js';
import type { Call } from '../call.js';
import type { Description } from '../description.js';
import type { Machine } from '../machine.js';
import { LAST_SIGNAL } from '../signals.js';

const INT_MIN = -(2 ** 31);

/** F_SETOWN: a process, or a group where the number is negative. */
export function setOwner(file: Description, id: number, call: Call): number {
  if (id === INT_MIN) return -EINVAL;
  return own(file, id < 0 ? F_OWNER_PGRP : F_OWNER_PID, Math.abs(id), call);
}

/** F_SETOWN_EX */
export function setOwnerOfType(file: Description, owner: Int32Array, call: Call): number {
  const [type = 0, id = 0] = owner;
  return type < 0 || type > F_OWNER_PGRP ? -EINVAL : own(file, type, id, call);
}

/** F_GETOWN_EX: 0 where the owner is gone. */
export function getOwner(file: Description, owner: Int32Array, { caller }: Call): number {
  const { type, id } = file.owner;
  owner[0] = type;
  owner[1] = isThere(caller.machine, id) ? id : 0;
  return 0;
}

/** F_SETSIG */
export function setSignal(file: Description, signal: number): number {
  if (signal < 0 || signal > LAST_SIGNAL) return -EINVAL;
  file.signal = signal;
  return 0;
}

function own(file: Description, type: number, id: number, { caller }: Call): number {
  if (id !== 0 && !isThere(caller.machine, id)) return -ESRCH;
  file.owner = { type, id, uid: caller.uid };
  return 0;
}

/** A process or a group has this number. */
function isThere({ processes }: Machine, id: number): boolean {
  if (processes.has(id)) return true;
  for (const { group } of processes.values()) if (group === id) return true;
  return false;
}
