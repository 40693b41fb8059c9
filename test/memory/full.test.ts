import { test } from 'node:test';
import { survives } from './child.js';
import { CANNOT_MOUNT, mounted } from './mounts.js';

for (const [course, what] of [
  ['stores', 'stores into a sparse file on a full disk: 0 deaths, each flush says so'],
  ['refuses', 'allocate and grow hear of a full disk beforehand, nothing is half done'],
  ['holes', 'more holes than a process may have areas: the whole mapping is replaced'],
] as const) {
  test(`M3: ${what}`, { skip: CANNOT_MOUNT }, async (t) => {
    const disk = mounted(t, 'tmpfs', 'size=1m');
    t.diagnostic(await survives('full', [disk, course]));
  });
}
