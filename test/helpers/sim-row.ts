/** A row of the conformance suite as it runs on the sim kernel, in Node and in a browser. */
import assert from 'node:assert/strict';
import { DIFFERENCES } from './differences.js';
import { NotBuilt, SimSubject } from './sim-subject.js';
import type { Subject } from './subject.js';

export type Body = (subject: Subject) => void | Promise<void>;

/** What a row needs of whoever runs it. */
export interface Skipper {
  /** The row counts as skipped, with this as the reason. */
  skip(reason: string): void;
}

/** Why a row does not run on the sim kernel; undefined where it does. */
export function difference(ids: readonly string[]): string | undefined {
  return ids.map((id) => DIFFERENCES[id]).find((reason) => reason !== undefined);
}

/** The row on a machine of its own, whose descriptor tables are afterwards what they were. */
export async function onSim(body: Body, context: Skipper): Promise<void> {
  const subject = new SimSubject();
  const before = subject.openDescriptors();
  try {
    await body(subject);
    await subject.end();
  } catch (error) {
    if (!(error instanceof NotBuilt)) throw error;
    context.skip(error.message);
    return;
  }
  assert.deepEqual(subject.openDescriptors(), before, 'descriptors before and after the row');
}
