/**
 * A process: its descriptors, limits, user, signals and memory. This module is browser compatible.
 */

import {
  RLIMIT_AS,
  RLIMIT_FSIZE,
  RLIMIT_NOFILE,
  RLIMIT_SIGPENDING,
  SIGPIPE,
  SIGXFSZ,
} from '../flags.js';
import type { SignalWatch } from './event/signal-watch.js';
import type { Watch } from './event/watch.js';
import type { Machine, User } from './machine.js';
import { Space } from './mm/space.js';
import { Signals } from './signals.js';
import type { Sleeper } from './sleep.js';
import { DescriptorTable } from './table.js';

const INFINITY = 2n ** 64n - 1n;

export class Process {
  readonly pid: number;
  /** The process group. */
  group: number;
  /** 0 has all privileges. */
  uid = 0;
  gid = 0;
  table = new DescriptorTable();
  space: Space;
  /** prlimit(2): [soft, hard] by resource. */
  readonly limits = new Map<number, readonly [soft: bigint, hard: bigint]>([
    [RLIMIT_NOFILE, [1024n, 1048576n]],
    [RLIMIT_FSIZE, [INFINITY, INFINITY]],
    [RLIMIT_AS, [INFINITY, INFINITY]],
    [RLIMIT_SIGPENDING, [16384n, 16384n]],
  ]);
  /** The name of the current directory. */
  directory = '/';
  readonly signals: Signals;
  /** The offloaded calls by ticket. */
  readonly sleepers = new Map<number, Sleeper>();
  /** The doors of readiness by ticket. */
  readonly watches = new Map<number, Watch>();
  /** The doors of signals, by signal. */
  readonly signalWatches = new Map<number, SignalWatch>();
  /** Told of the death in a task, with the signal or 0. */
  onDeath: (signal: number) => void = () => {};
  /**
   * Whether its offloaded calls are its main thread's, whose sleep a handler ends. Those of sluice
   * are on threads of their own, which block all signals.
   */
  isInterruptible = false;
  #death: number | undefined;

  constructor(readonly machine: Machine) {
    this.pid = machine.newPid();
    this.group = this.pid;
    this.space = new Space(machine.pages);
    this.signals = new Signals(
      machine.schedule,
      (signal) => this.die(signal),
      (restarts) => this.#handled(restarts),
      () => this.#limit(RLIMIT_SIGPENDING),
    );
    // As Node sets them when it starts.
    for (const signal of [SIGPIPE, SIGXFSZ]) this.signals.set(signal, 'ignore');
    machine.processes.set(this.pid, this);
  }

  /** The signal that has ended it. */
  get death(): number | undefined {
    return this.#death;
  }

  get user(): User {
    return this.machine.user(this.uid);
  }

  /** Root: no limit of the system holds for it. */
  get isPrivileged(): boolean {
    return this.uid === 0;
  }

  /** RLIMIT_NOFILE: numbers of descriptors are below. */
  get descriptorLimit(): number {
    return this.#limit(RLIMIT_NOFILE);
  }

  #limit(resource: number): number {
    return Number(this.limits.get(resource)?.[0] ?? 0n);
  }

  /**
   * fork(2): a process with the same limits, user and actions for signals, and with the same
   * descriptions and memory or, as a spawned program has it, no memory and just these descriptions
   * as 0, 1, 2 and on.
   */
  fork(inherit?: readonly number[]): Process {
    const child = new Process(this.machine);
    child.group = this.group;
    child.uid = this.uid;
    child.gid = this.gid;
    child.table = inherit ? this.table.chosen(inherit) : this.table.copy();
    if (inherit === undefined) child.space = this.space.fork();
    for (const [resource, limit] of this.limits) child.limits.set(resource, limit);
    child.directory = this.directory;
    child.isInterruptible = this.isInterruptible;
    child.signals.inherit(this.signals);
    return child;
  }

  /** execve(2): descriptors with FD_CLOEXEC go, handlers, all memory, and who waits for answers. */
  exec(): void {
    this.#forget();
    this.table.closeOnExecNow();
    this.signals.exec();
  }

  #handled(restarts: boolean): void {
    if (!this.isInterruptible) return;
    for (const sleeper of [...this.sleepers.values()]) sleeper.handled(restarts);
  }

  /** The end: every descriptor is closed. */
  die(signal: number): void {
    if (this.#death !== undefined) return;
    this.#death = signal;
    this.machine.processes.delete(this.pid);
    this.#forget();
    this.table.closeAll();
    this.machine.schedule(() => this.onDeath(signal));
  }

  /** The program is gone: its memory, its calls and its watches, which answer no more. */
  #forget(): void {
    for (const sleeper of this.sleepers.values()) sleeper.drop();
    this.sleepers.clear();
    for (const watch of this.watches.values()) watch.end();
    for (const watch of this.signalWatches.values()) watch.end();
    this.space.clear();
  }
}
