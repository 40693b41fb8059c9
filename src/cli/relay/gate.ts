/**
 * Numbers of descriptors belong to the process. A worker that gives up its reserve for a moment
 * must be the only one to take a number in that moment: the reserve would be lost to another
 * thread, and whoever waits in the queue would not even hear that there is no room.
 */
import type { Kernel } from '../../kernel/kernel.js';

export interface Passage {
  /** Answers what `call` does. Many pass at a time, but none while one is alone. */
  pass<Result>(call: () => Result): Result;
  /** Answers what `use` does, during which nobody passes: not `use` either. */
  alone<Result>(use: () => Result): Result;
}

/** For a thread that has the process to itself. */
export const NO_GATE: Passage = { pass: (call) => call(), alone: (use) => use() };

/** How many are in a call that takes a number; whether one is alone. */
const [CALLS, ALONE] = [0, 1];

export class Gate implements Passage {
  /** What its threads share. */
  readonly memory: SharedArrayBuffer;
  readonly #cells: Int32Array;

  constructor(memory = new SharedArrayBuffer(8)) {
    this.memory = memory;
    this.#cells = new Int32Array(memory);
  }

  pass<Result>(call: () => Result): Result {
    this.#enter();
    try {
      return call();
    } finally {
      Atomics.sub(this.#cells, CALLS, 1);
    }
  }

  alone<Result>(use: () => Result): Result {
    const cells = this.#cells;
    while (Atomics.compareExchange(cells, ALONE, 0, 1) !== 0) Atomics.wait(cells, ALONE, 1);
    try {
      // The calls take microseconds: nothing that passes can sleep.
      while (Atomics.load(cells, CALLS) > 0);
      return use();
    } finally {
      Atomics.store(cells, ALONE, 0);
      Atomics.notify(cells, ALONE);
    }
  }

  #enter(): void {
    const cells = this.#cells;
    Atomics.add(cells, CALLS, 1);
    while (Atomics.load(cells, ALONE) === 1) {
      Atomics.sub(cells, CALLS, 1);
      Atomics.wait(cells, ALONE, 1);
      Atomics.add(cells, CALLS, 1);
    }
  }
}

/** The kernel, whose calls that take a number in a relay pass the gate. */
export function gated(kernel: Kernel, gate: Gate): Kernel {
  return {
    ...kernel,
    accept4: (fd, flags, peer) => gate.pass(() => kernel.accept4(fd, flags, peer)),
    socket: (domain, type, protocol) => gate.pass(() => kernel.socket(domain, type, protocol)),
    pipe2: (flags, fds) => gate.pass(() => kernel.pipe2(flags, fds)),
  };
}
