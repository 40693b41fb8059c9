/**
 * A scheduler with a seed: the order of everything that a sim kernel and the flows over it do later
 * is drawn from the seed, so that each seed is one course of events, and repeats. This module is
 * browser compatible.
 */
import * as argument from '../argument.js';
import { SluiceError } from '../error.js';
import { mulberry32 } from '../random.js';
import { VirtualClock } from './clock.js';

export interface SchedulerOptions {
  /** Which order of events; 0 if absent. */
  readonly seed?: number;
  /**
   * How likely, from 0 to 1, time goes on to the next timer although there is something else to do:
   * a slow machine. 0 if absent: then a limit of time is reached only where nothing else happens.
   */
  readonly haste?: number;
  /** After so many tasks `run` believes no more that its promise will be settled: a million. */
  readonly mostTasks?: number;
}

/** To be run after all tasks of its epoch and of those before. */
interface Last {
  readonly task: () => void;
  readonly epoch: number;
}

/**
 * Runs the tasks of a `SimKernel` and of its clock one by one, in an order drawn from the seed, and
 * between two of them whatever promises follow from the first. Time passes when nothing is left to
 * do. It fits as the options of a kernel.
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import { createRuntime, Scheduler, SimKernel } from 'sluice/sim';
 *
 * for (let seed = 0; seed < 10; seed++) {
 *   const scheduler = new Scheduler({ seed });
 *   const kernel = new SimKernel(scheduler);
 *   const { pipe, copy } = createRuntime({ kernel, clock: scheduler.clock });
 *   using from = pipe();
 *   using to = pipe();
 *   const copied = copy(from.reader, to.writer, { limit: 5 });
 *   kernel.write(from.writer.fd, new TextEncoder().encode('hello'));
 *   equal((await scheduler.run(copied)).bytes, 5);
 * }
 * ```
 */
export class Scheduler {
  readonly clock: VirtualClock;
  readonly #random: () => number;
  readonly #haste: number;
  readonly #mostTasks: number;
  readonly #tasks: { readonly task: () => void; readonly epoch: number }[] = [];
  readonly #last: Last[] = [];
  /** How many tasks of an epoch have not run; an epoch ends where a last task is scheduled. */
  readonly #left = new Map<number, number>();
  #epoch = 0;

  constructor(options: SchedulerOptions = {}) {
    argument.options(options);
    const { seed = 0, haste = 0, mostTasks = 1_000_000 } = options;
    argument.positiveCount(mostTasks, 'mostTasks');
    this.#random = mulberry32(argument.integer(seed, 'seed'));
    this.#haste = argument.chance(haste, 'haste');
    this.#mostTasks = mostTasks;
    this.clock = new VirtualClock(this, Math.floor(this.#random() * 2 ** 32));
  }

  /** Runs the task later, before or after others. */
  readonly schedule = (task: () => void): void => {
    this.#tasks.push({ task, epoch: this.#epoch });
    this.#left.set(this.#epoch, (this.#left.get(this.#epoch) ?? 0) + 1);
  };

  /** Runs the task after all that are to run by now: a later turn of the event loop. */
  readonly scheduleLast = (task: () => void): void => {
    this.#last.push({ task, epoch: this.#epoch });
    this.#epoch++;
  };

  /** How many tasks are to run. */
  get pending(): number {
    return this.#tasks.length + this.#last.length;
  }

  /** Runs one task, whatever the time; answers whether there was one. */
  step(): boolean {
    const task = this.#draw();
    task?.();
    return task !== undefined;
  }

  /**
   * Runs tasks until the promise is settled, and answers as it does.
   *
   * @throws ERR_SLUICE_STUCK where nothing is left to do, not even at another time, or the promise
   *   is not settled after `mostTasks`; what a task throws
   */
  async run<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const settle = () => {
      isSettled = true;
    };
    promise.then(settle, settle);
    await this.#runUntil((tasks) => {
      if (isSettled) return true;
      if (tasks >= this.#mostTasks) throw stuck(`not settled after ${tasks} tasks`);
      if (this.#isHasty() || this.pending === 0) this.clock.advanceToNext();
      if (this.pending === 0) throw stuck('nothing is left to do, and the promise is not settled');
      return false;
    });
    return promise;
  }

  /**
   * Runs all tasks that there are, and those that follow from them. No time passes.
   *
   * @throws ERR_SLUICE_STUCK where there are others after `mostTasks`; what a task throws
   */
  async rest(): Promise<void> {
    await this.#runUntil((tasks) => {
      if (tasks >= this.#mostTasks) throw stuck(`not at rest after ${tasks} tasks`);
      return this.pending === 0;
    });
  }

  /** Between two tasks a turn of the event loop, which ends when no promise has more to do. */
  async #runUntil(isOver: (tasks: number) => boolean): Promise<void> {
    const turns = new Turns();
    try {
      await turns.next();
      for (let tasks = 0; !isOver(tasks); tasks++) {
        this.step();
        await turns.next();
      }
    } finally {
      turns.close();
    }
  }

  #isHasty(): boolean {
    return this.#haste > 0 && this.#random() < this.#haste;
  }

  #draw(): (() => void) | undefined {
    const candidates = this.#tasks.length + (this.#isLastDue() ? 1 : 0);
    const at = Math.floor(this.#random() * candidates);
    const chosen = this.#tasks[at];
    if (chosen === undefined) return this.#last.shift()?.task;
    const end = this.#tasks.pop();
    if (end !== undefined && end !== chosen) this.#tasks[at] = end;
    this.#ran(chosen.epoch);
    return chosen.task;
  }

  #ran(epoch: number): void {
    const left = (this.#left.get(epoch) ?? 0) - 1;
    if (left > 0) this.#left.set(epoch, left);
    else this.#left.delete(epoch);
  }

  /** Whether all tasks have run that were scheduled before the first of the last ones. */
  #isLastDue(): boolean {
    const first = this.#last[0];
    if (first === undefined) return false;
    // Epochs are met in their order, so the first that has tasks left is the oldest.
    for (const epoch of this.#left.keys()) return epoch > first.epoch;
    return true;
  }
}

/** As it is everywhere; the types of Node's know no `onmessage`. */
interface Port {
  onmessage: () => void;
  postMessage(message: undefined): void;
  close(): void;
}

/** Turns of the event loop, wherever there is one: a message comes after all promises. */
class Turns {
  readonly #ports = new MessageChannel() as unknown as Record<'port1' | 'port2', Port>;
  #resolve = () => {};

  constructor() {
    this.#ports.port1.onmessage = () => this.#resolve();
  }

  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#ports.port2.postMessage(undefined);
    });
  }

  close(): void {
    this.#ports.port1.close();
    this.#ports.port2.close();
  }
}

function stuck(why: string): SluiceError {
  return new SluiceError('ERR_SLUICE_STUCK', why);
}
