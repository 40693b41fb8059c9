import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { copy } from '../../src/flow/copy.js';
import type { Method } from '../../src/flow/route.js';
import { EIO } from '../../src/kernel/errno.js';
import * as f from '../../src/kernel/flags.js';
import { pattern, succeeds } from '../helpers/claims.js';
import { runtimeOver } from '../helpers/flows.js';
import {
  contentOf,
  device,
  diskFile,
  drain,
  endOf,
  feed,
  keep,
  memfd,
  openDescriptors,
  pipe,
  runtime,
  sockets,
  tcp,
} from './copy/ends.js';

const { kernel } = runtime;
const CONTENT = pattern(3_000_017);

interface Source {
  readonly fd: number;
  feed(): Promise<void>;
}

interface Target {
  readonly fd: number;
  /** Runs when the copy is done. */
  end(): void;
  content(): Promise<Uint8Array>;
}

const still = (fd: number): Source => ({ fd, feed: async () => {} });

function fed([fd, writer]: [number, number]): Source {
  return { fd, feed: () => feed(writer, CONTENT) };
}

function drained([reader, fd]: [number, number]): Target {
  const content = drain(reader);
  return { fd, end: () => endOf(fd), content: () => content };
}

function filed(fd: number): Target {
  return { fd, end: () => {}, content: async () => contentOf(fd) };
}

const SOURCES: Readonly<Record<string, (t: TestContext) => Source>> = {
  file: (t) => still(diskFile(t, CONTENT)),
  'file in memory': (t) => still(memfd(t, CONTENT)),
  pipe: (t) => fed(pipe(t)),
  'blocking pipe': (t) => fed(pipe(t, 0)),
  socket: (t) => fed(sockets(t)),
  'TCP connection': (t) => fed(tcp(t)),
  'blocking socket': (t) => fed(sockets(t, 0)),
};

const EMPTY = new Uint8Array();

const TARGETS: Readonly<Record<string, (t: TestContext) => Target>> = {
  file: (t) => filed(diskFile(t, EMPTY)),
  'file in memory': (t) => filed(memfd(t, EMPTY)),
  'file in append mode': (t) => filed(memfd(t, EMPTY, f.O_APPEND)),
  pipe: (t) => drained(pipe(t)),
  'blocking pipe': (t) => drained(pipe(t, 0)),
  socket: (t) => drained(sockets(t)),
  'TCP connection': (t) => drained(tcp(t)),
  'blocking socket': (t) => drained(sockets(t, 0)),
};

function expected(source: string, target: string): Method {
  if ([source, target].includes('blocking socket')) return 'read-write';
  if (target === 'file in append mode') return 'read-write';
  if (source === 'file' && target === 'file in memory') return 'sendfile';
  if (source === 'file in memory' && target === 'file') return 'sendfile';
  if (source.startsWith('file')) return target.startsWith('file') ? 'copy_file_range' : 'sendfile';
  if (source.includes('pipe') || target.includes('pipe')) return 'splice';
  return 'splice-pipe';
}

const flagsOf = (fd: number) => succeeds(kernel.fcntl(fd, f.F_GETFL));

for (const [source, makeSource] of Object.entries(SOURCES)) {
  for (const [target, makeTarget] of Object.entries(TARGETS)) {
    test(`copy() from ${source} to ${target}, every byte, by the best method`, async (t) => {
      const [from, to] = [makeSource(t), makeTarget(t)];
      const [flags, open] = [[from.fd, to.fd].map(flagsOf), openDescriptors()];
      const feeding = from.feed();
      const told: number[] = [];
      const result = await copy(runtime, from.fd, to.fd, {
        onProgress: (bytes) => told.push(bytes),
      });
      assert.deepEqual([from.fd, to.fd].map(flagsOf), flags);
      to.end();
      await feeding;
      assert.ok(Buffer.from(await to.content()).equals(CONTENT));
      const { method, methods, bytes } = result;
      assert.deepEqual([bytes, method], [CONTENT.length, expected(source, target)]);
      assert.equal(
        Object.values(methods).reduce((sum, count) => sum + count, 0),
        bytes,
      );
      assert.equal(told.at(-1), CONTENT.length);
      assert.deepEqual(openDescriptors(), open);
    });
  }
}

test('copy() of a file of /proc, whose size is 0, is all of it', async (t) => {
  const target = memfd(t, EMPTY);
  const { bytes, method } = await copy(runtime, device(t, '/proc/self/maps', 0), target);
  assert.ok(bytes > 0);
  assert.equal(method, 'read-write');
  assert.match(contentOf(target).toString('latin1'), /\[stack\]/);
});

test('copy() of an empty file is nothing', async (t) => {
  const result = await copy(runtime, diskFile(t, EMPTY), diskFile(t, EMPTY));
  assert.equal(result.bytes, 0);
  assert.deepEqual(result.methods, {});
});

test('copy() begins where the file offset is, and leaves it where it came to', async (t) => {
  for (const source of [memfd(t, CONTENT), diskFile(t, CONTENT)]) {
    succeeds(kernel.lseek(source, CONTENT.length - 5, f.SEEK_SET, new BigInt64Array(1)), 0);
    assert.equal((await copy(runtime, source, memfd(t, EMPTY))).bytes, 5);
    const position = new BigInt64Array(1);
    succeeds(kernel.lseek(source, 0, f.SEEK_CUR, position), 0);
    assert.equal(position[0], BigInt(CONTENT.length));
  }
});

test('copy() has failed where the file offset cannot be moved to where it came', async (t) => {
  for (const make of [memfd, diskFile]) {
    const lseek: typeof kernel.lseek = (fd, offset, whence, result) =>
      offset === CONTENT.length ? -EIO : kernel.lseek(fd, offset, whence, result);
    const failing = runtimeOver({ ...kernel, lseek });
    const target = memfd(t, new Uint8Array());
    const copying = copy(failing, make(t, CONTENT), target);
    await assert.rejects(copying, { code: 'EIO', syscall: 'lseek', bytes: CONTENT.length });
    assert.ok(contentOf(target).equals(CONTENT));
  }
});

for (const [what, flags] of Object.entries({ 'a pipe': f.O_NONBLOCK, 'a blocking pipe': 0 })) {
  test(`copy() from ${what} that says nothing ends with its signal`, async (t) => {
    const [reader] = pipe(t, flags);
    const controller = new AbortController();
    const copying = copy(runtime, reader, memfd(t, EMPTY), controller);
    setImmediate(() => controller.abort('enough'));
    const name = 'AbortError';
    await assert.rejects(copying, { name, code: 'ABORT_ERR', cause: 'enough', bytes: 0 });
  });
}

test('copy() of a closed descriptor is EBADF', async (t) => {
  await assert.rejects(copy(runtime, -1, memfd(t, CONTENT)), { code: 'EBADF', bytes: 0 });
  await assert.rejects(copy(runtime, memfd(t, CONTENT), -1), { code: 'EBADF', bytes: 0 });
});

test('copy() from the wrong end of a pipe, and into it, is EBADF', async (t) => {
  const [reader, writer] = pipe(t);
  await assert.rejects(copy(runtime, writer, memfd(t, EMPTY)), { code: 'EBADF' });
  await assert.rejects(copy(runtime, memfd(t, CONTENT), reader), { code: 'EBADF' });
});

test('copy() of a folder is EISDIR', async (t) => {
  const folder = keep(t, kernel.openat(f.AT_FDCWD, '/', f.O_DIRECTORY | f.O_CLOEXEC, 0));
  await assert.rejects(copy(runtime, folder, memfd(t, EMPTY)), { code: 'EISDIR' });
});
