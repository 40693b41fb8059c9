/** File systems of a test's own: for root, who may mount. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { NEEDS_ROOT } from '../helpers/limits.js';

/** Why nothing can be mounted here; false where it can. */
export const CANNOT_MOUNT: string | false = NEEDS_ROOT || mountIsForbidden();

/** Why there is no ext4 in a file here; false where there can be. */
export const NO_EXT4: string | false = CANNOT_MOUNT || ext4IsMissing();

function ext4IsMissing(): string | false {
  const missing = spawnSync('mkfs.ext4', ['-V']).error !== undefined;
  return missing || !existsSync('/dev/loop-control') ? 'needs mkfs.ext4 and loop devices' : false;
}

function mountIsForbidden(): string | false {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-mount-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', 'none', folder]);
  if (status === 0) execFileSync('umount', [folder]);
  rmSync(folder, { recursive: true });
  return status === 0 ? false : 'needs a root that may mount';
}

/** A folder with a file system of its own, until the test ends. */
export function mounted(t: TestContext, type: string, options: string, from = 'none'): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-mounted-'));
  execFileSync('mount', ['-t', type, '-o', options, from, folder]);
  t.after(() => {
    // Lazily: a child that was killed may still be dying.
    execFileSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true });
  });
  return folder;
}

/** A folder with an ext4 of so many MiB. */
export function mountedExt4(t: TestContext, size: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-ext4-'));
  const image = join(folder, 'image');
  writeFileSync(image, '');
  truncateSync(image, size * 2 ** 20);
  execFileSync('mkfs.ext4', ['-q', image]);
  const disk = mounted(t, 'ext4', 'loop', image);
  t.after(() => rmSync(folder, { recursive: true }));
  return disk;
}
