import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { MessageChannel } from 'node:worker_threads';
import { map, mirror, reserve } from '../../src/index.js';
import { linux } from '../../src/kernel/linux.js';
import * as sys from '../../src/sys.js';
import { isFree, isMapped, whereMovable } from '../helpers/mappings.js';
import { outcome, survives } from './child.js';
import { CONTENT, PAGE } from './programs/content.js';

/** The figure of the issue is 1,000 in all. */
const UNMAPS = { write: 400, read: 300, crypt: 300 };
const node = Number(process.versions.node.split('.')[0]);

function file(content = CONTENT): number {
  const fd = sys.memfd_create('sluice-close', sys.MFD_CLOEXEC);
  sys.write(fd, content);
  return fd;
}

test('M6: a plain munmap during fs.write lets foreign bytes out, or cuts it short', async () => {
  await survives('overtaken', ['unmapped', '3']);
});

for (const [use, times] of Object.entries(UNMAPS)) {
  test(`M6: ${times} mappings closed during ${use} on a thread: 0 foreign bytes`, async (t) => {
    t.diagnostic(await survives('overtaken', [use, String(times)]));
  });
}

test('M6: a view that outlives its mapping has length 0, whatever is mapped next', () => {
  const [one, two] = [file(), file(new Uint8Array(CONTENT.length).fill(255))];
  for (let times = 0; times < 100; times++) {
    const mapping = map(one);
    const views = [mapping.bytes, Buffer.from(mapping.buffer), new DataView(mapping.buffer, 8)];
    mapping.close();
    using next = map(two);
    assert.deepEqual([views[0]?.byteLength, views[1]?.byteLength], [0, 0]);
    assert.equal((views[0] as Uint8Array)[PAGE], undefined);
    assert.throws(() => (views[2] as DataView).getInt8(0), TypeError);
    assert.equal(next.bytes[PAGE], 255);
  }
  sys.close(one);
  sys.close(two);
});

test('M6: a buffer that asm.js has cannot be detached: it reads zeros once it is closed', () => {
  const heap = 2 ** 16;
  const fd = file(new Uint8Array(heap).fill(7));
  const mapping = map(fd, { access: 'write' });
  const { buffer } = mapping;
  const code = `'use asm'; var bytes = new stdlib.Uint8Array(heap);
    function get(at) { at = at | 0; return bytes[at >> 0] | 0; } return { get: get };`;
  const get = new Function('stdlib', 'foreign', 'heap', code)(globalThis, null, buffer).get;
  assert.equal(get(PAGE), 7);
  mapping.close();
  using other = map(file(new Uint8Array(heap).fill(255)));
  assert.equal(get(PAGE) & 255, 0);
  assert.equal(mapping.closed, true);
  assert.equal(other.bytes[0], 255);
  sys.close(fd);
});

test('M6b: the ticks after a close unmap nothing that fs.write still has', async () => {
  await survives('overtaken', ['write', '20']);
});

test('M6b: addresses stay while fs.write has them, given back by the next mapping', async () => {
  const [reader, writer] = sys.pipe2(sys.O_CLOEXEC);
  const fd = file();
  const mapping = map(fd);
  const address = linux.address_of(mapping.buffer);
  const writing = promisify(fs.write)(writer, mapping.bytes);
  mapping.close();
  isMapped(address, CONTENT.length);
  const rest = Buffer.alloc(CONTENT.length);
  for (let left = rest.length; left > 0; ) {
    left -= (await promisify(fs.read)(reader, rest, 0, left, null)).bytesRead;
  }
  await writing;
  isMapped(address, CONTENT.length);
  using next = map(fd);
  isFree(address, CONTENT.length);
  assert.equal(next.bytes[0], CONTENT[0]);
  for (const one of [fd, reader, writer]) sys.close(one);
});

test('M6c: close under zlib is Node’s to fail, as expected: nothing of it is ours', async () => {
  const { code, signal, stdout, stderr } = await outcome('zipped', ['close']);
  assert.deepEqual([code, signal], node === 20 ? [null, 'SIGABRT'] : [1, null]);
  assert.equal(stdout, '');
  assert.match(
    stderr,
    node === 20 ? /IsWithinBounds/ : /RangeError: input buffer is out of bounds/,
  );
});

test('M6c: closeWhenIdle waits for zlib', async () => {
  assert.equal(await survives('zipped', ['closeWhenIdle']), 'done\n');
});

whereMovable('M6d: what was transferred reads zeros after close, and is given back', async () => {
  assert.equal(await survives('moved'), 'alive\n');
});

whereMovable(
  'M6d: what was transferred and dropped waits for fs.write, and is let go once',
  async () => {
    assert.equal(await survives('overwritten'), 'alive\n');
  },
);

test('M6: closed while http2 has its bytes and no request: zeros, nothing foreign', async () => {
  assert.equal(await survives('held'), 'alive\n');
});

test('M6e: postMessage and structuredClone leave the mapping where it is', () => {
  const fd = file();
  using mapping = map(fd);
  const { port1, port2 } = new MessageChannel();
  const { buffer } = mapping;
  for (const move of [
    () => port1.postMessage(buffer, [buffer]),
    () => structuredClone(buffer, { transfer: [buffer] }),
  ]) {
    if (node === 20) move();
    else assert.throws(move, { name: 'DataCloneError' });
    assert.deepEqual(mapping.bytes, CONTENT);
  }
  const copy = structuredClone(mapping.bytes);
  copy.fill(0);
  assert.deepEqual(mapping.bytes, CONTENT);
  port1.close();
  port2.close();
  sys.close(fd);
});

test('M6: mirrored rings and parts of reservations are let go as mappings are', () => {
  const fd = file();
  const ring = mirror(fd);
  using space = reserve(4 * CONTENT.length);
  const part = space.map(fd, 0);
  const [ringBytes, partBytes] = [ring.bytes, part.bytes];
  ring.close();
  part.close();
  using other = map(file(new Uint8Array(CONTENT.length).fill(255)));
  assert.equal(ringBytes.length, 0);
  assert.deepEqual([partBytes.length, partBytes[PAGE]], [CONTENT.length, 0]);
  assert.equal(other.bytes[0], 255);
  sys.close(fd);
});
