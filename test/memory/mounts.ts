/** File systems of a test's own: for root, who may mount. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { NEEDS_ROOT } from '../helpers/limits.js';

/** Why nothing can be mounted here; false where it can. */
export const CANNOT_MOUNT: string | false = NEEDS_ROOT || mountIsForbidden();

function mountIsForbidden(): string | false {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-mount-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', 'none', folder]);
  if (status === 0) execFileSync('umount', [folder]);
  rmSync(folder, { recursive: true });
  return status === 0 ? false : 'needs a root that may mount';
}

/** A folder with a file system of its own, until the test ends. */
export function mounted(t: TestContext, type: string, options: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-mounted-'));
  execFileSync('mount', ['-t', type, '-o', options, 'none', folder]);
  t.after(() => {
    // Lazily: a child that was killed may still be dying.
    execFileSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true });
  });
  return folder;
}
