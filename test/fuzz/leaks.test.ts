/** After a random sequence of calls a sim kernel whose descriptors are closed has nothing left. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimKernel } from '../../src/sim.js';
import { sequence } from './differential/generate.js';
import { run } from './differential/run.js';
import { newScratch, Side } from './differential/side.js';

const SEQUENCES = 200;
const SEED = Number(process.env.SLUICE_SEED ?? 1);
const DIRECTORY = '/dev/shm/leaks';

test('two sim kernels do the same by the same calls, and nothing is left of either', () => {
  for (let seed = SEED; seed < SEED + SEQUENCES; seed++) {
    const kernels = [new SimKernel(), new SimKernel()] as const;
    const [one, other] = kernels.map(sideOf) as [Side, Side];
    assert.equal(run(sequence(seed), [one, other]), undefined, `seed ${seed}`);
    for (const side of [one, other]) side.end();
    for (const kernel of kernels) assertEmpty(kernel, `seed ${seed}`);
  }
});

function sideOf(kernel: SimKernel): Side {
  kernel.mkdir(DIRECTORY);
  return new Side(kernel, DIRECTORY, newScratch());
}

/** A file without a name goes with its last descriptor. */
function assertEmpty(kernel: SimKernel, what: string): void {
  for (const name of kernel.readdir(DIRECTORY)) kernel.unlink(`${DIRECTORY}/${name}`);
  const { objects, descriptions, pagesInUse } = kernel.inspect();
  assert.deepEqual({ objects, descriptions, pagesInUse }, EMPTY, what);
}

const EMPTY = { objects: [], descriptions: [], pagesInUse: 0 };
