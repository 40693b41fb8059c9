// Making and opening shared memory, with each of its calls failing once: nothing stays behind.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmSync, unlinkSync } from 'node:fs';
import process from 'node:process';
import { after, test } from 'node:test';
import { SharedMemory } from '../../../src/index.js';
import { EINVAL, EMFILE } from '../../../src/kernel/errno.js';
import { fault } from '../../../src/kernel/fault.js';
import { linux } from '../../../src/kernel/linux.js';
import type { MemoryRuntime } from '../../../src/memory/runtime.js';
import { Memory, type Parts } from '../../../src/memory/shared.js';
import { createParts, openParts } from '../../../src/memory/shared-open.js';
import { linuxRuntime } from '../../../src/node/runtime.js';

const NAME = `sluice-test-failures-${process.pid}`;
const PATH = `/dev/shm/${NAME}`;
after(() => rmSync(PATH, { force: true }));

const host = { pid: process.pid, unlink: unlinkSync };

type Make = (runtime: MemoryRuntime) => Parts;

const CALLS = [
  'memfd_create',
  'ftruncate',
  'fallocate',
  'fcntl',
  'fstat',
  'mmap',
  'openat',
  'eventfd',
] as const;

/** Fails each of its calls, one after the other; answers how often it was not made for that. */
function failEach(make: Make): number {
  let failures = 0;
  for (const call of CALLS) {
    for (let nth = 1, failed = true; failed; nth++) {
      const before = readdirSync('/proc/self/fd').length;
      failed = false;
      const plan = { faults: [{ call, nth, errno: EMFILE }] };
      const kernel = fault(linux, plan, () => {
        failed = true;
      });
      if (!attempt(make, { ...linuxRuntime, kernel })) failures++;
      assert.equal(readdirSync('/proc/self/fd').length, before, `${call} ${nth}`);
    }
  }
  return failures;
}

/** Whether it was made; it is closed again. */
function attempt(make: Make, runtime: MemoryRuntime): boolean {
  let parts: Parts;
  try {
    parts = make(runtime);
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    return false;
  }
  new Memory(parts).close();
  return true;
}

test('shared: memory that cannot be made leaves nothing', () => {
  for (const seal of ['size', 'future-write', false] as const) {
    assert.ok(failEach((runtime) => createParts(runtime, host, 100, { seal })) > 4);
  }
});

test('shared: a Linux that does not know MFD_NOEXEC_SEAL makes it too', () => {
  const kernel = fault(linux, { faults: [{ call: 'memfd_create', nth: 1, errno: EINVAL }] });
  assert.ok(attempt((runtime) => createParts(runtime, host, 100), { ...linuxRuntime, kernel }));
});

test('shared: a name that cannot be made leaves no file', () => {
  const failures = failEach((runtime) => {
    assert.ok(!existsSync(PATH));
    const parts = createParts(runtime, host, 100, { name: NAME, doorbell: true });
    unlinkSync(PATH);
    return parts;
  });
  assert.ok(failures > 4);
  assert.ok(!existsSync(PATH));
});

test('shared: memory that cannot be opened leaves nothing, and numbers to their owner', () => {
  using memory = SharedMemory.create(100);
  using named = SharedMemory.create(100, { name: NAME });
  const { fd, doorbell = fd } = memory;
  assert.ok(failEach((runtime) => openParts(runtime, host, fd, { doorbell })) > 4);
  assert.ok(failEach((runtime) => openParts(runtime, host, NAME)) > 4);
  SharedMemory.unlink(NAME);
  assert.equal(named.name, NAME);
  const failures = failEach((runtime) => {
    const number = fd.dup().release();
    try {
      return openParts(runtime, host, number, { doorbell });
    } catch (error) {
      assert.equal(linux.close(number), 0);
      throw error;
    }
  });
  assert.ok(failures > 4);
});
