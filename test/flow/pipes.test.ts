import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { PipePool } from '../../src/flow/pipes.js';
import { EMFILE, ENFILE, EPERM } from '../../src/kernel/errno.js';
import { F_GETPIPE_SZ, F_SETPIPE_SZ } from '../../src/kernel/flags.js';
import type { Kernel } from '../../src/kernel/kernel.js';
import { linux } from '../../src/kernel/linux.js';

const KIB = 1024;
const descriptors = () => readdirSync('/proc/self/fd').length;

/** Linux with another answer to some commands of fcntl. */
function withFcntl(answers: Readonly<Record<number, number>>): Kernel {
  const fcntl: Kernel['fcntl'] = (fd, command, argument) =>
    answers[command] ?? linux.fcntl(fd, command, argument);
  return { ...linux, fcntl };
}

test('an empty pipe is leased again, the same one', () => {
  const pool = new PipePool(linux);
  const pipe = pool.lease(64 * KIB);
  assert.ok(pipe);
  pool.release(pipe);
  assert.equal(pool.lease(64 * KIB), pipe);
  pool.release(pipe);
  pool.clear();
});

test('many small pipes at hand do not keep a large one from being kept', () => {
  const pool = new PipePool(linux);
  const small = Array.from({ length: 20 }, () => pool.lease(64 * KIB));
  for (const pipe of small) if (pipe) pool.release(pipe);
  assert.equal(pool.idle.length, 16);
  const large = pool.lease(1024 * KIB);
  assert.ok(large);
  pool.release(large);
  assert.equal(pool.idle.length, 16);
  assert.equal(pool.lease(1024 * KIB), large);
  pool.release(large);
  pool.clear();
  assert.equal(pool.pages, 0);
});

test('Z9: a pipe with bytes in it is closed, never leased again', () => {
  const before = descriptors();
  const pool = new PipePool(linux);
  for (let round = 0; round < 100; round++) {
    const pipe = pool.lease(64 * KIB);
    assert.ok(pipe);
    assert.equal(linux.read(pipe.reader, new Uint8Array(100)), -11, 'it is empty');
    pipe.count = linux.write(pipe.writer, new TextEncoder().encode('SECRET'));
    pool.release(pipe);
    assert.equal(pool.idle.length, 0);
  }
  assert.equal(pool.pages, 0);
  assert.equal(descriptors(), before);
});

test('Z14: the size of a pipe is what Linux says it gave', () => {
  const pool = new PipePool(withFcntl({ [F_GETPIPE_SZ]: 256 * KIB }));
  assert.equal(pool.lease(64 * KIB)?.capacity, 256 * KIB);
  assert.equal(pool.pages, (256 * KIB) / linux.page_size());
});

test('Z14: a refusal to enlarge is remembered, and the pipe is used as it is', () => {
  let asked = 0;
  const kernel = withFcntl({});
  kernel.fcntl = (fd, command, argument) => {
    if (command !== F_SETPIPE_SZ) return linux.fcntl(fd, command, argument);
    asked++;
    return -EPERM;
  };
  const pool = new PipePool(kernel);
  const pipes = [pool.lease(1024 * KIB), pool.lease(1024 * KIB)];
  assert.deepEqual(
    pipes.map((pipe) => pipe?.capacity),
    [64 * KIB, 64 * KIB],
  );
  assert.equal(asked, 1);
  for (const pipe of pipes) if (pipe) pool.release(pipe);
  pool.clear();
});

test('Z14: after many wishes Linux is asked for a large pipe again', () => {
  const kernel = withFcntl({ [F_SETPIPE_SZ]: -EPERM });
  const pool = new PipePool(kernel);
  const lease = () => {
    const pipe = pool.lease(1024 * KIB);
    if (pipe) pool.release(pipe);
    return pipe?.capacity;
  };
  assert.equal(lease(), 64 * KIB);
  kernel.fcntl = linux.fcntl;
  const wishes = Array.from({ length: 1024 }, lease);
  assert.deepEqual(new Set(wishes.slice(0, -1)), new Set([64 * KIB]));
  assert.equal(wishes.at(-1), 1024 * KIB);
  pool.clear();
});

test('Z14: pipes of two pages are given back to Linux: copying is faster', () => {
  const before = descriptors();
  const pool = new PipePool(withFcntl({ [F_GETPIPE_SZ]: 8 * KIB }));
  assert.equal(pool.lease(64 * KIB), undefined);
  assert.equal(pool.pages, 0);
  assert.equal(descriptors(), before);
});

for (const [name, errno] of [
  ['EMFILE', EMFILE],
  ['ENFILE', ENFILE],
] as const) {
  test(`F8: after ${name} there is no pipe for a while, and then again`, () => {
    let calls = 0;
    const pool = new PipePool({
      ...linux,
      pipe2: (flags, fds) => (calls++ === 0 ? -errno : linux.pipe2(flags, fds)),
    });
    let refused = 0;
    let pipe = pool.lease(64 * KIB);
    for (; pipe === undefined; pipe = pool.lease(64 * KIB)) refused++;
    assert.ok(refused > 10, 'Linux is not asked at every occasion');
    assert.equal(calls, 2);
    pool.release(pipe);
    pool.clear();
  });
}

test('the page budget holds: smaller pipes, then none, then again', () => {
  const pages = (512 * KIB) / linux.page_size();
  const pool = new PipePool(linux, pages);
  const pipes = [pool.lease(256 * KIB), pool.lease(1024 * KIB)];
  assert.deepEqual(
    pipes.map((pipe) => pipe?.capacity),
    [256 * KIB, 256 * KIB],
  );
  assert.equal(pool.lease(64 * KIB), undefined);
  assert.equal(pool.pages, pages);
  const [pipe] = pipes;
  assert.ok(pipe);
  pool.release(pipe);
  assert.equal(pool.lease(64 * KIB), pipe);
  for (const one of pipes) if (one) pool.release(one);
  pool.clear();
  assert.equal(pool.pages, 0);
});
