/**
 * An end of a ring before it is used: as descriptors, to be opened here or given away. This module
 * is browser compatible.
 */
import type { Fd } from '../../fd/fd.js';
import { closeEnds } from '../../fd/pipe.js';
import { InvalidArgumentType } from '../../kernel/argument.js';
import { entrusted } from '../entrusted.js';
import type { MemoryRuntime } from '../runtime.js';
import { RingError } from './error.js';
import { CLOSED, UNOPENED } from './layout.js';
import { fileOf, setWord, wordOf } from './memory.js';

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
  readonly #runtime: MemoryRuntime;
  readonly #opener: Opener<Opened, Options>;
  #descriptors: Descriptors;

  /** Owns the descriptors, which are entrusted. */
  constructor(runtime: MemoryRuntime, descriptors: Descriptors, opener: Opener<Opened, Options>) {
    this.#runtime = runtime;
    this.#opener = opener;
    this.#descriptors = descriptors;
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
      this.#descriptors = descriptors;
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
   * Where it ends before that, they are closed here. Where `hand` throws, the end is as before.
   *
   * @returns what `hand` answers
   * @throws ERR_INVALID_ARG_TYPE that is no worker, but a promise of one, perhaps
   */
  giveToWorker<Worker extends WorkerLike>(hand: (numbers: number[]) => Worker): Worker {
    const { kernel } = this.#runtime;
    const descriptors = this.#taken();
    const given = descriptors.map(({ fd }) => ({ fd, file: fileOf(kernel, fd) }));
    const witnesses: Fd[] = [];
    try {
      for (const memory of memories(descriptors)) {
        witnesses.push(entrusted(this.#runtime, memory.dup()));
      }
      const worker = hand(given.map(({ fd }) => fd));
      if (typeof worker?.once !== 'function') {
        throw new InvalidArgumentType('hand', 'a function that answers a worker', worker);
      }
      worker.once('exit', () => this.#settle(given, witnesses));
      for (const fd of descriptors) fd.release();
      return worker;
    } catch (error) {
      closeEnds(...witnesses);
      this.#descriptors = descriptors;
      throw error;
    }
  }

  /** Closes an end that nobody got: for the other one it ends well. */
  close(): void {
    if (this.gone) return;
    const descriptors = this.#taken();
    for (const { fd } of memories(descriptors)) {
      setWord(this.#runtime.kernel, fd, this.#opener.state, CLOSED);
    }
    closeEnds(...descriptors);
  }

  /** As `close`, at the end of a `using` scope. */
  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * The worker is gone, which has closed what it had opened, and what it had tried to open: others
   * may have those numbers by now.
   */
  #settle(given: readonly Given[], witnesses: Descriptors): void {
    const { kernel } = this.#runtime;
    const { state } = this.#opener;
    const opened = witnesses.some(({ fd }) => wordOf(kernel, fd, state) !== UNOPENED);
    for (const { fd, file } of given) {
      if (!opened && fileOf(kernel, fd) === file) kernel.close(fd);
    }
    closeEnds(...witnesses);
  }

  #taken(): Descriptors {
    if (this.gone) throw new RingError('ERR_SLUICE_RING', GONE);
    const descriptors = this.#descriptors;
    this.#descriptors = [];
    return descriptors;
  }
}

/** What a worker was given: a number, and which file it is while nobody has closed it. */
interface Given {
  readonly fd: number;
  readonly file: string | undefined;
}

const GONE = 'this end of the ring was opened, given away or closed before';

/** Every other descriptor of an end. */
function memories(descriptors: Descriptors): Descriptors {
  return descriptors.filter((_, index) => index % 2 === 0);
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
