/**
 * An end of a ring before it is used: as descriptors, to be opened here or given away. This module
 * is browser compatible.
 */
import type { Fd } from '../../fd/fd.js';
import { closeEnds } from '../../fd/pipe.js';
import { check } from '../../kernel/error.js';
import type { LinuxKernel } from '../../kernel/linux-kernel.js';
import { RingError } from './error.js';
import { CLOSED, UNOPENED } from './layout.js';
import { setWord, wordOf } from './memory.js';

/** Which descriptors an end is made of, in their order: memory and socket, once for each lane. */
export type Descriptors = readonly Fd[];

/** A worker of node:worker_threads. */
export interface WorkerLike {
  once(event: 'exit', listener: () => void): unknown;
}

/** What makes a sender of an end, or a receiver. */
export interface Opener<Opened, Options> {
  /** The word in which the end says that it is open, or closed. */
  readonly state: number;
  /** The descriptors are its own, also where it throws. */
  open(numbers: readonly number[], options?: Options): Opened;
}

/** An end of a ring that nobody has opened yet: open it here, or give it away. */
export class RingEnd<Opened, Options> {
  readonly #kernel: LinuxKernel;
  readonly #opener: Opener<Opened, Options>;
  #descriptors: Descriptors;

  /** Owns the descriptors. */
  constructor(kernel: LinuxKernel, descriptors: Descriptors, opener: Opener<Opened, Options>) {
    this.#kernel = kernel;
    this.#opener = opener;
    this.#descriptors = this.#kept(descriptors);
  }

  /** Whether it was opened, given away or closed. */
  get gone(): boolean {
    return this.#descriptors.length === 0;
  }

  /** Opens it in this thread. */
  open(options?: Options): Opened {
    const numbers = this.#taken().map((fd) => fd.release());
    return this.#opener.open(numbers, options);
  }

  /**
   * Gives it to another process. `hand` gets its descriptors, for `stdio` of a child or for
   * `sendFds`, and answers at once or with a promise; after that they are closed here, because the
   * death of the other process shows only when nobody else has them. Where `hand` throws or
   * rejects, the end is as before.
   *
   * @returns what `hand` answers
   */
  give<Result>(hand: (descriptors: Descriptors) => Result): Result {
    const descriptors = this.#taken();
    const restore = () => {
      this.#descriptors = this.#kept(descriptors);
    };
    const done = () => closeEnds(...descriptors);
    try {
      const result = hand(descriptors);
      if (isPromise(result)) result.then(done, restore);
      else done();
      return result;
    } catch (error) {
      restore();
      throw error;
    }
  }

  /**
   * Gives it to a worker of this process. `hand` gets the numbers, for `workerData` or a message,
   * and answers the worker, which opens them; they are the worker's then, and closed when it ends.
   * Where it ends before that, they are closed here.
   *
   * @returns what `hand` answers
   */
  giveToWorker<Worker extends WorkerLike>(hand: (numbers: number[]) => Worker): Worker {
    const descriptors = this.#taken();
    const witnesses = this.#kept(memories(descriptors).map((memory) => memory.dup()));
    const numbers = descriptors.map(({ fd }) => fd);
    try {
      const worker = hand(numbers);
      worker.once('exit', () => this.#settle(numbers, witnesses));
      for (const fd of descriptors) fd.release();
      return worker;
    } catch (error) {
      this.#drop(witnesses);
      this.#descriptors = this.#kept(descriptors);
      throw error;
    }
  }

  /** Closes an end that nobody got: for the other one it ends well. */
  close(): void {
    if (this.gone) return;
    const descriptors = this.#taken();
    for (const { fd } of memories(descriptors)) {
      setWord(this.#kernel, fd, this.#opener.state, CLOSED);
    }
    closeEnds(...descriptors);
  }

  /** As `close`, at the end of a `using` scope. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** The worker is gone, which has closed what it had opened. */
  #settle(numbers: readonly number[], witnesses: Descriptors): void {
    const { state } = this.#opener;
    const opened = witnesses.some(({ fd }) => wordOf(this.#kernel, fd, state) !== UNOPENED);
    if (!opened) for (const number of numbers) this.#kernel.close(number);
    this.#drop(witnesses);
  }

  #drop(descriptors: Descriptors): void {
    for (const { fd } of descriptors) this.#kernel.reclaim(fd);
    closeEnds(...descriptors);
  }

  #taken(): Descriptors {
    if (this.gone) throw new RingError('ERR_SLUICE_RING', GONE);
    const descriptors = this.#descriptors;
    this.#descriptors = [];
    for (const { fd } of descriptors) this.#kernel.reclaim(fd);
    return descriptors;
  }

  /** Closed with its thread: a worker that is terminated has no time to close them. */
  #kept(descriptors: Descriptors): Descriptors {
    for (const { fd } of descriptors) check(this.#kernel.entrust(fd), 'entrust');
    return descriptors;
  }
}

const GONE = 'this end of the ring was opened, given away or closed before';

/** Every other descriptor of an end. */
function memories(descriptors: Descriptors): Descriptors {
  return descriptors.filter((_, index) => index % 2 === 0);
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
