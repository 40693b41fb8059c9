/** Mappings that nobody has any more, or only a view of one byte. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { map } from '../../../src/index.js';
import * as sys from '../../../src/sys.js';
import { CONTENT, PAGE } from './content.js';
import { collected, descriptors } from './garbage.js';

const fd = sys.memfd_create('sluice-forgotten', sys.MFD_CLOEXEC);
sys.write(fd, CONTENT);
const mapped = () => readFileSync('/proc/self/maps', 'latin1').split('sluice-forgotten').length - 1;

// In functions of their own: no register or frame is left that has them.
const forget = () => void map(fd);
const keepOneByte = () => new Uint8Array(map(fd).buffer, PAGE, 1);

const before = descriptors();
forget();
assert.equal(mapped(), 1);
await collected();
assert.deepEqual([mapped(), descriptors() - before], [0, 0]);

let byte: Uint8Array | undefined = keepOneByte();
await collected();
assert.deepEqual([mapped(), byte[0]], [1, CONTENT[PAGE]]);
sys.ftruncate(fd, 0);
assert.equal(byte[0], 0);
byte = undefined;
await collected();
assert.deepEqual([mapped(), descriptors() - before], [0, 0]);
console.log('alive');
