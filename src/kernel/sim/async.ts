/**
 * Signal-driven I/O: the descriptions with O_ASYNC of one object, and the signals their owners get.
 * This module is browser compatible.
 */
import {
  F_OWNER_PGRP,
  O_ASYNC,
  POLL_ERR,
  POLL_HUP,
  POLL_IN,
  POLL_MSG,
  POLL_OUT,
  POLL_PRI,
  SI_KERNEL,
  SI_SIGIO,
  SIGCHLD,
  SIGIO,
  SIGURG,
} from '../flags.js';
import type { Description, Owner } from './description.js';
import type { Machine } from './machine.js';
import type { Process } from './processes.js';
import type { SignalInfo } from './signals.js';

export class AsyncList {
  /** Those that want signals: made when the first comes, because most objects have none. */
  #files: Set<Description> | undefined;

  /** F_SETFL with and without O_ASYNC. */
  set(file: Description, on: boolean): void {
    file.setFlags(O_ASYNC, on);
    if (!on) this.remove(file);
    else if (this.#files === undefined) this.#files = new Set([file]);
    else this.#files.add(file);
  }

  /** The description is gone. */
  remove(file: Description): void {
    this.#files?.delete(file);
  }

  /** An event: `code` is POLL_IN or another of si_code. */
  send(machine: Machine, code: number): void {
    if (this.#files === undefined) return;
    for (const file of this.#files) sendIo(machine, file, code);
  }

  /** An urgent byte: who chose a signal gets that beside SIGURG, but nobody SIGIO. */
  sendUrgent(machine: Machine): void {
    for (const file of this.#files ?? []) {
      if (file.signal !== 0) sendIo(machine, file, POLL_PRI);
    }
  }
}

/** The bits of poll(2) that a code stands for: band_table of fs/fcntl.c. */
const BANDS: Readonly<Record<number, number>> = {
  [POLL_IN]: 0x41,
  [POLL_OUT]: 0x304,
  [POLL_MSG]: 0x441,
  [POLL_ERR]: 0x8,
  [POLL_PRI]: 0x82,
  [POLL_HUP]: 0x18,
};

/** The signals whose si_code has a meaning of its own: SIGILL, SIGTRAP, SIGBUS, SIGFPE … */
const SPECIFIC_CODES: readonly number[] = [4, 5, 7, 8, 11, SIGCHLD, SIGIO, 31];

function sendIo(machine: Machine, file: Description, code: number): void {
  sendTo(machine, file.owner, file.signal === 0 ? plain(SIGIO) : queued(file, code));
}

/** A signal that F_SETSIG chose tells what happened. */
function queued({ signal, asyncFd }: Description, code: number): SignalInfo {
  const isAmbiguous = signal !== SIGIO && SPECIFIC_CODES.includes(signal);
  const shown = isAmbiguous ? SI_SIGIO : code;
  return { signal, code: shown, fd: asyncFd, band: BANDS[code] ?? 0 };
}

/** An urgent byte has come: SIGURG to the owner, whatever F_SETSIG and O_ASYNC are. */
export function sendUrgent(machine: Machine, file: Description): void {
  sendTo(machine, file.owner, plain(SIGURG));
}

function plain(signal: number): SignalInfo {
  return { signal, code: SI_KERNEL, fd: 0, band: 0 };
}

/** Where the queue is full, SIGIO says that something has happened somewhere. */
function sendTo(machine: Machine, owner: Owner, info: SignalInfo): void {
  for (const { uid, signals } of ownersOf(machine, owner)) {
    if (owner.uid !== 0 && owner.uid !== uid) continue;
    if (!signals.send(info)) signals.send(plain(SIGIO));
  }
}

function ownersOf({ processes }: Machine, { type, id }: Owner): Process[] {
  if (id === 0) return [];
  if (type === F_OWNER_PGRP) return [...processes.values()].filter(({ group }) => group === id);
  const found = processes.get(id);
  return found === undefined ? [] : [found];
}
