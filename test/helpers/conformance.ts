/**
 * The conformance harness: a row is written once and runs on every kernel there is.
 *
 *   row('PIPE-03', 'bytes are read in the order written', ({ kernel, pipe }) => { … });
 *
 * After each row the descriptor table is what it was before; on the sim kernel all the machine is.
 */
import assert from 'node:assert/strict';
import { differenceOf, type KernelName } from './differences.js';
import { type Run, register } from './registry.js';
import type { Body } from './subject.js';

export type { Area, SignalProbe, Subject } from './subject.js';

export interface RowOptions {
  /** Why Linux cannot run it here: the reason is printed and the row counts as skipped. */
  readonly skip?: string | false;
}

/** Registers a test of these rows of the table for each kernel. */
export function row(
  ids: string | readonly string[],
  behaviour: string,
  body: Body,
  { skip = false }: RowOptions = {},
): void {
  const all = typeof ids === 'string' ? [ids] : ids;
  on('linux', all, behaviour, skip, async () => {
    const { onLinux } = await import('./linux-row.js');
    await onLinux(body);
  });
  on('sim', all, behaviour, false, async () => {
    const { onSim } = await import('./sim-row.js');
    await onSim(body);
  });
}

/** A row that is a difference must fail, or its subject is nothing that this kernel has. */
function on(
  kernel: KernelName,
  ids: readonly string[],
  behaviour: string,
  skip: string | false,
  run: Run,
): void {
  const name = `${ids.join(' ')}: ${behaviour}`;
  const difference = differenceOf(ids, kernel);
  if (difference === undefined) register({ ids, name, kernel, skip, run });
  else if (difference.subject === 'other') {
    const fails: Run = () => assert.rejects(run());
    register({ ids, name: `${name} (differs)`, kernel, skip, run: fails });
  }
}
