// What goes wrong with pipes and splice in practice, at the level of calls.
import assert from 'node:assert/strict';
import { EAGAIN, EBADF, EINVAL, ENOTCONN } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import type { Kernel } from '../../../src/kernel/kernel.js';
import { failsWith, pattern, string, succeeds, text } from '../../helpers/claims.js';
import { row, type Subject } from '../../helpers/conformance.js';
import { receive, unread } from '../../helpers/transfer.js';

function setNonBlocking(kernel: Kernel, fd: number): void {
  succeeds(kernel.fcntl(fd, f.F_SETFL, f.O_NONBLOCK), 0);
}

/** A connection whose buffers do not grow, as those of TCP do, even while nobody reads. */
function fixBuffers(kernel: Kernel, near: number, far: number): void {
  const size = new Uint8Array(Int32Array.of(65536).buffer);
  succeeds(kernel.setsockopt(near, f.SOL_SOCKET, f.SO_SNDBUF, size), 0);
  succeeds(kernel.setsockopt(far, f.SOL_SOCKET, f.SO_RCVBUF, size), 0);
}

/** Writes until the socket takes no more, and leaves it as it was: blocking. */
function fillSocket(kernel: Kernel, fd: number): void {
  setNonBlocking(kernel, fd);
  const bytes = new Uint8Array(1 << 20);
  while (kernel.write(fd, bytes) > 0);
  while (kernel.write(fd, bytes.subarray(0, 1)) > 0);
  succeeds(kernel.fcntl(fd, f.F_SETFL, 0), 0);
}

row('Z5', 'SPLICE_F_NONBLOCK does not stop the wait for a blocking TCP socket', async (subject) => {
  const { kernel, pipe, tcpPair } = subject;
  const [reader, writer] = pipe();
  const [near, far] = tcpPair();
  const child = await subject.process([near, writer]);
  const [socket, theirs] = child.inherited as [number, number];
  const moving = child.call('splice', socket, null, theirs, null, 100, f.SPLICE_F_NONBLOCK);
  await child.asleep('splice');
  succeeds(kernel.write(far, text('woken')), 5);
  succeeds(await moving, 5);
  assert.equal(string(receive(kernel, reader)), 'woken');
  setNonBlocking(kernel, near);
  failsWith(kernel.splice(near, null, writer, null, 100, f.SPLICE_F_NONBLOCK), EAGAIN);
});

row('Z5', 'nor the wait for a full blocking socket, TCP or Unix', async (subject) => {
  const { kernel, pipe, socketPair, tcpPair, close } = subject;
  const size = 1 << 20;
  for (const [near, far] of [tcpPair(), socketPair()]) {
    fixBuffers(kernel, near, far);
    fillSocket(kernel, near);
    const [reader, writer] = pipe();
    succeeds(kernel.fcntl(writer, f.F_SETPIPE_SZ, size), size);
    succeeds(kernel.write(writer, new Uint8Array(size)), size);
    const child = await subject.process([reader, near]);
    succeeds(await child.signal(f.SIGPIPE, 'ignore'), 0);
    const [theirs, socket] = child.inherited as [number, number];
    const moving = child.call('splice', theirs, null, socket, null, size, f.SPLICE_F_NONBLOCK);
    await child.asleep('splice');
    // Not even FIONREAD answers meanwhile: the sleeper holds the lock of the pipe.
    close(far);
    assert.ok((await moving) < size);
  }
});

row('Z5', 'a Unix socket that is read does honour SPLICE_F_NONBLOCK', (subject) => {
  const { kernel, pipe, socketPair } = subject;
  const [near] = socketPair();
  failsWith(kernel.splice(near, null, pipe()[1], null, 100, f.SPLICE_F_NONBLOCK), EAGAIN);
});

row('Z6', '16 messages of 10 bytes fill a pipe of 65536: slots, not bytes', (subject) => {
  const { kernel, pipe, socketPair } = subject;
  const [reader, writer] = pipe(f.O_NONBLOCK);
  const [near, far] = socketPair(f.SOCK_STREAM | f.SOCK_NONBLOCK);
  for (let count = 0; count < 40; count++) succeeds(kernel.write(far, pattern(10)), 10);
  let inside = 0;
  let result = kernel.splice(near, null, writer, null, 65536, f.SPLICE_F_NONBLOCK);
  while (result > 0) {
    inside += result;
    result = kernel.splice(near, null, writer, null, 65536, f.SPLICE_F_NONBLOCK);
  }
  failsWith(result, EAGAIN);
  assert.deepEqual([inside, unread(kernel, reader), unread(kernel, near)], [160, 160, 240]);
  const fds = new Int32Array([writer, f.POLLOUT, 0]);
  succeeds(kernel.poll(0, fds), 0);
});

row('Z6', 'EAGAIN is the same for an empty source and a full target', ({ kernel, pipe }) => {
  const [from, writer] = pipe(f.O_NONBLOCK);
  const [, to] = pipe(f.O_NONBLOCK);
  failsWith(kernel.splice(from, null, to, null, 1, 0), EAGAIN);
  succeeds(kernel.write(writer, text('x')));
  for (let slot = 0; slot < 16; slot++) succeeds(kernel.write(to, new Uint8Array(4096)), 4096);
  failsWith(kernel.splice(from, null, to, null, 1, 0), EAGAIN);
});

row('Z6', 'slots with one spliced byte each fill a pipe, written bytes join', (subject) => {
  const { kernel, pipe, file } = subject;
  const [reader, writer] = pipe(f.O_NONBLOCK);
  const source = file(pattern(100));
  for (let slot = 0; slot < 16; slot++) {
    succeeds(kernel.splice(source, null, writer, null, 1, 0), 1);
  }
  failsWith(kernel.splice(source, null, writer, null, 1, 0), EAGAIN);
  failsWith(kernel.write(writer, text('x')), EAGAIN);
  assert.deepEqual(receive(kernel, reader), pattern(16));
  for (let count = 0; count < 4096; count++) succeeds(kernel.write(writer, text('x')), 1);
  assert.equal(unread(kernel, reader), 4096);
});

row('Z13', 'one call moves at most 0x7ffff000 bytes', ({ kernel, keep }) => {
  const sink = keep(kernel.openat(f.AT_FDCWD, '/dev/null', f.O_WRONLY | f.O_CLOEXEC, 0));
  const source = keep(kernel.openat(f.AT_FDCWD, '/dev/zero', f.O_RDONLY | f.O_CLOEXEC, 0));
  const length = 5 * 2 ** 30;
  const flags = f.MAP_PRIVATE | f.MAP_ANONYMOUS | f.MAP_NORESERVE;
  const address = succeeds(kernel.mmap(0, length, f.PROT_READ, flags, -1, 0));
  const memory = new BigUint64Array([BigInt(address), BigInt(length)]);
  succeeds(kernel.write(sink, memory), f.MAX_RW_COUNT);
  succeeds(kernel.writev(sink, [memory, memory]), f.MAX_RW_COUNT);
  succeeds(kernel.sendfile(sink, source, null, length), f.MAX_RW_COUNT);
  succeeds(kernel.munmap(address, length), 0);
});

/** What splice to a pipe and sendfile answer for a source: how they fail, or 'moves'. */
const SOURCES: readonly [path: string, flags: number, splice: number, sendfile: number][] = [
  ['/proc/version', f.O_RDONLY, 0, 0],
  ['/proc/cpuinfo', f.O_RDONLY, 0, 0],
  ['/sys/devices/system/cpu/online', f.O_RDONLY, 0, 0],
  ['/dev/zero', f.O_RDONLY, 0, 0],
  ['/dev/full', f.O_RDONLY, 0, 0],
  ['/dev/urandom', f.O_RDONLY, 0, 0],
  ['/proc/self/maps', f.O_RDONLY, EINVAL, EINVAL],
  ['/proc/self/status', f.O_RDONLY, EINVAL, EINVAL],
  ['/proc/self/environ', f.O_RDONLY, EINVAL, EINVAL],
  ['/proc/self/cmdline', f.O_RDONLY, EINVAL, EINVAL],
  ['/proc/self/mem', f.O_RDONLY, EINVAL, EINVAL],
  ['/', f.O_RDONLY | f.O_DIRECTORY, EINVAL, EINVAL],
  ['/dev/null', f.O_WRONLY, EBADF, EBADF],
  ['/', f.O_PATH, EBADF, EBADF],
];

row('Z12', 'odd sources: exact, or refused by name with nothing moved', (subject) => {
  const { kernel, pipe } = subject;
  const sink = opened(subject, '/dev/null', f.O_WRONLY);
  for (const [path, flags, splice, sendfile] of SOURCES) {
    const [reader, writer] = pipe();
    const source = opened(subject, path, flags);
    expects(kernel.splice(source, null, writer, null, 1, 0), splice, path);
    expects(kernel.sendfile(sink, source, null, 1), sendfile, path);
    if (splice !== 0) assert.equal(unread(kernel, reader), 0, path);
  }
});

row('Z12', 'files of /proc have content and a size of 0', (subject) => {
  const { kernel } = subject;
  for (const path of ['/proc/version', '/proc/self/maps', '/proc/self/status']) {
    const fd = opened(subject, path, f.O_RDONLY);
    const stat = new BigInt64Array(f.STAT_FIELDS);
    succeeds(kernel.fstat(fd, stat), 0);
    assert.equal(stat[f.STAT_SIZE], 0n, path);
    assert.ok(receive(kernel, fd).length > 0, path);
  }
});

row('Z12', 'odd targets: counted, or refused by name with the data still there', (subject) => {
  const { kernel, file, keep } = subject;
  const source = file(text('content'));
  const append = file();
  succeeds(kernel.fcntl(append, f.F_SETFL, f.O_APPEND), 0);
  const unconnected = keep(kernel.socket(f.AF_UNIX, f.SOCK_STREAM | f.SOCK_CLOEXEC, 0));
  const targets: readonly [name: string, fd: number, errno: number][] = [
    ['a file', file(), 0],
    ['/dev/null', opened(subject, '/dev/null', f.O_WRONLY), 0],
    ['/dev/full', opened(subject, '/dev/full', f.O_WRONLY), EINVAL],
    ['O_APPEND', append, EINVAL],
    ['an unconnected socket', unconnected, ENOTCONN],
    ['a file to read', opened(subject, '/proc/version', f.O_RDONLY), EBADF],
  ];
  for (const [name, fd, errno] of targets) {
    const [reader, writer] = subject.pipe();
    succeeds(kernel.write(writer, text('content')), 7);
    expects(kernel.splice(reader, null, fd, null, 7, 0), errno, `splice to ${name}`);
    assert.equal(unread(kernel, reader), errno === 0 ? 0 : 7, name);
    expects(kernel.sendfile(fd, source, 0, 7), errno, `sendfile to ${name}`);
  }
});

row('Z12', 'a pipe or a socket is no source for sendfile: EINVAL', (subject) => {
  const { kernel, pipe, socketPair } = subject;
  const sink = opened(subject, '/dev/null', f.O_WRONLY);
  const [reader, writer] = pipe();
  const [near, far] = socketPair();
  succeeds(kernel.write(writer, text('content')));
  succeeds(kernel.write(far, text('content')));
  for (const fd of [reader, near]) failsWith(kernel.sendfile(sink, fd, null, 7), EINVAL);
});

row(
  'Z20',
  'datagrams and packets splice, and lose their bounds',
  ({ kernel, pipe, socketPair }) => {
    for (const type of [f.SOCK_DGRAM, f.SOCK_SEQPACKET]) {
      const [near, far] = socketPair(type);
      const [reader, writer] = pipe();
      for (const message of ['two', 'messages']) succeeds(kernel.write(far, text(message)));
      succeeds(kernel.splice(near, null, writer, null, 100, 0), 3);
      succeeds(kernel.splice(near, null, writer, null, 100, 0), 8);
      assert.equal(string(receive(kernel, reader)), 'twomessages');
    }
  },
);

function opened({ kernel, keep }: Subject, path: string, flags: number): number {
  return keep(kernel.openat(f.AT_FDCWD, path, flags | f.O_CLOEXEC, 0));
}

function expects(result: number, errno: number, name: string): void {
  if (errno === 0) assert.ok(result > 0, `${name}: ${result}`);
  else assert.equal(result, -errno, name);
}
