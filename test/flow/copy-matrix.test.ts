/** Z12: whatever is copied to whatever, it is exact, or an error with a name. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { copy } from '../../src/flow/copy.js';
import * as f from '../../src/kernel/flags.js';
import { pattern, succeeds } from '../helpers/claims.js';
import {
  device,
  diskFile,
  drain,
  endOf,
  feed,
  keep,
  memfd,
  pipe,
  runtime,
  sockets,
  tcp,
} from './copy/ends.js';

const { kernel } = runtime;
const CONTENT = Buffer.from(pattern(100_003));
const EMPTY = new Uint8Array();

interface Source {
  readonly fd: number;
  /** What it gives; undefined where nobody can know. */
  readonly content?: Buffer;
  /** Why it gives nothing. */
  readonly fails?: RegExp;
  readonly limit?: number;
  feed?(): Promise<void>;
}

const opened = (path: string) => (t: TestContext) => ({
  fd: device(t, path, f.O_RDONLY),
  content: readFileSync(path),
});

const fed = (make: (t: TestContext) => [number, number]) => (t: TestContext) => {
  const [fd, writer] = make(t);
  return { fd, content: CONTENT, feed: () => feed(writer, CONTENT) };
};

function folder(t: TestContext): Source {
  const fd = keep(t, kernel.openat(f.AT_FDCWD, '/', f.O_DIRECTORY | f.O_CLOEXEC, 0));
  return { fd, fails: /EISDIR/ };
}

function unconnected(t: TestContext): number {
  return keep(t, kernel.socket(f.AF_INET, f.SOCK_STREAM | f.SOCK_CLOEXEC | f.SOCK_NONBLOCK, 0));
}

function datagrams(t: TestContext): number {
  return keep(t, kernel.socket(f.AF_INET, f.SOCK_DGRAM | f.SOCK_CLOEXEC, 0));
}

function sealed(t: TestContext): number {
  const fd = keep(t, kernel.memfd_create('sealed', f.MFD_CLOEXEC | f.MFD_ALLOW_SEALING));
  succeeds(kernel.fcntl(fd, f.F_ADD_SEALS, f.F_SEAL_WRITE | f.F_SEAL_GROW), 0);
  return fd;
}

const SOURCES: Readonly<Record<string, (t: TestContext) => Source>> = {
  'a file': (t) => ({ fd: diskFile(t, CONTENT), content: CONTENT }),
  'an empty file': (t) => ({ fd: diskFile(t, EMPTY), content: Buffer.alloc(0) }),
  'a file in memory': (t) => ({ fd: memfd(t, CONTENT), content: CONTENT }),
  'a sparse file': (t) => {
    const fd = diskFile(t, EMPTY);
    succeeds(kernel.ftruncate(fd, 100_000), 0);
    return { fd, content: Buffer.alloc(100_000) };
  },
  '/proc/version': opened('/proc/version'),
  '/proc/cpuinfo': (t) => ({ fd: device(t, '/proc/cpuinfo', f.O_RDONLY) }),
  '/proc/self/maps': (t) => ({ fd: device(t, '/proc/self/maps', f.O_RDONLY) }),
  '/proc/self/environ': opened('/proc/self/environ'),
  '/proc/self/cmdline': opened('/proc/self/cmdline'),
  '/proc/self/mem': (t) => ({ fd: device(t, '/proc/self/mem', f.O_RDONLY), fails: /EIO/ }),
  '/sys/kernel/notes': opened('/sys/kernel/notes'),
  '/dev/null': (t) => ({ fd: device(t, '/dev/null'), content: Buffer.alloc(0) }),
  '/dev/zero': (t) => ({
    fd: device(t, '/dev/zero'),
    content: Buffer.alloc(99_999),
    limit: 99_999,
  }),
  'a pipe': fed(pipe),
  'a blocking pipe': fed((t) => pipe(t, 0)),
  'a Unix socket': fed(sockets),
  'a TCP connection': fed(tcp),
  'a socket that is not connected': (t) => ({ fd: unconnected(t), fails: /ENOTCONN/ }),
  'a datagram socket': (t) => ({ fd: datagrams(t), fails: /ERR_SLUICE_UNSUPPORTED/ }),
  'a folder': folder,
};

interface Target {
  readonly fd: number;
  readonly fails?: RegExp;
  end?(): void;
  content?(): Promise<Buffer> | Buffer;
}

const written = (fd: number): Target => ({
  fd,
  content: () => readFileSync(`/proc/self/fd/${fd}`),
});

function drained([fd, reader]: [number, number]): Target {
  const received = drain(reader);
  return { fd, end: () => endOf(fd), content: () => received };
}

const swapped = ([left, right]: [number, number]): [number, number] => [right, left];

const TARGETS: Readonly<Record<string, (t: TestContext) => Target>> = {
  'a file': (t) => written(diskFile(t, EMPTY)),
  'a file in append mode': (t) => written(diskFile(t, EMPTY, f.O_APPEND)),
  'a file in memory': (t) => written(memfd(t, EMPTY)),
  'a sealed file': (t) => ({ fd: sealed(t), fails: /EPERM/ }),
  'a file open to read': (t) => ({ fd: device(t, '/proc/version', f.O_RDONLY), fails: /EBADF/ }),
  '/dev/null': (t) => ({ fd: device(t, '/dev/null') }),
  '/dev/full': (t) => ({ fd: device(t, '/dev/full'), fails: /ENOSPC/ }),
  'a pipe': (t) => drained(swapped(pipe(t))),
  'a blocking pipe': (t) => drained(swapped(pipe(t, 0))),
  'a Unix socket': (t) => drained(sockets(t)),
  'a TCP connection': (t) => drained(tcp(t)),
  'a socket that is not connected': (t) => ({ fd: unconnected(t), fails: /ENOTCONN|EPIPE/ }),
};

for (const [source, makeSource] of Object.entries(SOURCES)) {
  test(`Z12: from ${source}`, async (t) => {
    for (const [target, makeTarget] of Object.entries(TARGETS)) {
      await t.test(`to ${target}`, (inner) => cell(makeSource(inner), makeTarget(inner)));
    }
  });
}

async function cell(from: Source, to: Target): Promise<void> {
  const feeding = from.feed?.().catch(() => {});
  const { limit } = from;
  const { bytes, error } = await copy(runtime, from.fd, to.fd, { limit }).then(
    ({ bytes }) => ({ bytes, error: undefined }),
    (error) => ({ bytes: error.bytes as number, error }),
  );
  if (error !== undefined) kernel.shutdown(from.fd, f.SHUT_RDWR);
  const rest = error !== undefined && feeding ? drain(from.fd) : undefined;
  to.end?.();
  await feeding;
  await rest?.catch(() => {});
  const content = await to.content?.();
  if (content !== undefined) assert.equal(content.length, bytes);
  if (error !== undefined) {
    const expected = [from.fails, to.fails].filter((fails) => fails !== undefined);
    assert.ok(
      expected.some((fails) => fails.test(error.code)),
      error.stack,
    );
    return;
  }
  assert.equal(from.fails, undefined);
  if (from.content === undefined) return assert.ok(bytes > 0 || to.fails === undefined);
  assert.equal(bytes, from.content.length);
  if (content !== undefined) assert.ok(content.equals(from.content));
}
