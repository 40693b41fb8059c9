/** A row of the conformance suite as it runs on the sim kernel, in Node and in a browser. */
import assert from 'node:assert/strict';
import { SimSubject } from './sim-subject.js';
import type { Body } from './subject.js';

/** The row on a machine of its own, which afterwards looks inside as it did before. */
export async function onSim(body: Body): Promise<void> {
  const subject = new SimSubject();
  const before = subject.state();
  try {
    await body(subject);
  } finally {
    await subject.end();
  }
  assert.deepEqual(subject.state(), before, 'the machine before and after the row');
}
