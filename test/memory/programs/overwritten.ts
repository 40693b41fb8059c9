/**
 * A mapping whose ArrayBuffer goes away by `transfer` (Node ≥ 22) while `fs.write` has its bytes on
 * another thread: what comes out is the old bytes, and zeros, never those of what is mapped next.
 */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { promisify } from 'node:util';
import { map, reserve } from '../../../src/index.js';
import * as f from '../../../src/kernel/flags.js';
import { linux } from '../../../src/kernel/linux.js';
import * as sys from '../../../src/sys.js';
import { transfer } from '../../helpers/mappings.js';
import { PAGE } from './content.js';
import { collected } from './garbage.js';

const LENGTH = 16 * PAGE;
const [OLD, FOREIGN] = [1, 2];

function file(value: number): number {
  const fd = sys.memfd_create('sluice-overwritten', sys.MFD_CLOEXEC);
  sys.write(fd, new Uint8Array(LENGTH).fill(value));
  return fd;
}

const [old, foreign] = [file(OLD), file(FOREIGN)];

function drop(mapping: { readonly buffer: ArrayBuffer }): void {
  transfer(mapping.buffer);
}

async function write(): Promise<void> {
  const [reader, writer] = sys.pipe2(sys.O_CLOEXEC);
  sys.fcntl(writer, sys.F_SETPIPE_SZ, PAGE);
  const mapping = map(old);
  const writing = promisify(fs.write)(writer, mapping.bytes);
  const out = Buffer.alloc(LENGTH);
  let count = fs.readSync(reader, out, 0, 100, null);
  drop(mapping);
  await collected();
  assert.equal(mapping.closed, true);
  const others = Array.from({ length: 3 }, () => map(foreign, { populate: true }));
  while (count < LENGTH) count += fs.readSync(reader, out, count, LENGTH - count, null);
  assert.equal((await writing).bytesWritten, LENGTH);
  assert.equal(out.includes(FOREIGN), false, 'foreign bytes came');
  for (const other of others) other.close();
}

/** A part of a reservation that is gone lets nothing go: the addresses are somebody else's. */
async function closeLate(): Promise<void> {
  const space = reserve(LENGTH);
  const address = linux.address_of(space.buffer);
  const part = space.map(old, 0);
  drop(space);
  await collected();
  assert.deepEqual([space.closed, part.closed], [true, true]);
  const flags = f.MAP_PRIVATE | f.MAP_FIXED_NOREPLACE;
  assert.equal(linux.mmap(address, LENGTH, f.PROT_READ, flags, foreign, 0), address);
  part.close();
  space.close();
  const [now, expected] = [new Uint8Array(LENGTH), new Uint8Array(LENGTH).fill(FOREIGN)];
  linux.load(address, now);
  assert.deepEqual(now, expected);
  linux.munmap(address, LENGTH);
  assert.throws(() => part.resize(PAGE), { code: 'ERR_SLUICE_CLOSED' });
}

await write();
await closeLate();
console.log('alive');
