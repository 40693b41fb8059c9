import { readFileSync, writeFileSync } from 'node:fs';
import { WRITABLE_LIMITS } from './limits.js';

const POOL = '/proc/sys/vm/nr_hugepages';

/** The line of /proc/meminfo: pages for HugePages_…, KiB for Hugepagesize. */
export function hugePages(field: 'HugePages_Total' | 'HugePages_Free' | 'Hugepagesize'): number {
  const line = new RegExp(`^${field}: +([0-9]+)`, 'm').exec(
    readFileSync('/proc/meminfo', 'latin1'),
  );
  return Number(line?.[1] ?? 0);
}

/** Runs `body` while one huge page more is reserved. */
export async function withHugePage(body: () => void | Promise<void>): Promise<void> {
  const before = readFileSync(POOL, 'latin1');
  writeFileSync(POOL, `${Number(before) + 1}\n`);
  try {
    await body();
  } finally {
    writeFileSync(POOL, before);
  }
}

/** Why no huge page can be reserved here; false where one can. */
export const NEEDS_HUGE_PAGES: string | false =
  WRITABLE_LIMITS && 'needs root and a /proc/sys that can be written, to reserve a huge page';
