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
import { test } from 'node:test';
import { linux } from '../../src/kernel/linux.js';
import { LinuxSubject, openDescriptors } from './linux-subject.js';
import { type Body, difference, onSim } from './sim-row.js';
import { BUILT } from './sim-subject.js';

export { openDescriptors } from './linux-subject.js';
export type { Area, SignalProbe, Subject } from './subject.js';

/**
 * Where a row cannot run as it is, and why: the reason is printed and the row counts as skipped.
 */
export interface RowOptions {
  readonly skip?: string | false;
}

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
  const options = { skip: difference(all) ?? skip, timeout: TIMEOUT_MS };
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
