/** Random sequences on Linux and on the sim kernel, until so many steps are made or they differ. */
import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TMPFS_MAGIC } from '../../../src/kernel/flags.js';
import { linux } from '../../../src/kernel/linux.js';
import { Machine } from '../../../src/kernel/sim/machine.js';
import { Process } from '../../../src/kernel/sim/processes.js';
import { SimKernel } from '../../../src/kernel/sim/sim.js';
import { sequence } from './generate.js';
import { answers, codeOf } from './print.js';
import { type Difference, type Results, run } from './run.js';
import { type Found, shrink } from './shrink.js';
import { newScratch, Side } from './side.js';
import type { Step } from './step.js';

export interface Outcome {
  /** How many steps were made on both kernels. */
  readonly steps: number;
  /** The shortest sequence that differs. */
  readonly found?: Found & { readonly seed: number; readonly code: string };
}

export interface Options {
  /** The first sequence is of this seed, the next of the next one. */
  readonly seed: number;
  readonly steps: number;
}

/** Runs sequences; where one differs, cuts it down. */
export function fuzz({ seed: first, steps: wanted }: Options): Outcome {
  const bench = new Bench();
  try {
    let made = 0;
    for (let seed = first; made < wanted; seed++) {
      const steps = sequence(seed);
      const difference = bench.differs(steps);
      made += steps.length;
      if (difference !== undefined)
        return { steps: made, found: bench.found(seed, steps, difference) };
    }
    return { steps: made };
  } finally {
    bench.end();
  }
}

/** Where sequences run: files in memory, which Linux and the sim kernel both have in /dev/shm. */
class Bench {
  readonly #directory = mkdtempSync(join(memoryDirectory(), 'sluice-differential-'));
  readonly #scratches = [newScratch(), newScratch()] as const;
  #runs = 0;

  /** The same steps on new descriptors of Linux and on a new sim kernel. */
  differs = (steps: readonly Step[], results: Results = []): Difference | undefined => {
    const [ours, theirs] = this.#scratches;
    for (const scratch of this.#scratches) scratch.fill(0);
    const directory = join(this.#directory, String(this.#runs++));
    const hasFiles = steps.some(({ call }) => call === 'openat');
    if (hasFiles) mkdirSync(directory);
    const sides = [new Side(linux, directory, ours), new Side(...newSim(), theirs)] as const;
    try {
      return run(steps, sides, results);
    } finally {
      for (const side of sides) side.end();
      if (hasFiles) rmSync(directory, { recursive: true });
    }
  };

  found(seed: number, steps: readonly Step[], difference: Difference) {
    const found = shrink({ steps, difference }, this.differs);
    const results: Results = [];
    this.differs(found.steps, results);
    return { ...found, seed, code: codeOf(found, results, `seed ${seed}`) };
  }

  end(): void {
    rmSync(this.#directory, { recursive: true });
  }
}

/** A machine of its own, whose first process is of this user. */
function newSim(): [SimKernel, string] {
  const caller = new Process(new Machine({}));
  const kernel = new SimKernel({}, caller);
  const directory = '/dev/shm/differential';
  kernel.mkdir(directory);
  caller.uid = process.getuid?.() ?? 0;
  return [kernel, directory];
}

function memoryDirectory(): string {
  return ['/dev/shm', tmpdir()].find((path) => statfsSync(path).type === TMPFS_MAGIC) ?? tmpdir();
}

/** The outcome in words. */
export function report({ steps, found }: Outcome): string {
  if (found === undefined) return `${steps} steps, no difference`;
  const { seed, code, difference } = found;
  const again = `SLUICE_SEED=${seed}`;
  return [`${answers(difference)} (${again}, ${found.steps.length} steps)`, code].join('\n');
}
