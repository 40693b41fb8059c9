import assert from 'node:assert/strict';
import { constants } from 'node:buffer';
import { once } from 'node:events';
import {
  readdirSync,
  readFileSync,
  statfsSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { type TestContext, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { adopt, type Fd, map, open, pipe, SharedMemory } from '../../../src/index.js';
import * as sys from '../../../src/sys.js';

const PAGE = sys.getpagesize();
/** From Linux 6.3 on. */
const F_SEAL_EXEC = 0x20;

/** A name of its own, which goes with the test. */
function nameFor(t: TestContext): string {
  const name = `sluice-test-${process.pid}-${Math.random().toString(36).slice(2)}`;
  t.after(() => {
    try {
      SharedMemory.unlink(name);
    } catch {
      // It is gone already, or was never made.
    }
  });
  return name;
}

/** Descriptors, and areas of memory that are shared. */
function resources(): number[] {
  const areas = readFileSync('/proc/self/maps', 'latin1').match(/memfd:sluice|\/dev\/shm\/sluice/g);
  return [readdirSync('/proc/self/fd').length, areas?.length ?? 0];
}

function codeOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'none';
}

test('shared: zeros of the size that was asked, sealed, with what it is handed over by', () => {
  for (const size of [1, 4, PAGE - 1, PAGE, 3 * PAGE + 10]) {
    using shared = SharedMemory.create(size);
    assert.deepEqual(shared.bytes, new Uint8Array(size));
    assert.deepEqual([shared.size, shared.buffer.byteLength], [size, size]);
    assert.deepEqual([shared.name, shared.damaged, shared.readOnly], [undefined, false, false]);
    assert.deepEqual(shared.stdio, [shared.fd, shared.doorbell]);
    assert.equal(Number(sys.fstat(shared.fd).size), size);
    const seals = sys.F_SEAL_SHRINK | sys.F_SEAL_GROW | sys.F_SEAL_SEAL;
    assert.equal(sys.fcntl(shared.fd, sys.F_GET_SEALS) & ~F_SEAL_EXEC, seals);
    assert.deepEqual([shared.fd.closeOnExec, shared.doorbell?.closeOnExec], [true, true]);
  }
});

test('shared: what is opened is the same memory, by number, object or name', (t) => {
  const name = nameFor(t);
  using memory = SharedMemory.create(100);
  using named = SharedMemory.create(100, { name: `/${name}` });
  assert.deepEqual([named.name, named.doorbell, named.stdio.length], [name, undefined, 1]);
  assert.equal(statSync(`/dev/shm/${name}`).mode & 0o777, 0o600);
  const number = memory.fd.dup().release();
  const others = [
    [memory, SharedMemory.open(memory.fd)],
    [memory, SharedMemory.open({ fd: memory.fd.fd })],
    [memory, SharedMemory.open(number)],
    [named, SharedMemory.open(name)],
    [named, SharedMemory.open(`/${name}`)],
  ] as const;
  for (const [index, [mine, other]] of others.entries()) {
    mine.bytes[99] = index + 1;
    assert.equal(other.bytes[99], index + 1);
    other.bytes[0] = index + 7;
    assert.equal(mine.bytes[0], index + 7);
    assert.deepEqual([other.size, other.name, other.damaged], [100, mine.name && name, false]);
    other.close();
    assert.equal(
      codeOf(() => other.buffer),
      'ERR_SLUICE_CLOSED',
    );
  }
  assert.equal(
    codeOf(() => sys.fcntl(number, sys.F_GETFD)),
    'EBADF',
  );
  SharedMemory.unlink(name);
  assert.equal(
    codeOf(() => SharedMemory.open(name)),
    'ENOENT',
  );
  assert.equal(
    codeOf(() => SharedMemory.unlink(name)),
    'ENOENT',
  );
});

test('shared: a name that is taken, or is none', (t) => {
  const name = nameFor(t);
  SharedMemory.create(1, { name }).close();
  assert.equal(
    codeOf(() => SharedMemory.create(1, { name })),
    'EEXIST',
  );
  assert.equal(statSync(`/dev/shm/${name}`).size, 1);
  for (const wrong of ['', '/', '.', '..', 'a/b', '//a', 'a\0', 'ü'.repeat(128)]) {
    assert.equal(
      codeOf(() => SharedMemory.create(1, { name: wrong })),
      'ERR_OUT_OF_RANGE',
    );
    assert.equal(
      codeOf(() => SharedMemory.open(wrong)),
      'ERR_OUT_OF_RANGE',
    );
    assert.equal(
      codeOf(() => SharedMemory.unlink(wrong)),
      'ERR_OUT_OF_RANGE',
    );
  }
  assert.equal(
    codeOf(() => SharedMemory.unlink(7 as never)),
    'ERR_INVALID_ARG_TYPE',
  );
});

test('shared: a name and seals are refused together', (t) => {
  const name = nameFor(t);
  for (const seal of ['size', 'future-write'] as const) {
    const create = () => SharedMemory.create(1, { name, seal });
    assert.throws(create, { code: 'ERR_OUT_OF_RANGE', message: /cannot be sealed/ });
  }
  SharedMemory.create(1, { name, seal: false }).close();
});

const { blocks, bsize } = statfsSync('/dev/shm');
const skipFull = blocks === 0 && 'needs a /dev/shm of limited size: no other is ever full';

test('shared: a name takes its room at once, or nothing is made', { skip: skipFull }, (t) => {
  const name = nameFor(t);
  const create = () => SharedMemory.create(blocks * bsize + PAGE, { name });
  assert.throws(create, { code: 'ENOSPC', syscall: 'fallocate', path: `/dev/shm/${name}` });
  assert.equal(
    codeOf(() => SharedMemory.open(name)),
    'ENOENT',
  );
});

test('shared: options of a wrong type or out of range are named', () => {
  for (const bytes of [0, -1, 1.5, 2 ** 53, '1', undefined]) {
    assert.match(
      codeOf(() => SharedMemory.create(bytes as number)),
      /^ERR_(OUT|INVALID)_/,
    );
  }
  const wrong = [{ seal: 'all' }, { seal: true }, { doorbell: 1 }, { name: 1 }, null];
  for (const options of wrong) {
    assert.match(
      codeOf(() => SharedMemory.create(1, options as never)),
      /^ERR_(OUT|INVALID)_/,
    );
  }
  for (const options of [{ doorbell: 'x' }, { readOnly: 1 }, { unsealed: 1 }, null]) {
    assert.match(
      codeOf(() => SharedMemory.open(0, options as never)),
      /^ERR_(OUT|INVALID)_/,
    );
  }
});

test('shared: 8 GiB, or a RangeError of bytes where one ArrayBuffer holds less', () => {
  const size = 2 ** 33;
  if (constants.MAX_LENGTH < size) {
    assert.throws(() => SharedMemory.create(size), /"bytes" .* one ArrayBuffer/);
    return;
  }
  using large = SharedMemory.create(size);
  large.bytes[size - 1] = 7;
  assert.equal(sys.pread(large.fd, new Uint8Array(2), size - 1), 1);
});

test('shared: what can still change its size is refused, unless it is asked for', async (t) => {
  const unsealed = SharedMemory.create(PAGE, { seal: false });
  const refused = () => SharedMemory.open(unsealed.fd);
  assert.throws(refused, { code: 'ERR_SLUICE_UNSEALED', message: /unsealed: true/ });
  for (const part of [sys.F_SEAL_SHRINK, sys.F_SEAL_GROW]) {
    const fd = sys.memfd_create('part', sys.MFD_CLOEXEC | sys.MFD_ALLOW_SEALING);
    sys.ftruncate(fd, PAGE);
    sys.fcntl(fd, sys.F_ADD_SEALS, part);
    assert.equal(
      codeOf(() => SharedMemory.open(fd)),
      'ERR_SLUICE_UNSEALED',
    );
    sys.close(fd);
  }
  using other = SharedMemory.open(unsealed.fd, { unsealed: true });
  other.bytes[PAGE - 1] = 7;
  sys.ftruncate(unsealed.fd, 0);
  assert.deepEqual([other.bytes[PAGE - 1], other.damaged, unsealed.damaged], [0, true, true]);
  unsealed.close();
  using file = await open('package.json');
  assert.equal(
    codeOf(() => SharedMemory.open(file)),
    'ERR_SLUICE_UNSEALED',
  );
  using ends = pipe();
  using folder = await open('.');
  using nothing = adopt(sys.memfd_create('empty', sys.MFD_CLOEXEC));
  for (const fd of [ends.reader, folder, nothing]) {
    assert.equal(
      codeOf(() => SharedMemory.open(fd)),
      'ERR_SLUICE_MAPPING',
    );
  }
  assert.throws(() => SharedMemory.open(ends.reader), /Memory comes before its doorbell/);
  assert.equal(
    codeOf(() => SharedMemory.open(-1)),
    'EBADF',
  );
  using shared = SharedMemory.create(1);
  for (const doorbell of [shared.fd, ends.writer, file]) {
    assert.equal(
      codeOf(() => SharedMemory.open(shared.fd, { doorbell })),
      'ERR_SLUICE_MAPPING',
    );
  }
  const number = shared.fd.dup().release();
  assert.equal(
    codeOf(() => SharedMemory.open(number, { doorbell: -1 })),
    'EBADF',
  );
  assert.equal(sys.close(number), 0, 'what could not be opened is still its owner’s');
  const name = nameFor(t);
  writeFileSync(`/dev/shm/${name}`, '');
  assert.equal(
    codeOf(() => SharedMemory.open(name)),
    'ERR_SLUICE_MAPPING',
  );
});

test('shared: a named one that is cut off is damaged, and nobody dies', async (t) => {
  const name = nameFor(t);
  using memory = SharedMemory.create(3 * PAGE, { name });
  using other = SharedMemory.open(name, { readOnly: true });
  memory.bytes.fill(7);
  assert.deepEqual([memory.damaged, other.damaged], [false, false]);
  truncateSync(`/dev/shm/${name}`, PAGE);
  assert.deepEqual([memory.bytes[0], memory.bytes[PAGE], other.bytes[2 * PAGE]], [7, 0, 0]);
  assert.deepEqual([memory.damaged, other.damaged], [true, true]);
  (await memory.lock(1)).release();
});

test('S2: a peer reads what it cannot write', async () => {
  using shared = SharedMemory.create(2 * PAGE, { seal: 'future-write' });
  shared.bytes[0] = 1;
  assert.equal(
    codeOf(() => SharedMemory.open(shared.fd)),
    'EPERM',
  );
  assert.equal(
    codeOf(() => map(shared.fd, { access: 'write' })),
    'EPERM',
  );
  assert.equal(
    codeOf(() => sys.pwrite(shared.fd, new Uint8Array(1), 0)),
    'EPERM',
  );
  const other = sys.openat(sys.AT_FDCWD, `/proc/self/fd/${shared.fd.fd}`, sys.O_RDWR);
  assert.equal(
    codeOf(() => sys.pwrite(other, new Uint8Array(1), 0)),
    'EPERM',
  );
  sys.close(other);
  const doorbell = shared.doorbell as Fd;
  using reader = SharedMemory.open(shared.fd, { readOnly: true, doorbell });
  assert.deepEqual([reader.readOnly, reader.bytes[0]], [true, 1]);
  const waiting = reader.wait(1, 0);
  shared.bytes[4] = 2;
  shared.notify();
  assert.equal(await waiting, 'ok');
  reader.bytes[PAGE] = 9;
  assert.equal(shared.bytes[PAGE], 0);
  await assert.rejects(reader.lock(2), { code: 'ERR_OUT_OF_RANGE', message: /shared/ });
  const held = await shared.lock(2);
  const sharing = reader.lock(2, { mode: 'shared' });
  held.release();
  (await sharing).release();
});

test('S3: Atomics.wait refuses it and notify wakes nobody; wait and notify do', async () => {
  using shared = SharedMemory.create(64);
  const words = new Int32Array(shared.buffer);
  assert.equal(Atomics.add(words, 1, 5), 0);
  assert.throws(() => Atomics.wait(words, 0, 0), TypeError);
  assert.equal(Atomics.notify(words, 0), 0);
  assert.equal(await shared.wait(1, 0), 'not-equal');
  assert.equal(await shared.wait(1, 5, { timeoutMs: 1 }), 'timed-out');
  const waiting = shared.wait(1, 5);
  Atomics.store(words, 1, -1);
  shared.notify();
  assert.equal(await waiting, 'ok');
  assert.equal(await shared.wait(1, 0xffffffff, { timeoutMs: 1 }), 'timed-out');
  for (const [index, expected] of [
    [16, 0],
    [-1, 0],
    [0.5, 0],
    [0, '0'],
    [0, 2 ** 32],
  ] as const) {
    await assert.rejects(shared.wait(index, expected as number), /argument|out of range/);
  }
  for (const options of [{ timeoutMs: 0 }, { signal: 1 }, null]) {
    await assert.rejects(shared.wait(0, 0, options as never), /argument|out of range/);
  }
  await assert.rejects(shared.lock(16), { code: 'ERR_OUT_OF_RANGE' });
  await assert.rejects(shared.lock(0, { mode: 'both' as never }), { code: 'ERR_OUT_OF_RANGE' });
});

test('shared: without a doorbell nobody waits', async () => {
  using shared = SharedMemory.create(64, { doorbell: false });
  assert.equal(shared.doorbell, undefined);
  await assert.rejects(shared.wait(0, 0), { code: 'ERR_SLUICE_UNSUPPORTED' });
  assert.throws(() => shared.notify(), { code: 'ERR_SLUICE_UNSUPPORTED' });
  (await shared.lock()).release();
});

test('shared: to close it ends everything, and nothing stays open', async (t) => {
  const cycle = async () => {
    const shared = SharedMemory.create(PAGE);
    const other = SharedMemory.open(shared.fd, { doorbell: shared.doorbell as Fd });
    const held = await other.lock(3);
    const waits = [shared.wait(0, 0), shared.lock(3), shared.lock(3), other.wait(0, 0)];
    const codes = waits.map((wait) => (wait as Promise<unknown>).catch((error) => error.code));
    if (Math.random() < 0.5) await new Promise((resolve) => setImmediate(resolve));
    shared.close();
    shared.close();
    other[Symbol.dispose]();
    assert.deepEqual(await Promise.all(codes), Array(4).fill('ERR_SLUICE_CLOSED'));
    held.release();
    assert.ok(shared.closed && other.closed);
    await assert.rejects(shared.wait(0, 0), { code: 'ERR_SLUICE_CLOSED' });
    await assert.rejects(shared.lock(0), { code: 'ERR_SLUICE_CLOSED' });
    assert.throws(() => shared.notify(), { code: 'ERR_SLUICE_CLOSED' });
    assert.throws(() => shared.fd.fd, { code: 'ERR_SLUICE_CLOSED' });
  };
  await cycle();
  const before = resources();
  for (let times = 0; times < 50; times++) await cycle();
  const name = nameFor(t);
  SharedMemory.create(1, { name }).close();
  assert.equal(
    codeOf(() => SharedMemory.create(1, { name })),
    'EEXIST',
  );
  assert.match(
    codeOf(() => SharedMemory.create(2 ** 48)),
    /^(ENOMEM|ERR_OUT_OF_RANGE)$/,
  );
  assert.deepEqual(resources(), before);
});

test('shared: closed at any moment of a lock, it is had or says that it is closed', async () => {
  for (const mode of ['exclusive', 'shared'] as const) {
    for (let ticks = 0; ticks < 12; ticks++) {
      const shared = SharedMemory.create(PAGE);
      const lock = shared.lock(0, { mode });
      const outcome = lock.then(
        (held) => held.release(),
        ({ code }) => assert.equal(code, 'ERR_SLUICE_CLOSED', `after ${ticks} ticks`),
      );
      for (let tick = 0; tick < ticks; tick++) await undefined;
      shared.close();
      await outcome;
    }
  }
});

test('shared: a worker opens it by number, and both wait and lock', async () => {
  using shared = SharedMemory.create(64);
  const words = new Int32Array(shared.buffer);
  const numbers = [shared.fd.fd, shared.doorbell?.fd];
  const module = new URL('./shared.worker.js', import.meta.url);
  const exit = once(new Worker(module, { workerData: numbers }), 'exit');
  for (let turn = 0; turn < 100; turn += 2) {
    Atomics.store(words, 0, turn + 1);
    shared.notify();
    await shared.wait(0, turn + 1);
    using held = await shared.lock(1);
    assert.equal(held.abandoned, false);
    words[2] = (words[2] as number) + 1;
  }
  await exit;
  assert.equal(words[2], 100);
});
