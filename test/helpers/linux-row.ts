/** A row of the conformance suite as it runs on Linux. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { linux } from '../../src/kernel/linux.js';
import { LinuxSubject, openDescriptors } from './linux-subject.js';
import type { Body } from './subject.js';

export { openDescriptors } from './linux-subject.js';

// The door of sleep has a descriptor of its own from its first call on, and libuv one in reserve
// from its first stream on, which is not there yet where the output is a file: both before any row.
await new Promise((resolve) => linux.offload('fsync', [-1], resolve));
await new Promise((resolve) => spawn('true', { stdio: 'pipe' }).once('close', resolve));

/** A test that is given what a row is, of what is built over Linux alone. */
export function linuxTest(behaviour: string, body: Body): void {
  test(behaviour, { timeout: 60_000 }, () => onLinux(body));
}

/** Runs the row; afterwards the descriptor table is what it was before. */
export async function onLinux(body: Body): Promise<void> {
  const subject = new LinuxSubject();
  const before = openDescriptors();
  try {
    await body(subject);
  } finally {
    await subject.end();
  }
  assert.deepEqual(openDescriptors(), before, 'descriptors before and after the row');
}
