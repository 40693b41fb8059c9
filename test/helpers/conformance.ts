/**
 * The conformance harness: a row is written once and runs on every kernel there is.
 *
 *   row('PIPE-03', 'bytes are read in the order written', ({ kernel, pipe }) => { … });
 *
 * After each row the descriptor table is what it was before.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { basename, dirname } from 'node:path';
import { type TestContext, test } from 'node:test';
import { linux } from '../../src/kernel/linux.js';
import { DIFFERENCES } from './differences.js';
import { LinuxSubject, openDescriptors } from './linux-subject.js';
import { BUILT, NotBuilt, SimSubject } from './sim-subject.js';
import type { Subject } from './subject.js';

export { openDescriptors } from './linux-subject.js';
export type { Area, SignalProbe, Subject } from './subject.js';

/**
 * Where a row cannot run as it is, and why: the reason is printed and the row counts as skipped.
 */
export interface RowOptions {
  readonly skip?: string | false;
}

type Body = (subject: Subject) => void | Promise<void>;

const TIMEOUT_MS = 60_000;

/** Registers a test of these rows of the table for each kernel. */
export function row(
  ids: string | readonly string[],
  behaviour: string,
  body: Body,
  { skip = false }: RowOptions = {},
): void {
  const all = typeof ids === 'string' ? [ids] : ids;
  const name = `${all.join(' ')}: ${behaviour}`;
  test(`${name} [linux]`, { skip, timeout: TIMEOUT_MS }, () => onLinux(body));
  if (!BUILT.includes(FAMILY)) return;
  const difference = all.map((id) => DIFFERENCES[id]).find((reason) => reason !== undefined);
  const options = { skip: difference ?? skip, timeout: TIMEOUT_MS };
  test(`${name} [sim]`, options, (context) => onSim(body, context));
}

/** The folder of the test file that runs: every file has a process of its own. */
const FAMILY = basename(dirname(process.argv[1] ?? ''));

// The door of sleep has a descriptor of its own from its first call on, and libuv one in reserve
// from its first stream on, which is not there yet where the output is a file: both before any row.
await new Promise((resolve) => linux.offload('fsync', [-1], resolve));
await new Promise((resolve) => spawn('true', { stdio: 'pipe' }).once('close', resolve));

async function onLinux(body: Body): Promise<void> {
  const subject = new LinuxSubject();
  const before = openDescriptors();
  try {
    await body(subject);
  } finally {
    await subject.end();
  }
  assert.deepEqual(openDescriptors(), before, 'descriptors before and after the row');
}

async function onSim(body: Body, context: TestContext): Promise<void> {
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
