import assert from 'node:assert/strict';
import { mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { open as openHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { map, open, reserve } from '../../src/index.js';
import { map as mapIn } from '../../src/memory/map.js';
import { linuxRuntime } from '../../src/node/runtime.js';
import * as sys from '../../src/sys.js';

const PAGE = sys.getpagesize();
const CONTENT = Uint8Array.from({ length: 3 * PAGE + 100 }, (_, index) => index % 251);

/** A file with CONTENT, in a folder that goes with the test. */
function file(t: TestContext, content = CONTENT): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-map-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'file'), content);
  return join(folder, 'file');
}

test('map: a path, a number, an Fd, a FileHandle: the whole file', async (t) => {
  const path = file(t);
  const number = openSync(path, 'r');
  await using handle = await openHandle(path);
  using fd = await open(path);
  for (const source of [path, Buffer.from(path), number, handle, fd, { fd: number }]) {
    using mapping = map(source);
    assert.deepEqual(mapping.bytes, CONTENT);
    assert.equal(mapping.length, CONTENT.length);
    assert.equal(mapping.buffer, mapping.bytes.buffer);
    assert.deepEqual([mapping.damaged, mapping.lost, mapping.guarded], [false, 0, true]);
  }
  sys.close(number);
});

test('map: offset and length anywhere in the file', (t) => {
  const path = file(t);
  for (const [offset, length] of [
    [0, 1],
    [1, 10],
    [PAGE - 1, 2],
    [PAGE, PAGE],
    [2 * PAGE + 7, PAGE + 93],
    [CONTENT.length, 0],
  ] as const) {
    using mapping = map(path, { offset, length });
    assert.deepEqual(mapping.bytes, CONTENT.subarray(offset, offset + length));
    using rest = map(path, { offset: BigInt(offset) });
    assert.deepEqual(rest.bytes, CONTENT.subarray(offset));
  }
});

test('map: an empty file is an empty mapping, which can grow', (t) => {
  const path = file(t, new Uint8Array());
  using mapping = map(path, { access: 'write' });
  assert.deepEqual([mapping.length, mapping.closed, mapping.damaged], [0, false, false]);
  mapping.resize(10);
  mapping.bytes.fill(7);
  assert.deepEqual([...readFileSync(path)], Array(10).fill(7));
});

test("map: access 'write' is the file's own memory", async (t) => {
  const path = file(t);
  using mapping = map(path, { access: 'write' });
  mapping.bytes[PAGE] = 255;
  assert.equal(readFileSync(path)[PAGE], 255);
  await mapping.flush();
  await mapping.flush({ offset: PAGE + 1, length: 10, invalidate: true });
  await mapping.flush({ async: true });
  using other = map(path);
  assert.equal(other.bytes[PAGE], 255);
});

test('map: a flush that a resize overtakes is one of the whole file', async (t) => {
  const calls: string[] = [];
  const offload: typeof linuxRuntime.offload = (name, parameters, signal) => {
    calls.push(name);
    if (calls.length < 3) mapping.resize(calls.length * PAGE);
    return linuxRuntime.offload(name, parameters, signal);
  };
  const mapping = mapIn({ ...linuxRuntime, offload }, file(t), { access: 'write' });
  await mapping.flush();
  assert.deepEqual(calls, ['msync', 'fsync', 'fsync']);
  mapping.close();
});

test('map: an offset that a number cannot tell from its neighbour is refused', () => {
  const fd = sys.memfd_create('sluice-far', sys.MFD_CLOEXEC);
  sys.ftruncate(fd, 2n ** 62n);
  sys.pwrite(fd, Uint8Array.of(7), 2n ** 53n - 3n);
  using near = map(fd, { offset: 2n ** 53n - 3n, length: 2 });
  assert.deepEqual([...near.bytes], [7, 0]);
  for (const offset of [2n ** 53n - 1n, 2n ** 53n + 1n, 2n ** 62n - 1n]) {
    const far = { code: 'ERR_OUT_OF_RANGE', message: /"offset".*2\^53/ };
    assert.throws(() => map(fd, { offset, length: 1 }), far);
    using space = reserve(PAGE);
    assert.throws(() => space.map(fd, 0, { offset, length: 1 }), far);
  }
  sys.close(fd);
});

test("map: access 'private' keeps stores, also when it is resized", (t) => {
  const path = file(t);
  using mapping = map(path, { access: 'private', offset: 5, length: 2 * PAGE });
  mapping.bytes[1] = 255;
  mapping.bytes[2 * PAGE - 1] = 254;
  for (const length of [3 * PAGE, 2 * PAGE]) {
    mapping.resize(length);
    assert.deepEqual([mapping.bytes[1], mapping.bytes[2 * PAGE - 1]], [255, 254]);
    assert.equal(mapping.bytes[2], CONTENT[7]);
  }
  mapping.resize(2);
  assert.deepEqual([...mapping.bytes], [CONTENT[5], 255]);
  assert.deepEqual(new Uint8Array(readFileSync(path)), CONTENT);
});

test('map: fresh memory is zeros, and keeps what it has when it is resized', () => {
  using memory = map(null, { length: 10 });
  assert.deepEqual([...memory.bytes], Array(10).fill(0));
  memory.bytes.fill(3);
  memory.resize(PAGE * 5);
  assert.deepEqual([...memory.bytes.subarray(8, 12)], [3, 3, 0, 0]);
  const old = memory.bytes;
  memory.resize(9);
  assert.deepEqual([old.length, ...memory.bytes], [0, ...Array(9).fill(3)]);
});

test('map: grow makes room on the disk, with allocate: false a sparse file', (t) => {
  const path = file(t, new Uint8Array(1));
  const blocks = () => statSync(path).blocks * 512;
  map(path, { access: 'write', length: 1 << 20, grow: true, allocate: false }).close();
  assert.equal(statSync(path).size, 1 << 20);
  assert.ok(blocks() < 1 << 18);
  map(path, { access: 'write', allocate: true }).close();
  assert.ok(blocks() >= 1 << 20);
  map(path, { access: 'write', offset: 1 << 20, length: 1 << 20, grow: true }).close();
  assert.equal(statSync(path).size, 1 << 21);
  assert.ok(blocks() >= 1 << 21);
});

test('map: grow of a descriptor that cannot be mapped for it leaves the file as it was', (t) => {
  const path = file(t);
  for (const flags of ['r', 'a']) {
    const fd = openSync(path, flags);
    for (const allocate of [undefined, true, false]) {
      const options = { access: 'write', grow: true, length: 1 << 20, allocate } as const;
      assert.throws(() => map(fd, options), { code: 'EACCES', syscall: 'mmap' });
      assert.equal(statSync(path).size, CONTENT.length);
    }
    sys.close(fd);
  }
});

test('map: create makes the file, with its mode', (t) => {
  const path = `${file(t)}-new`;
  const options = { access: 'write', create: 0o600, grow: true, length: 100 } as const;
  map(path, options).close();
  const { size, mode } = statSync(path);
  assert.deepEqual([size, mode & 0o777], [100, 0o600]);
  map(path, { access: 'write', create: true }).close();
  assert.equal(statSync(path).size, 100);
});

test('map: populate, advice and hugePages change nothing of the bytes', (t) => {
  const path = file(t);
  using one = map(path, { populate: true, advice: ['sequential', 'willneed'] });
  assert.deepEqual(one.bytes, CONTENT);
  one.advise('random');
  one.advise(['dontdump', 'dontfork', 'cold', 'pageout']);
  assert.deepEqual(one.bytes, CONTENT);
  using two = map(path, { access: 'write', populate: true });
  assert.deepEqual(two.bytes, CONTENT);
  using memory = map(null, { length: 1 << 22, hugePages: true, populate: true });
  memory.bytes.fill(1);
  assert.equal(memory.bytes[(1 << 22) - 1], 1);
});

test('map: what is wrong is refused by name, and nothing stays open', (t) => {
  const path = file(t);
  const before = sys.dup(0);
  sys.close(before);
  const wrong = [
    [{ offset: -1 }, 'ERR_OUT_OF_RANGE', /"offset"/],
    [{ offset: CONTENT.length + 1 }, 'ERR_OUT_OF_RANGE', /"offset"/],
    [{ length: CONTENT.length + 1 }, 'ERR_OUT_OF_RANGE', /"length".*grow/],
    [{ length: 1.5 }, 'ERR_OUT_OF_RANGE', /"length"/],
    [{ length: '5' }, 'ERR_INVALID_ARG_TYPE', /"length"/],
    [{ access: 'rw' }, 'ERR_OUT_OF_RANGE', /"access".*'private'/],
    [{ grow: true }, 'ERR_OUT_OF_RANGE', /"grow".*write/],
    [{ create: true }, 'ERR_OUT_OF_RANGE', /"create".*write/],
    [{ allocate: true }, 'ERR_OUT_OF_RANGE', /"allocate".*write/],
    [{ hugePages: 1 << 21 }, 'ERR_OUT_OF_RANGE', /"hugePages"/],
    [{ hugePages: 5000 }, 'ERR_OUT_OF_RANGE', /"hugePages"/],
    [{ populate: 1 }, 'ERR_INVALID_ARG_TYPE', /"populate"/],
    [{ advice: 'dontneed' }, 'ERR_OUT_OF_RANGE', /"advice".*'willneed'/],
    [{ advice: ['random', 'free'] }, 'ERR_OUT_OF_RANGE', /"advice\[1\]"/],
  ] as const;
  for (const [options, code, message] of wrong) {
    assert.throws(() => map(path, options as never), { code, message });
  }
  assert.throws(() => map(null), { code: 'ERR_INVALID_ARG_TYPE', message: /"length"/ });
  assert.throws(() => map(null, { length: 1, grow: true }), { code: 'ERR_OUT_OF_RANGE' });
  assert.throws(() => map(`${path}-not-there`), { code: 'ENOENT', syscall: 'openat' });
  assert.throws(() => map('a\0b'), { code: 'ERR_OUT_OF_RANGE', message: /"file"/ });
  assert.throws(() => map(true as never), { code: 'ERR_INVALID_ARG_TYPE', message: /"file"/ });
  assert.throws(() => map(tmpdir()), { code: 'ENODEV', syscall: 'mmap' });
  assert.throws(() => map(999_999), { code: 'EBADF' });
  const [reader, writer] = sys.pipe2(sys.O_CLOEXEC);
  for (const end of [reader, writer]) assert.throws(() => map(end), { code: 'ENODEV' });
  sys.close(reader);
  sys.close(writer);
  const readOnly = openSync(path, 'r');
  assert.throws(() => map(readOnly, { access: 'write' }), { code: 'EACCES' });
  sys.close(readOnly);
  const after = sys.dup(0);
  sys.close(after);
  assert.equal(after, before);
});

test('map: after close everything is our own clear error, and views have length 0', async (t) => {
  const path = file(t);
  const mapping = map(path, { access: 'write' });
  const view = Buffer.from(mapping.buffer, 5);
  mapping.close();
  mapping.close();
  assert.deepEqual(
    [view.length, mapping.length, mapping.closed, mapping.damaged],
    [0, 0, true, false],
  );
  const closed = { code: 'ERR_SLUICE_CLOSED' };
  assert.throws(() => mapping.bytes, closed);
  assert.throws(() => mapping.buffer, closed);
  assert.throws(() => mapping.checkedRead(), closed);
  assert.throws(() => mapping.resize(5), closed);
  assert.throws(() => mapping.advise('random'), closed);
  await assert.rejects(mapping.flush(), closed);
});

test('map: a flush that a close overtakes does not say that it is done', async (t) => {
  const mapping = map(file(t), { access: 'write' });
  const flushing = mapping.flush();
  mapping.close();
  await assert.rejects(flushing, { code: 'ERR_SLUICE_CLOSED' });
});

test('map: flush and checkedRead name what is wrong', async (t) => {
  const path = file(t);
  using reading = map(path);
  await assert.rejects(reading.flush(), { code: 'ERR_SLUICE_MAPPING' });
  using memory = map(null, { length: 5 });
  await assert.rejects(memory.flush(), { code: 'ERR_SLUICE_MAPPING' });
  using writing = map(path, { access: 'write' });
  const outOfRange = { code: 'ERR_OUT_OF_RANGE' };
  await assert.rejects(writing.flush({ offset: CONTENT.length, length: 1 }), outOfRange);
  await assert.rejects(writing.flush({ length: -1 }), outOfRange);
  assert.throws(() => writing.checkedRead(0, CONTENT.length + 1), outOfRange);
  assert.throws(() => writing.checkedRead(-1), outOfRange);
  assert.deepEqual(writing.checkedRead(3, 5), CONTENT.slice(3, 8));
  assert.equal(writing.checkedRead().length, CONTENT.length);
});

test('map: a resize that fails leaves the mapping as it was', (t) => {
  const path = file(t);
  using reading = map(path);
  const bytes = reading.bytes;
  assert.throws(() => reading.resize(CONTENT.length + 1), { code: 'ERR_OUT_OF_RANGE' });
  assert.throws(() => reading.resize(-1), { code: 'ERR_OUT_OF_RANGE' });
  assert.equal(reading.bytes, bytes);
  assert.deepEqual(bytes, CONTENT);
});
