import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { map, open, pipe, socketPair } from '../../src/index.js';
import * as sys from '../../src/sys.js';
import { CONTENT, PAGE } from './programs/content.js';

const lost = { code: 'ERR_SLUICE_MAPPING_LOST' };

/** A mapping whose file has nothing behind `kept` bytes. */
function truncated(t: TestContext, kept: number, length = 4 * PAGE) {
  const fd = sys.memfd_create('sluice-calls', sys.MFD_CLOEXEC);
  sys.write(fd, CONTENT.subarray(0, length));
  const mapping = map(fd, { access: 'write' });
  sys.ftruncate(fd, kept);
  sys.close(fd);
  t.after(() => mapping.close());
  return mapping;
}

/** The path of a file on a disk: writes to it are made by another thread. */
function path(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-calls-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, 'file');
}

test('M8: calls of Linux and of Node answer EFAULT, or what was there; nobody dies', async (t) => {
  const mapping = truncated(t, PAGE + 100);
  const target = fs.openSync(path(t), 'w+');
  const { bytes } = mapping;
  assert.equal(sys.write(target, bytes), 2 * PAGE);
  assert.equal(sys.writev(target, [bytes.subarray(0, 10), bytes.subarray(2 * PAGE)]), 10);
  assert.throws(() => sys.write(target, bytes.subarray(2 * PAGE)), { code: 'EFAULT' });
  const write = promisify(fs.write);
  assert.equal((await write(target, bytes, 0, bytes.length, 0)).bytesWritten, 2 * PAGE);
  await assert.rejects(write(target, bytes.subarray(2 * PAGE)), { code: 'EFAULT' });
  const read = promisify(fs.read);
  await assert.rejects(read(target, bytes, 2 * PAGE, PAGE, 0), { code: 'EFAULT' });
  assert.deepEqual([mapping.damaged, mapping.lost], [true, 0]);
  fs.closeSync(target);
});

test('M8: Fd.write of lost bytes is refused by name, to whatever they go', async (t) => {
  const { reader, writer } = pipe();
  const [one, other] = socketPair();
  const disk = await open(path(t), 'w');
  using memory = await open('/dev/shm', sys.O_TMPFILE | sys.O_RDWR);
  for (const target of [writer, one, disk, memory]) {
    const [first, second] = [truncated(t, PAGE), truncated(t, PAGE)];
    await assert.rejects(target.write(first.bytes.subarray(PAGE)), lost);
    await assert.rejects(
      target.writev([CONTENT.subarray(0, 0), second.bytes.subarray(PAGE)]),
      lost,
    );
    assert.deepEqual([first.damaged, second.damaged], [true, true]);
  }
  assert.deepEqual([sys.fstat(disk.fd).size, sys.fstat(memory.fd).size], [0n, 0n]);
  for (const fd of [reader, writer, one, other, disk]) fd.close();
});

test('M8: Fd.read into lost bytes is refused by name, from wherever they come', async (t) => {
  const { reader, writer } = pipe();
  const name = path(t);
  fs.writeFileSync(name, CONTENT);
  const disk = await open(name);
  using memory = await open('/dev/shm', sys.O_TMPFILE | sys.O_RDWR);
  await memory.write(CONTENT);
  sys.lseek(memory.fd, 0, sys.SEEK_SET);
  await writer.write(CONTENT.subarray(0, PAGE));
  for (const source of [reader, disk, memory]) {
    const mapping = truncated(t, PAGE);
    await assert.rejects(source.read(mapping.bytes.subarray(2 * PAGE)), lost);
    assert.equal(mapping.damaged, true);
  }
  for (const fd of [reader, writer, disk]) fd.close();
});

test('M8: offloaded calls of sluice/sys answer EFAULT too', async (t) => {
  const { write, read } = sys.promises;
  const target = fs.openSync(path(t), 'w+');
  await assert.rejects(write(target, truncated(t, 0).bytes), { code: 'EFAULT' });
  assert.equal(sys.fstat(target).size, 0n);
  sys.write(target, CONTENT);
  sys.lseek(target, 0, sys.SEEK_SET);
  await assert.rejects(read(target, truncated(t, 0).bytes), { code: 'EFAULT' });
  fs.closeSync(target);
});
