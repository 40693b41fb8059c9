import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { copy } from '../../src/flow/copy.js';
import type { Method } from '../../src/flow/route.js';
import * as f from '../../src/kernel/flags.js';
import { linuxRuntime as runtime } from '../../src/node/runtime.js';
import { pattern, succeeds } from '../helpers/claims.js';

const { kernel } = runtime;
const CONTENT = pattern(3_000_017);

/** Descriptors that are closed when the test ends. */
function keeper(t: TestContext): (fd: number) => number {
  return (fd) => {
    t.after(() => {
      runtime.poller.forget(fd);
      kernel.close(fd);
    });
    return succeeds(fd);
  };
}

function pair(t: TestContext, make: (fds: Int32Array) => number): [number, number] {
  const fds = new Int32Array(2);
  succeeds(make(fds), 0);
  return [keeper(t)(fds[0] as number), keeper(t)(fds[1] as number)];
}

const pipe = (flags: number) => (t: TestContext) =>
  pair(t, (fds) => kernel.pipe2(flags | f.O_CLOEXEC, fds));
const sockets = (flags: number) => (t: TestContext) =>
  pair(t, (fds) => kernel.socketpair(f.AF_UNIX, f.SOCK_STREAM | f.SOCK_CLOEXEC | flags, 0, fds));

function memfd(t: TestContext, content: Uint8Array, flags = 0): number {
  const fd = keeper(t)(kernel.memfd_create('copy', f.MFD_CLOEXEC));
  succeeds(kernel.pwrite(fd, content, 0), content.length);
  if (flags !== 0) succeeds(kernel.fcntl(fd, f.F_SETFL, flags), 0);
  return fd;
}

/** Writes and reads on threads, so that both ends of a pipe can be waited for. */
async function feed(fd: number, content: Uint8Array): Promise<void> {
  let written = 0;
  while (written < content.length) {
    const count = await runtime.offload('write', [fd, content.subarray(written)]);
    if (count >= 0) written += count;
    else await runtime.poller.wait(fd, 4);
  }
  if (kernel.shutdown(fd, f.SHUT_WR) < 0) endPipe(fd);
}

/** Closes the number without freeing it: the test still owns it. */
function endPipe(fd: number): void {
  const nothing = succeeds(kernel.openat(f.AT_FDCWD, '/dev/null', f.O_WRONLY | f.O_CLOEXEC, 0));
  runtime.poller.forget(fd);
  succeeds(kernel.dup3(nothing, fd, f.O_CLOEXEC), fd);
  kernel.close(nothing);
}

async function drain(fd: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const buffer = new Uint8Array(65_536);
    const count = await runtime.offload('read', [fd, buffer]);
    if (count > 0) pieces.push(buffer.subarray(0, count));
    else if (count === 0) return Buffer.concat(pieces);
    else await runtime.poller.wait(fd, 1);
  }
}

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

function fedBy(make: (t: TestContext) => [number, number]): (t: TestContext) => Source {
  return (t) => {
    const [reader, writer] = make(t);
    return { fd: reader, feed: () => feed(writer, CONTENT) };
  };
}

const SOURCES: Readonly<Record<string, (t: TestContext) => Source>> = {
  file: (t) => ({ fd: memfd(t, CONTENT), feed: async () => {} }),
  pipe: fedBy(pipe(f.O_NONBLOCK)),
  'blocking pipe': fedBy(pipe(0)),
  socket: fedBy((t) => sockets(f.SOCK_NONBLOCK)(t)),
  'blocking socket': fedBy((t) => sockets(0)(t)),
};

function drained(make: (t: TestContext) => [number, number], end: (fd: number) => void) {
  return (t: TestContext): Target => {
    const [reader, writer] = make(t);
    const content = drain(reader);
    return { fd: writer, end: () => end(writer), content: () => content };
  };
}

function filed(flags: number): (t: TestContext) => Target {
  return (t) => {
    const fd = memfd(t, new Uint8Array(), flags);
    const path = `/proc/self/fd/${fd}`;
    return { fd, end: () => {}, content: async () => readFileSync(path) };
  };
}

const shutdown = (fd: number) => void kernel.shutdown(fd, f.SHUT_WR);

const TARGETS: Readonly<Record<string, (t: TestContext) => Target>> = {
  file: filed(0),
  'file in append mode': filed(f.O_APPEND),
  pipe: drained(pipe(f.O_NONBLOCK), endPipe),
  'blocking pipe': drained(pipe(0), endPipe),
  socket: drained(sockets(f.SOCK_NONBLOCK), shutdown),
  'blocking socket': drained(sockets(0), shutdown),
};

function expected(source: string, target: string): Method {
  if (target === 'file in append mode') return 'read-write';
  if (source === 'file') return target === 'file' ? 'copy_file_range' : 'sendfile';
  if (source.includes('pipe') || target.includes('pipe')) return 'splice';
  return 'splice-pipe';
}

for (const [source, makeSource] of Object.entries(SOURCES)) {
  for (const [target, makeTarget] of Object.entries(TARGETS)) {
    test(`copy() from ${source} to ${target}, every byte, by the best method`, async (t) => {
      const [from, to] = [makeSource(t), makeTarget(t)];
      const flags = [from.fd, to.fd].map((fd) => kernel.fcntl(fd, f.F_GETFL));
      const feeding = from.feed();
      const told: number[] = [];
      const onProgress = (bytes: number) => told.push(bytes);
      const result = await copy(runtime, from.fd, to.fd, { onProgress });
      to.end();
      await feeding;
      assert.ok(Buffer.from(await to.content()).equals(CONTENT));
      assert.deepEqual(result, { bytes: CONTENT.length, method: expected(source, target) });
      assert.equal(told.at(-1), CONTENT.length);
      if (!target.includes('pipe')) {
        assert.deepEqual(
          [from.fd, to.fd].map((fd) => kernel.fcntl(fd, f.F_GETFL)),
          flags,
        );
      }
    });
  }
}

test('copy() of a file of /proc, whose size is 0, is all of it', async (t) => {
  const fd = keeper(t)(kernel.openat(f.AT_FDCWD, '/proc/self/maps', f.O_CLOEXEC, 0));
  const target = memfd(t, new Uint8Array());
  const { bytes } = await copy(runtime, fd, target);
  assert.ok(bytes > 0);
  assert.match(readFileSync(`/proc/self/fd/${target}`, 'latin1'), /\[stack\]/);
});

test('copy() of an empty file is nothing', async (t) => {
  const result = await copy(runtime, memfd(t, new Uint8Array()), memfd(t, new Uint8Array()));
  assert.equal(result.bytes, 0);
});

test('copy() starts where the file offset is', async (t) => {
  const [source, target] = [memfd(t, CONTENT), memfd(t, new Uint8Array())];
  succeeds(kernel.lseek(source, CONTENT.length - 5, f.SEEK_SET, new BigInt64Array(1)), 0);
  assert.equal((await copy(runtime, source, target)).bytes, 5);
});

for (const [what, flags] of Object.entries({ 'a pipe': f.O_NONBLOCK, 'a blocking pipe': 0 })) {
  test(`copy() from ${what} that says nothing ends with its signal`, async (t) => {
    const [reader] = pipe(flags)(t);
    const controller = new AbortController();
    const copying = copy(runtime, reader, memfd(t, new Uint8Array()), controller);
    setImmediate(() => controller.abort());
    await assert.rejects(copying, { name: 'AbortError', code: 'ABORT_ERR' });
  });
}

test('copy() to a full device fails with what had moved before', async (t) => {
  const full = keeper(t)(kernel.openat(f.AT_FDCWD, '/dev/full', f.O_WRONLY | f.O_CLOEXEC, 0));
  await assert.rejects(copy(runtime, memfd(t, CONTENT), full), {
    code: 'ENOSPC',
    syscall: 'write',
  });
});

test('copy() to a pipe that nobody reads is EPIPE', async (t) => {
  const [reader, writer] = pipe(f.O_NONBLOCK)(t);
  endPipe(reader);
  await assert.rejects(copy(runtime, memfd(t, CONTENT), writer), { code: 'EPIPE' });
});

test('copy() of a closed descriptor is EBADF', async (t) => {
  await assert.rejects(copy(runtime, -1, memfd(t, CONTENT)), { code: 'EBADF' });
});

test('Z7: an urgent byte on the way stalls nothing', async (t) => {
  const listener = keeper(t)(kernel.socket(f.AF_INET, f.SOCK_STREAM | f.SOCK_CLOEXEC, 0));
  const address = Uint8Array.of(2, 0, 0, 0, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0);
  succeeds(kernel.bind(listener, address), 0);
  succeeds(kernel.listen(listener, 1), 0);
  succeeds(kernel.getsockname(listener, address));
  const sender = keeper(t)(kernel.socket(f.AF_INET, f.SOCK_STREAM | f.SOCK_CLOEXEC, 0));
  succeeds(kernel.connect(sender, address), 0);
  const flags = f.SOCK_NONBLOCK | f.SOCK_CLOEXEC;
  const source = keeper(t)(kernel.accept4(listener, flags, null));
  const target = memfd(t, new Uint8Array());
  const copying = copy(runtime, source, target);
  succeeds(kernel.send(sender, Buffer.from('before'), 0), 6);
  succeeds(kernel.send(sender, Buffer.from('!'), f.MSG_OOB), 1);
  succeeds(kernel.send(sender, Buffer.from('after'), 0), 5);
  succeeds(kernel.shutdown(sender, f.SHUT_WR), 0);
  assert.equal((await copying).bytes, 11);
  assert.equal(readFileSync(`/proc/self/fd/${target}`, 'latin1'), 'beforeafter');
});
