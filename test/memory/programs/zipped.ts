/**
 * A mapping under zlib, which does not take it well that its buffer goes. Its parameter: 'close',
 * after which what happens is Node's affair, or 'closeWhenIdle'.
 */
import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import { finished } from 'node:stream/promises';
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { map } from '../../../src/index.js';
import * as sys from '../../../src/sys.js';

/** As long when it is compressed, in many pieces. */
const content = randomFillSync(Buffer.alloc(2 ** 22));
const fd = sys.memfd_create('sluice-zipped', sys.MFD_CLOEXEC);
sys.write(fd, content);
const mapping = map(fd);

async function close(): Promise<void> {
  const gzip = zlib.createGzip({ level: 1 });
  gzip.once('data', () => mapping.close());
  gzip.end(mapping.bytes);
  gzip.resume();
  await finished(gzip);
}

async function closeWhenIdle(): Promise<void> {
  const zipping = promisify<Uint8Array, Buffer>(zlib.gzip)(mapping.bytes);
  const closing = mapping.closeWhenIdle();
  assert.equal(mapping.closed, false);
  assert.ok(zlib.gunzipSync(await zipping).equals(content));
  await closing;
  assert.equal(mapping.closed, true);
}

await (process.argv[2] === 'close' ? close() : closeWhenIdle());
console.log('done');
