/**
 * A mapping under zlib, which does not take it well that its buffer goes. Its parameter: 'close',
 * after which what happens is Node's affair, or 'closeWhenIdle'.
 */
import assert from 'node:assert/strict';
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { map } from '../../../src/index.js';
import * as sys from '../../../src/sys.js';

const LENGTH = 2 ** 22;
const content = Uint8Array.from({ length: LENGTH }, (_, index) => (index * index) >> 7);
const fd = sys.memfd_create('sluice-zipped', sys.MFD_CLOEXEC);
sys.write(fd, content);
const mapping = map(fd);
const zipping = promisify<Uint8Array, Buffer>(zlib.gzip)(mapping.bytes);
if (process.argv[2] === 'close') {
  mapping.close();
  await zipping;
  console.log('done');
} else {
  const closing = mapping.closeWhenIdle();
  assert.equal(mapping.closed, false);
  assert.ok(zlib.gunzipSync(await zipping).equals(content));
  await closing;
  assert.equal(mapping.closed, true);
  console.log('done');
}
