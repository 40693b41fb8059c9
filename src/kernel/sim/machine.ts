/**
 * What all processes of a sim kernel share: pages, the counters, the users' shares, the limits of
 * the system, numbers of inodes and processes, and who runs tasks. This module is browser
 * compatible.
 */
import * as argument from '../argument.js';
import { Counters } from './counters.js';
import { socketFiles } from './file/socket-file.js';
import { Tree } from './file/tree.js';
import { LockList } from './lock.js';
import { HugePages } from './mm/huge-pages.js';
import { Pages } from './page.js';
import type { Process } from './processes.js';
import { InFlight } from './socket/in-flight.js';
import { UnixNames } from './socket/names.js';
import { Ports } from './socket/ports.js';

/** Time for timeouts of poll(2), epoll_wait(2) and sockets. */
export interface SimClock {
  /** Milliseconds that never go back. */
  now(): number;
  /** Runs `callback` once after `delayMs`; the answer calls it off. */
  timer(delayMs: number, callback: () => void): () => void;
}

/**
 * What a machine is made with; a `Scheduler` fits.
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import { SimKernel } from 'sluice/sim';
 *
 * const tasks: (() => void)[] = [];
 * const kernel = new SimKernel({ schedule: (task) => tasks.push(task) });
 * kernel.pipe2(0, new Int32Array(2));
 * let answer = 0;
 * kernel.offload('read', [0, new Uint8Array(10)], (result) => {
 *   answer = result;
 * });
 * kernel.write(1, new Uint8Array(3));
 * for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) task();
 * equal(answer, 3);
 * ```
 */
export interface SimOptions {
  /**
   * Runs a task later, never at once: completions of `offload`, listeners of `watch`, handlers of
   * signals. A scheduler with a seed chooses their order. queueMicrotask where absent, which lets
   * no event loop turn while a listener leaves its descriptor readable.
   */
  readonly schedule?: (task: () => void) => void;
  /** Where absent, time stands still. */
  readonly clock?: SimClock;
  /** How many bytes the files of the disk may have together; more is ENOSPC. No limit if absent. */
  readonly diskBytes?: number;
}

/** What the system allows: /proc/sys/fs. */
export interface Limits {
  /** pipe-max-size, in bytes. */
  pipeMaxBytes: number;
  /** pipe-user-pages-soft; 0: none. */
  pipeUserPagesSoft: number;
  /** pipe-user-pages-hard; 0: none. */
  pipeUserPagesHard: number;
}

/** What a user has of the system, over all processes. */
export interface User {
  readonly uid: number;
  /** The capacity of the pipes this user made, in pages. */
  pipePages: number;
  /** How many descriptors this user has sent and nobody has received yet. */
  descriptorsInFlight: number;
}

/** A browser's queueMicrotask wants no other `this`. */
const later = (task: () => void) => queueMicrotask(task);

const STILL: SimClock = { now: () => 0, timer: () => () => {} };

export class Machine {
  readonly pages = new Pages();
  readonly hugePages = new HugePages();
  readonly counters = new Counters();
  readonly processes = new Map<number, Process>();
  readonly ports = new Ports();
  /** Descriptors that are under way in Unix sockets. */
  readonly inFlight = new InFlight();
  readonly unixNames = new UnixNames(socketFiles);
  /** On all that has no name: one inode stands for it. */
  readonly anonymousLocks = new LockList();
  readonly limits: Limits = {
    pipeMaxBytes: 1 << 20,
    pipeUserPagesSoft: 16384,
    pipeUserPagesHard: 0,
  };
  readonly schedule: (task: () => void) => void;
  readonly clock: SimClock;
  readonly #users = new Map<number, User>();
  /** The names of files. */
  readonly tree: Tree;
  #inodes = 0;
  #pids = 0;

  constructor(options: SimOptions = {}) {
    argument.checkOptions<SimOptions>(options, {
      schedule: argument.callback,
      clock: checkClock,
      diskBytes: argument.limit,
    });
    const { schedule = later, clock = STILL, diskBytes = Number.POSITIVE_INFINITY } = options;
    this.schedule = schedule;
    this.clock = clock;
    this.tree = new Tree(this, diskBytes);
  }

  newInode(): number {
    return ++this.#inodes;
  }

  newPid(): number {
    return ++this.#pids;
  }

  user(uid: number): User {
    let user = this.#users.get(uid);
    if (user === undefined) {
      user = { uid, pipePages: 0, descriptorsInFlight: 0 };
      this.#users.set(uid, user);
    }
    return user;
  }
}

function checkClock(value: unknown, name: string): void {
  argument.checkFields<SimClock>(value, name, {
    now: argument.callback,
    timer: argument.callback,
  });
}
