import { accessSync, constants } from 'node:fs';
import process from 'node:process';
import { F_SETPIPE_SZ } from '../../src/kernel/flags.js';
import { succeeds } from './claims.js';
import type { Subject } from './conformance.js';
import type { TestProcess } from './process.js';

/** Why a row cannot run that becomes another user or sets a limit; false where it can. */
export const NEEDS_ROOT: string | false = process.getuid?.() === 0 ? false : 'needs root';

/** Why a row cannot run that changes a limit of the system; false where it can. */
export const WRITABLE_LIMITS: string | false = NEEDS_ROOT || limitsAreReadOnly();

function limitsAreReadOnly(): string | false {
  try {
    accessSync('/proc/sys/fs/pipe-user-pages-hard', constants.W_OK);
    return false;
  } catch {
    return 'needs a /proc/sys that can be written';
  }
}

/**
 * A process without privileges, of a user that nobody else is: limits that Linux counts for a user
 * are all its own, whatever else runs at the same time.
 */
export async function otherUser(subject: Subject): Promise<TestProcess> {
  const child = await subject.process();
  const user = 20_000 + (child.pid % 40_000);
  succeeds(await child.call('setresgid', user, user, user), 0);
  succeeds(await child.call('setresuid', user, user, user), 0);
  return child;
}

const LARGEST_PIPE_PAGES = 256;
const PAGE = 4096;

/** Makes pipes of a megabyte until the user has `pages` pages in pipes. */
export async function takePages(child: TestProcess, pages: number): Promise<void> {
  const ends = new Int32Array(2);
  for (let taken = 0; taken < pages; taken += LARGEST_PIPE_PAGES) {
    succeeds(await child.call('pipe2', 0, ends), 0);
    const bytes = LARGEST_PIPE_PAGES * PAGE;
    succeeds(await child.call('fcntl', ends[1] as number, F_SETPIPE_SZ, bytes), bytes);
  }
}
