/**
 * What a test does to the signals of a process, beside the calls of `Kernel`.
 * This module is browser compatible.
 */
import { EINVAL, EPERM, ESRCH } from '../../errno.js';
import { SIGKILL, SIGSTOP } from '../../flags.js';
import type { Process } from '../processes.js';
import { type Action, LAST_SIGNAL } from '../signals.js';

/**
 * A process's number and its signals. The functions answer 0 or −errno, as calls do.
 *
 * @example
 * ```ts
 * import { deepEqual, equal } from 'node:assert/strict';
 * import { SIGTERM, SIGUSR1, SimKernel } from 'sluice/sim';
 *
 * const kernel = new SimKernel();
 * const child = kernel.fork();
 * const seen: number[] = [];
 * equal(child.sigaction(SIGUSR1, ({ signal }) => seen.push(signal)), 0);
 * equal(kernel.kill(child.pid, SIGUSR1), 0);
 * await new Promise((resolve) => setTimeout(resolve)); // a handler is a task
 * deepEqual(seen, [SIGUSR1]);
 * equal(kernel.kill(child.pid, SIGTERM), 0);
 * equal(child.death, SIGTERM);
 * ```
 */
export interface ProcessSignals {
  /** The process's number. */
  readonly pid: number;
  /** The signal that has ended the process, by its number; undefined while it lives. */
  readonly death: number | undefined;
  /**
   * What the process does with a signal from now on: sigaction(2). A handler is a task of the
   * machine's; it never runs inside the call that sends the signal.
   */
  sigaction(signal: number, action: Action, options?: ActionOptions): number;
  /** Sends a signal to a process or, where the number is negative, to a group: kill(2). */
  kill(pid: number, signal: number): number;
}

export interface ActionOptions {
  /** SA_RESTART: the handler does not end the sleep of an interruptible process's calls. */
  readonly restart?: boolean;
}

export function signalsOf(caller: Process): ProcessSignals {
  return {
    get pid() {
      return caller.pid;
    },
    get death() {
      return caller.death;
    },
    sigaction: (signal, action, options) => {
      if (!isSignal(signal) || signal === SIGKILL || signal === SIGSTOP) return -EINVAL;
      if (typeof action !== 'function' && action !== 'default' && action !== 'ignore') {
        return -EINVAL;
      }
      caller.signals.set(signal, action, options?.restart === true);
      return 0;
    },
    kill: (pid, signal) => kill(caller, pid, signal),
  };
}

function isSignal(signal: number): boolean {
  return Number.isInteger(signal) && signal >= 1 && signal <= LAST_SIGNAL;
}

/** Signal 0 only asks whether somebody is there. */
function kill(caller: Process, pid: number, signal: number): number {
  if (signal !== 0 && !isSignal(signal)) return -EINVAL;
  const targets = targetsOf(caller, pid);
  const allowed = targets.filter(({ uid }) => caller.isPrivileged || caller.uid === uid);
  if (allowed.length === 0) return targets.length === 0 ? -ESRCH : -EPERM;
  if (signal === 0) return 0;
  for (const target of allowed) target.signals.send({ signal, code: 0, fd: 0, band: 0 });
  return 0;
}

/** −1 is everybody but the caller and the first process, 0 the caller's own group. */
function targetsOf({ pid: own, group, machine }: Process, pid: number): Process[] {
  const all = [...machine.processes.values()];
  if (pid > 0) return all.filter((one) => one.pid === pid);
  if (pid === -1) return all.filter((one) => one.pid !== own && one.pid !== 1);
  return all.filter((one) => one.group === (pid === 0 ? group : -pid));
}
