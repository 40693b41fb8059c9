import { AT_FDCWD, O_RDONLY, O_WRONLY } from '../../src/kernel/flags.js';
import type { Kernel } from '../../src/kernel/kernel.js';
import { string, succeeds, text } from './claims.js';
import { WRITABLE_LIMITS } from './limits.js';

const POOL = '/proc/sys/vm/nr_hugepages';

/** The line of /proc/meminfo: pages for HugePages_…, KiB for Hugepagesize. */
export function hugePages(
  kernel: Kernel,
  field: 'HugePages_Total' | 'HugePages_Free' | 'Hugepagesize',
): number {
  const line = new RegExp(`^${field}: +([0-9]+)`, 'm').exec(read(kernel, '/proc/meminfo'));
  return Number(line?.[1] ?? 0);
}

/** Runs `body` while one huge page more is reserved. */
export async function withHugePage(
  kernel: Kernel,
  body: () => void | Promise<void>,
): Promise<void> {
  const before = read(kernel, POOL);
  write(kernel, POOL, `${Number(before) + 1}\n`);
  try {
    await body();
  } finally {
    write(kernel, POOL, before);
  }
}

/** Why no huge page can be reserved here; false where one can. */
export const NEEDS_HUGE_PAGES: string | false =
  WRITABLE_LIMITS && 'needs root and a /proc/sys that can be written, to reserve a huge page';

function read(kernel: Kernel, path: string): string {
  const fd = succeeds(kernel.openat(AT_FDCWD, path, O_RDONLY, 0));
  const bytes = new Uint8Array(65536);
  const length = succeeds(kernel.read(fd, bytes));
  succeeds(kernel.close(fd), 0);
  return string(bytes.subarray(0, length));
}

function write(kernel: Kernel, path: string, content: string): void {
  const fd = succeeds(kernel.openat(AT_FDCWD, path, O_WRONLY, 0));
  succeeds(kernel.write(fd, text(content)), content.length);
  succeeds(kernel.close(fd), 0);
}
