/**
 * A kernel in TypeScript: the calls of Linux with the results of Linux, in memory. No Linux, no
 * addon, no Node. This module is browser compatible.
 */
import * as argument from '../argument.js';
import type { Kernel } from '../kernel.js';
import { plainCalls, sleepingCalls } from './calls.js';
import { type ProcessSignals, signalsOf } from './event/process-signals.js';
import { signalDoors } from './event/signal-watch.js';
import { watchDoors } from './event/watch.js';
import { type Names, namesOf } from './file/names.js';
import { inspect, type Snapshot } from './inspect.js';
import { duplicateOf } from './io/duplicate.js';
import { Machine, type SimOptions } from './machine.js';
import { Process } from './processes.js';

/** A class of the calls of a process: each an own property, as the addon has them. */
const ProcessCalls = class {
  constructor(caller: Process) {
    Object.assign(this, plainCalls(caller), sleepingCalls(caller));
    Object.assign(this, watchDoors(caller), signalDoors(caller));
    Object.assign(this, namesOf(caller));
    // Its getters go with it.
    Object.defineProperties(this, Object.getOwnPropertyDescriptors(signalsOf(caller)));
  }
} as unknown as new (
  caller: Process,
) => Kernel & Names & ProcessSignals;

export interface ForkOptions {
  /** The child has these descriptors and no others; `stdio` of child_process.spawn. */
  readonly inherit?: readonly number[];
  /**
   * Its offloaded calls are its main thread's, as those of a program that sleeps in them: a handler
   * without SA_RESTART ends them with EINTR. Without this they are on threads that block all
   * signals, as sluice's are on Linux.
   */
  readonly interruptible?: boolean;
}

/**
 * One process of a machine of its own; `fork` makes others.
 *
 * A plain call that Linux would let sleep does not stop the world: it answers what has moved so
 * far, and −EDEADLK where nothing has. Through `offload` it sleeps and wakes as on Linux. poll(2)
 * and epoll_wait(2) wait for nothing: with something to report, or a timeout of 0, they answer as
 * Linux does, and otherwise −EDEADLK; `watch` tells when there is something.
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import { EDEADLK, SimKernel } from 'sluice/sim';
 *
 * const kernel = new SimKernel();
 * const ends = new Int32Array(2);
 * kernel.pipe2(0, ends);
 * const [reader = -1, writer = -1] = ends;
 * equal(kernel.write(writer, new TextEncoder().encode('hello')), 5);
 * equal(kernel.read(reader, new Uint8Array(100)), 5);
 * equal(kernel.read(reader, new Uint8Array(100)), -EDEADLK);
 * ```
 *
 * @example Another process, and what it has open.
 * ```ts
 * import { deepEqual, equal } from 'node:assert/strict';
 * import { SimKernel } from 'sluice/sim';
 *
 * const kernel = new SimKernel();
 * kernel.pipe2(0, new Int32Array(2));
 * const child = kernel.fork({ inherit: [0] });
 * kernel.close(0);
 * equal(kernel.write(1, new Uint8Array(3)), 3);
 * equal(child.read(0, new Uint8Array(100)), 3);
 * const [, { descriptors = [] } = {}] = kernel.inspect().processes;
 * deepEqual(descriptors, [{ fd: 0, closeOnExec: false, description: 1 }]);
 * ```
 */
export class SimKernel extends ProcessCalls {
  readonly #caller: Process;

  /**
   * @param caller the process, where it is not the first of a machine of its own
   * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE where an option makes no sense
   */
  constructor(options: SimOptions = {}, caller = new Process(new Machine(options))) {
    super(caller);
    this.#caller = caller;
  }

  /** Everything in the machine that can be seen, as plain data that JSON takes. */
  inspect(): Snapshot {
    return inspect(this.#caller.machine);
  }

  /**
   * Another process of the same machine, which shares descriptions with this one: all, under their
   * numbers, as fork(2) has it, or as a spawned program's 0, 1, 2 and on those of `inherit`.
   */
  fork(options: ForkOptions = {}): SimKernel {
    argument.checkOptions<ForkOptions>(options, {
      inherit: argument.listOf(argument.integer),
      interruptible: argument.boolean,
    });
    const { inherit, interruptible = false } = options;
    const child = this.#caller.fork(inherit);
    child.isInterruptible = interruptible;
    return new SimKernel({}, child);
  }

  /**
   * pidfd_getfd(2): a descriptor of this process on what the other process has open under `fd`, as
   * if it had come in a message (SCM_RIGHTS): one description, the lowest free number, FD_CLOEXEC.
   * Answers −EBADF where the other has no such descriptor, −EMFILE, and −ESRCH where one of the two
   * has ended.
   *
   * @throws ERR_INVALID_ARG_TYPE where `from` is no process of this machine
   */
  pidfd_getfd(from: SimKernel, fd: number): number {
    if (!(from instanceof SimKernel) || from.#caller.machine !== this.#caller.machine) {
      throw new argument.InvalidArgumentType('from', 'a process of the same machine', from);
    }
    return duplicateOf(this.#caller, from.#caller, fd);
  }

  /** What execve(2) does to descriptors and signals. */
  exec(): void {
    this.#caller.exec();
  }
}
