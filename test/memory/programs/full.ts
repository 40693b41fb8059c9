/** Mappings on a file system of 1 MiB, which is its parameter. Prints what was lost. */
import assert from 'node:assert/strict';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { map, reserve } from '../../../src/index.js';
import * as sys from '../../../src/sys.js';
import { PAGE } from './content.js';
import { areas, descriptors } from './garbage.js';

const [folder, course] = process.argv.slice(2) as [string, string];
const MIB = 2 ** 20;
const lost = { code: 'ERR_SLUICE_MAPPING_LOST' };

function sparse(length: number): number {
  const flags = sys.O_CREAT | sys.O_RDWR | sys.O_CLOEXEC;
  const fd = sys.openat(sys.AT_FDCWD, join(folder, `sparse-${length}`), flags, 0o600);
  sys.ftruncate(fd, length);
  return fd;
}

/** Stores find the disk full: they go nowhere, and it is said each time. */
async function stores(): Promise<void> {
  const fd = sparse(4 * MIB);
  const mapping = map(fd, { access: 'write' });
  for (let at = 0; at < mapping.length; at += PAGE) mapping.bytes[at] = 1;
  assert.deepEqual([mapping.damaged, mapping.lost], [true, 3 * MIB]);
  for (let times = 0; times < 3; times++) await assert.rejects(mapping.flush(), lost);
  assert.throws(() => mapping.checkedRead(0, 1), lost);
  let kept = 0;
  for (let at = 0; at < 4 * MIB; at += PAGE) {
    const byte = new Uint8Array(1);
    sys.pread(fd, byte, at);
    kept += byte[0] as number;
  }
  assert.equal(kept, MIB / PAGE);
  console.log(`${mapping.lost} bytes lost and told so`);
}

/** Who asks for room beforehand hears ENOSPC, and all is as before. */
function refuses(): void {
  const fd = sparse(4 * MIB);
  writeFileSync(join(folder, 'small'), 'small');
  using space = reserve(8 * MIB);
  const full = { code: 'ENOSPC', syscall: 'fallocate' };
  const small = join(folder, 'small');
  const mapping = map(small, { access: 'write' });
  const before = [descriptors(), areas(), sys.fstat(fd).blocks];
  assert.throws(() => map(fd, { access: 'write', allocate: true }), full);
  assert.throws(() => map(small, { access: 'write', grow: true, length: 2 * MIB }), full);
  assert.throws(() => space.map(small, 0, { access: 'write', grow: true, length: 2 * MIB }), full);
  assert.throws(() => mapping.resize(2 * MIB), full);
  const options = { access: 'write', create: true, grow: true, length: 2 * MIB } as const;
  assert.throws(() => map(join(folder, 'new'), options), full);
  assert.deepEqual([mapping.length, Buffer.from(mapping.buffer).toString()], [5, 'small']);
  assert.deepEqual([statSync(small).size, statSync(join(folder, 'new')).size], [5, 0]);
  const after = [descriptors(), areas(), sys.fstat(fd).blocks];
  assert.deepEqual([after[0], after[2]], [before[0], before[2]]);
  assert.ok(Math.abs(Number(after[1]) - Number(before[1])) < 4);
  assert.equal(readdirSync(folder).length, 3);
  console.log('nothing is left half done');
}

/**
 * Every second page cannot be stored to: more areas than a process may have. Linux may have joined
 * the first and the last with neighbours: windows of the file side by side, or other memory.
 */
function holes(): void {
  const pages = 80_000;
  const fd = sparse(2 * pages * PAGE);
  sys.pwrite(fd, new Uint8Array(MIB - PAGE), 0);
  const second = map(fd, { access: 'write', offset: pages * PAGE });
  const first = map(fd, { access: 'write', length: pages * PAGE });
  for (let at = PAGE; at < second.length; at += 2 * PAGE) second.bytes[at] = 1;
  assert.deepEqual([second.damaged, second.lost], [true, second.length]);
  first.bytes[first.length - 1] = 1;
  assert.equal(first.damaged, true);
  console.log(`${second.lost} bytes lost and told so, ${areas()} areas`);
}

const courses: Readonly<Record<string, () => unknown>> = { stores, refuses, holes };
await courses[course]?.();
