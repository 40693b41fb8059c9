/**
 * A mapping whose ArrayBuffer was given to somebody else by `transfer`: Node ≥ 22. Who has it now
 * reads zeros once it is closed, never another file, and keeps the addresses until it is collected.
 */
import assert from 'node:assert/strict';
import { type Mapping, map } from '../../../src/index.js';
import * as sys from '../../../src/sys.js';
import { transfer } from '../../helpers/mappings.js';
import { CONTENT, PAGE } from './content.js';
import { collected } from './garbage.js';

function file(content: Uint8Array): number {
  const fd = sys.memfd_create('sluice-moved', sys.MFD_CLOEXEC);
  sys.write(fd, content);
  return fd;
}

const [one, two] = [file(CONTENT), file(new Uint8Array(CONTENT.length).fill(255))];

function others(): Mapping[] {
  return Array.from({ length: 8 }, () => map(two));
}

function looks(): void {
  sys.pwrite(one, CONTENT, 0);
  const mapping = map(one, { access: 'write' });
  const moved = new Uint8Array(transfer(mapping.buffer));
  assert.deepEqual([mapping.length, moved[0], moved[PAGE]], [0, CONTENT[0], CONTENT[PAGE]]);
  sys.ftruncate(one, PAGE);
  assert.deepEqual([moved[PAGE], mapping.damaged], [0, true]);
  mapping.close();
  const taken = others();
  assert.ok(moved.every((byte) => byte === 0));
  moved.fill(7);
  for (const other of taken) {
    assert.ok(other.bytes.every((byte) => byte === 255));
    other.close();
  }
}

looks();
const areas = await collected();
for (let times = 0; times < 100; times++) looks();
assert.ok((await collected()) <= areas + 5, 'addresses are kept for ever');
console.log('alive');
