import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EBADF } from '../../src/kernel/errno.js';
import * as f from '../../src/kernel/flags.js';
import { linux } from '../../src/kernel/linux.js';
import type { LinuxKernel } from '../../src/kernel/linux-kernel.js';
import { trace } from '../../src/kernel/trace.js';
import { succeeds, text } from '../helpers/claims.js';

/**
 * A kernel whose every call answers `result` and does nothing: what is printed is what was asked.
 */
function answering(result: number): LinuxKernel {
  return new Proxy({} as LinuxKernel, { get: () => () => result });
}

function traced(result: number, ask: (kernel: LinuxKernel) => unknown): string {
  const lines: string[] = [];
  ask(trace(answering(result), (line) => lines.push(line)));
  return lines.join('\n');
}

/** One descriptor has come, and others were lost. */
const REPORT = Int32Array.of(1, f.MSG_CTRUNC);

const LINES: [expected: string, result: number, ask: (kernel: LinuxKernel) => unknown][] = [
  ['read(3, "hel", 5) = 3', 3, (k) => k.read(3, text('hello'))],
  ['write(4, "a\\n\\"\\\\\\0", 5) = 5', 5, (k) => k.write(4, text('a\n"\\\0'))],
  [`write(4, "${'x'.repeat(32)}"..., 100) = 100`, 100, (k) => k.write(4, text('x'.repeat(100)))],
  [
    'read(3, [object Uint8Array], 5) = -1 EAGAIN (Resource temporarily unavailable)',
    -11,
    (k) => k.read(3, text('hello')),
  ],
  [
    'read(3, 0x10, 8) = -1 EFAULT (Bad address)',
    -14,
    (k) => k.read(3, new BigUint64Array([16n, 8n])),
  ],
  [
    'pipe2([3, 4], O_NONBLOCK|O_CLOEXEC) = 0',
    0,
    (k) => k.pipe2(f.O_CLOEXEC | f.O_NONBLOCK, new Int32Array([3, 4])),
  ],
  [
    'splice(3, NULL, 5, [4096], 65536, SPLICE_F_MOVE|SPLICE_F_NONBLOCK) = 65536',
    65536,
    (k) => k.splice(3, null, 5, 4096, 65536, 3),
  ],
  [
    'readv(3, [{iov_base="ab", iov_len=2}, {iov_base="c", iov_len=2}], 2) = 3',
    3,
    (k) => k.readv(3, [text('ab'), text('cd')]),
  ],
  [
    'openat(AT_FDCWD, "/tmp/x", O_RDWR|O_CREAT|O_CLOEXEC, 0600) = 3',
    3,
    (k) => k.openat(f.AT_FDCWD, '/tmp/x', f.O_RDWR | f.O_CREAT | f.O_CLOEXEC, 0o600),
  ],
  ['openat(3, "x", O_RDONLY, 00) = 4', 4, (k) => k.openat(3, 'x', 0, 0)],
  [
    'fcntl(3, F_SETFL, O_WRONLY|O_NONBLOCK) = 0',
    0,
    (k) => k.fcntl(3, f.F_SETFL, f.O_WRONLY | f.O_NONBLOCK),
  ],
  ['fcntl(3, F_SETPIPE_SZ, 4096) = 4096', 4096, (k) => k.fcntl(3, f.F_SETPIPE_SZ, 4096)],
  [
    'socketpair(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC, 0, [5, 6]) = 0',
    0,
    (k) => k.socketpair(1, 1 | f.SOCK_CLOEXEC, 0, new Int32Array([5, 6])),
  ],
  [
    'mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000001000',
    0x7f0000001000,
    (k) => k.mmap(0, 4096, 3, 0x22, -1, 0),
  ],
  [
    'mremap(0x7f0000001000, 4096, 8192, MREMAP_MAYMOVE, NULL) = 0x7f0000005000',
    0x7f0000005000,
    (k) => k.mremap(0x7f0000001000, 4096, 8192, f.MREMAP_MAYMOVE, 0),
  ],
  [
    'epoll_ctl(3, EPOLL_CTL_ADD, 4, EPOLLIN|EPOLLET, 4) = 0',
    0,
    (k) => k.epoll_ctl(3, 1, 4, (f.EPOLLIN | f.EPOLLET) >>> 0, 4),
  ],
  [
    'epoll_wait(3, [1, 4, 0], -1) = 1',
    1,
    (k) => k.epoll_wait(3, -1, new Int32Array([1, 4, 0, 9, 9, 9])),
  ],
  [
    `accept4(3, "${'a'.repeat(28)}", 28, SOCK_CLOEXEC) = 4`,
    4,
    (k) => k.accept4(3, f.SOCK_CLOEXEC, text('a'.repeat(28))),
  ],
  [
    'accept4(3, [object Uint8Array], 28, 0) = -1 EAGAIN (Resource temporarily unavailable)',
    -11,
    (k) => k.accept4(3, 0, new Uint8Array(28)),
  ],
  ['accept4(3, NULL, NULL, 0) = 4', 4, (k) => k.accept4(3, 0, null)],
  [
    'prlimit(0, RLIMIT_NOFILE, [64, 128], NULL) = 0',
    0,
    (k) => k.prlimit(0, f.RLIMIT_NOFILE, BigUint64Array.of(64n, 128n), null),
  ],
  [
    'prlimit(0, RLIMIT_NOFILE, [2, 1], NULL) = -1 EINVAL (Invalid argument)',
    -22,
    (k) => k.prlimit(0, f.RLIMIT_NOFILE, BigUint64Array.of(2n, 1n), null),
  ],
  [
    'sendmsg(3, [{iov_base="ab", iov_len=2}], 1, [4, 5], MSG_NOSIGNAL) = 2',
    2,
    (k) => k.sendmsg(3, [text('ab')], Int32Array.of(4, 5), f.MSG_NOSIGNAL),
  ],
  [
    'recvmsg(3, [{iov_base="a", iov_len=2}], 1, [4], MSG_CMSG_CLOEXEC, [1, MSG_CTRUNC]) = 1',
    1,
    (k) => k.recvmsg(3, [text('ab')], Int32Array.of(4, 0), f.MSG_CMSG_CLOEXEC, REPORT),
  ],
  [
    'recvmsg(3, [], 0, NULL, 0, [object Int32Array]) = -1 EBADF (Bad file descriptor)',
    -EBADF,
    (k) => k.recvmsg(3, [], null, 0, REPORT),
  ],
  ['sendfile(3, 4, [0], 100) = 100', 100, (k) => k.sendfile(3, 4, 0, 100)],
  ['tee(3, 4, 10, 0x100) = -1 EINVAL (Invalid argument)', -22, (k) => k.tee(3, 4, 10, 0x100)],
  ['close(NaN) = -1 EBADF (Bad file descriptor)', -9, (k) => k.close(Number.NaN)],
];

for (const [expected, result, ask] of LINES) {
  test(`trace() prints ${expected}`, () => assert.equal(traced(result, ask), expected));
}

test('trace() over Linux answers what Linux answers and shows what it filled', () => {
  const lines: string[] = [];
  const kernel = trace(linux, (line) => lines.push(line));
  const fds = new Int32Array(2);
  assert.equal(kernel.pipe2(f.O_CLOEXEC, fds), 0);
  const [reader, writer] = fds as unknown as [number, number];
  assert.equal(kernel.write(writer, text('hi')), 2);
  assert.equal(kernel.read(reader, new Uint8Array(9)), 2);
  for (const fd of fds) assert.equal(kernel.close(fd), 0);
  assert.deepEqual(lines, [
    `pipe2([${reader}, ${writer}], O_CLOEXEC) = 0`,
    `write(${writer}, "hi", 2) = 2`,
    `read(${reader}, "hi", 9) = 2`,
    `close(${reader}) = 0`,
    `close(${writer}) = 0`,
  ]);
});

test('trace() writes an offloaded call when it is done, and a refused one at once', async () => {
  const lines: string[] = [];
  const kernel = trace(linux, (line) => lines.push(line));
  const file = succeeds(kernel.memfd_create('traced', f.MFD_CLOEXEC));
  lines.length = 0;
  const refused = kernel.offload('fsync', [-1.5], () => assert.fail('done ran'));
  assert.deepEqual(
    [refused, lines],
    [-EBADF, ['[offload] fsync(-1.5) = -1 EBADF (Bad file descriptor)']],
  );
  const { ticket, answer } = await new Promise<{ ticket: number; answer: number }>((resolve) => {
    const ticket = kernel.offload('write', [file, text('hi')], (answer) => {
      resolve({ ticket, answer });
    });
    assert.equal(lines.length, 1);
  });
  assert.deepEqual([answer, lines[1]], [2, `[offload ${ticket}] write(${file}, "hi", 2) = 2`]);
  kernel.close(file);
});

test('trace() survives every kind of wrong value', () => {
  const wrong = [undefined, null, Symbol('s'), () => 1, {}, [], [null], 1n, Number.NaN, 'x', true];
  const kernel = trace(linux, () => {}) as unknown as Record<string, (...p: unknown[]) => unknown>;
  for (const value of wrong) {
    for (const name of [
      'read',
      'readv',
      'splice',
      'fcntl',
      'pipe2',
      'openat',
      'mmap',
      'epoll_wait',
    ]) {
      assert.equal(typeof kernel[name]?.(-1, value, value, value, value, value), 'number');
    }
  }
});
