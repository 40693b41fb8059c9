// pipe(2), pipe2(2): the two descriptors, their flags and what kind of file they are.
import assert from 'node:assert/strict';
import {
  EAGAIN,
  EBADF,
  EINVAL,
  EMFILE,
  ENFILE,
  ENOPKG,
  ESPIPE,
} from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import type { Kernel } from '../../../src/kernel/kernel.js';
import {
  failsWith,
  failsWithOneOf,
  pattern,
  string,
  succeeds,
  text,
} from '../../helpers/claims.js';
import { row, type Subject } from '../../helpers/conformance.js';
import { otherUser, takePages, WRITABLE_LIMITS } from '../../helpers/limits.js';
import { receive } from '../../helpers/transfer.js';

/** The two ends of a plain pipe(2). */
function plain({ kernel, keep }: Subject): [reader: number, writer: number] {
  const fds = new Int32Array(2);
  succeeds(kernel.pipe(fds), 0);
  return [keep(fds[0] as number), keep(fds[1] as number)];
}

/** Runs the body while this process may have no descriptor above the open ones, but for `more`. */
function withDescriptorsLeft(kernel: Kernel, more: number, body: () => void): void {
  const lowest = succeeds(kernel.dup(0));
  succeeds(kernel.close(lowest), 0);
  const old = new BigUint64Array(2);
  succeeds(kernel.prlimit(0, f.RLIMIT_NOFILE, null, old), 0);
  const limit = new BigUint64Array([BigInt(lowest + more), old[1] as bigint]);
  succeeds(kernel.prlimit(0, f.RLIMIT_NOFILE, limit, null), 0);
  try {
    body();
  } finally {
    succeeds(kernel.prlimit(0, f.RLIMIT_NOFILE, old, null), 0);
  }
}

row('PIPE-01', 'answers 0 and two open descriptors, read end first', (subject) => {
  const { kernel } = subject;
  const [reader, writer] = plain(subject);
  assert.notEqual(reader, writer);
  assert.equal(succeeds(kernel.fcntl(reader, f.F_GETFL)) & f.O_ACCMODE, f.O_RDONLY);
  assert.equal(succeeds(kernel.fcntl(writer, f.F_GETFL)) & f.O_ACCMODE, f.O_WRONLY);
});

row('PIPE-02', 'a failure leaves the array as it was and no descriptor open', (subject) => {
  const { kernel } = subject;
  const fds = new Int32Array([-7, -8]);
  const before = subject.openDescriptors();
  failsWith(kernel.pipe2(f.O_APPEND, fds), EINVAL);
  withDescriptorsLeft(kernel, 0, () => failsWith(kernel.pipe(fds), EMFILE));
  assert.deepEqual([...fds], [-7, -8]);
  assert.deepEqual(subject.openDescriptors(), before);
});

row('PIPE-04', 'writing to the read end is EBADF', ({ kernel, pipe }) => {
  const [reader] = pipe();
  failsWith(kernel.write(reader, text('x')), EBADF);
});

row('PIPE-05', 'reading from the write end is EBADF, with data inside too', ({ kernel, pipe }) => {
  const [, writer] = pipe();
  succeeds(kernel.write(writer, text('x')), 1);
  failsWith(kernel.read(writer, new Uint8Array(1)), EBADF);
});

row('PIPE-06', 'one pipe goes one way: an exchange needs two', ({ kernel, pipe }) => {
  const [question, asker] = pipe();
  const [answer, answerer] = pipe();
  succeeds(kernel.write(asker, text('ping')), 4);
  assert.equal(string(receive(kernel, question)), 'ping');
  failsWith(kernel.write(question, text('pong')), EBADF);
  failsWith(kernel.read(asker, new Uint8Array(4)), EBADF);
  succeeds(kernel.write(answerer, text('pong')), 4);
  assert.equal(string(receive(kernel, answer)), 'pong');
});

row('PIPE-07', 'without flags both ends are blocking', (subject) => {
  for (const fd of plain(subject)) {
    assert.equal(succeeds(subject.kernel.fcntl(fd, f.F_GETFL)) & f.O_NONBLOCK, 0);
  }
});

row('PIPE-08', 'without flags both ends have FD_CLOEXEC clear', (subject) => {
  for (const fd of plain(subject)) succeeds(subject.kernel.fcntl(fd, f.F_GETFD), 0);
});

row('PIPE-34', 'takes the two lowest free numbers, the read end first', async (subject) => {
  // In a process with one thread: in Node's, another one may hold a number for a moment.
  const child = await subject.process();
  const pipe = async () => {
    const ends = new Int32Array(2);
    succeeds(await child.call('pipe2', 0, ends), 0);
    return [...ends] as [number, number];
  };
  const [a, b] = await pipe();
  const [c, d] = await pipe();
  assert.ok(a < b && b < c && c < d, `${[a, b, c, d]}`);
  succeeds(await child.call('close', d), 0);
  succeeds(await child.call('close', a), 0);
  assert.deepEqual(await pipe(), [a, d]);
  succeeds(await child.call('fcntl', a, f.F_GETFL), f.O_RDONLY);
  succeeds(await child.call('fcntl', d, f.F_GETFL), f.O_WRONLY);
});

row('PIPE-35', 'EMFILE when fewer than two numbers are left, and none is kept', ({ kernel }) => {
  const fds = new Int32Array(2);
  for (const left of [0, 1]) {
    withDescriptorsLeft(kernel, left, () => {
      failsWith(kernel.pipe(fds), EMFILE);
      failsWith(kernel.pipe2(f.O_CLOEXEC, fds), EMFILE);
    });
  }
});

row(
  'PIPE-37',
  'ENFILE beyond pipe-user-pages-hard for a user without privileges',
  async (subject) => {
    // The limit is set to where the soft one already stops everybody, so nobody else notices.
    const soft = receiveLimit(subject, 'pipe-user-pages-soft');
    const child = await otherUser(subject);
    await takePages(child, Number(soft));
    const ends = new Int32Array(2);
    const hard = receiveLimit(subject, 'pipe-user-pages-hard');
    try {
      writeLimit(subject, 'pipe-user-pages-hard', soft);
      failsWith(await child.call('pipe2', 0, ends), ENFILE);
    } finally {
      writeLimit(subject, 'pipe-user-pages-hard', hard);
    }
    succeeds(await child.call('pipe2', 0, ends), 0);
  },
  { skip: WRITABLE_LIMITS },
);

function openLimit({ kernel, keep }: Subject, name: string, flags: number): number {
  return keep(kernel.openat(f.AT_FDCWD, `/proc/sys/fs/${name}`, flags | f.O_CLOEXEC, 0));
}

function receiveLimit(subject: Subject, name: string): string {
  return string(receive(subject.kernel, openLimit(subject, name, f.O_RDONLY)));
}

function writeLimit(subject: Subject, name: string, value: string): void {
  succeeds(subject.kernel.write(openLimit(subject, name, f.O_WRONLY), text(value)));
}

row('PIPE-38', 'pipe2 with flags 0 is pipe', ({ kernel, keep }) => {
  const fds = new Int32Array(2);
  succeeds(kernel.pipe2(0, fds), 0);
  const [reader, writer] = [keep(fds[0] as number), keep(fds[1] as number)];
  succeeds(kernel.fcntl(reader, f.F_GETFL), f.O_RDONLY);
  succeeds(kernel.fcntl(writer, f.F_GETFL), f.O_WRONLY);
  for (const fd of fds) succeeds(kernel.fcntl(fd, f.F_GETFD), 0);
});

row('PIPE-39', 'O_CLOEXEC: both ends are closed in an executed program', async (subject) => {
  const child = await subject.process();
  const [gone, stays] = [new Int32Array(2), new Int32Array(2)];
  succeeds(await child.call('pipe2', f.O_CLOEXEC, gone), 0);
  succeeds(await child.call('pipe2', 0, stays), 0);
  for (const fd of gone) succeeds(await child.call('fcntl', fd, f.F_GETFD), f.FD_CLOEXEC);
  succeeds(await child.exec(), 0);
  for (const fd of gone) failsWith(await child.call('fcntl', fd, f.F_GETFD), EBADF);
  for (const fd of stays) succeeds(await child.call('fcntl', fd, f.F_GETFD), 0);
});

row('PIPE-40', 'O_NONBLOCK is set on both ends', ({ kernel, pipe }) => {
  for (const fd of pipe(f.O_NONBLOCK)) {
    assert.equal(succeeds(kernel.fcntl(fd, f.F_GETFL)) & f.O_NONBLOCK, f.O_NONBLOCK);
  }
});

row('PIPE-41', 'O_DIRECT: one read takes one packet, and drops what did not fit', (subject) => {
  const { kernel, pipe } = subject;
  const [reader, writer] = pipe(f.O_DIRECT | f.O_NONBLOCK);
  assert.equal(succeeds(kernel.fcntl(writer, f.F_GETFL)) & f.O_DIRECT, f.O_DIRECT);
  for (const packet of ['one', 'longer', 'three']) {
    succeeds(kernel.write(writer, text(packet)), packet.length);
  }
  assert.equal(string(receive(kernel, reader)), 'one');
  assert.equal(string(receive(kernel, reader, 4)), 'long');
  assert.equal(string(receive(kernel, reader)), 'three');
  succeeds(kernel.write(writer, pattern(5000)), 5000);
  assert.equal(receive(kernel, reader).length, f.PIPE_BUF);
  assert.equal(receive(kernel, reader).length, 5000 - f.PIPE_BUF);
});

row('PIPE-42', 'unknown flags are EINVAL and make no descriptor', ({ kernel }) => {
  const fds = new Int32Array([-1, -1]);
  for (const flags of [0xdead, f.O_APPEND, f.O_SYNC, f.O_ASYNC, f.O_CREAT, -1]) {
    failsWith(kernel.pipe2(flags, fds), EINVAL);
  }
  assert.deepEqual([...fds], [-1, -1]);
});

row('PIPE-43', 'O_NOTIFICATION_PIPE is ENOPKG without watch queues', ({ kernel, keep }) => {
  const O_NOTIFICATION_PIPE = f.O_EXCL;
  const fds = new Int32Array(2);
  const result = kernel.pipe2(O_NOTIFICATION_PIPE | f.O_CLOEXEC, fds);
  if (result === 0) fds.forEach(keep);
  else failsWithOneOf(result, ENOPKG);
});

row('PIPE-44', 'both ends are one S_IFIFO of size 0', ({ kernel, pipe }) => {
  const [reader, writer] = pipe();
  succeeds(kernel.write(writer, text('not counted')), 11);
  const stats = [reader, writer].map((fd) => {
    const stat = new BigInt64Array(f.STAT_FIELDS);
    succeeds(kernel.fstat(fd, stat), 0);
    return stat;
  });
  const [one, other] = stats as [BigInt64Array, BigInt64Array];
  assert.equal(Number(one[f.STAT_MODE]) & f.S_IFMT, f.S_IFIFO);
  assert.equal(one[f.STAT_SIZE], 0n);
  assert.deepEqual([one[f.STAT_DEV], one[f.STAT_INO]], [other[f.STAT_DEV], other[f.STAT_INO]]);
});

row('PIPE-45', 'a pipe has no position: lseek is ESPIPE', ({ kernel, pipe }) => {
  const untouched = new BigInt64Array([-9n]);
  for (const fd of pipe()) {
    for (const whence of [f.SEEK_SET, f.SEEK_CUR, f.SEEK_END, f.SEEK_DATA, f.SEEK_HOLE]) {
      failsWith(kernel.lseek(fd, 0, whence, untouched), ESPIPE);
    }
  }
  assert.equal(untouched[0], -9n);
});

row('PIPE-46', 'pread and pwrite are ESPIPE, also on the wrong end', ({ kernel, pipe }) => {
  for (const fd of pipe()) {
    failsWith(kernel.pread(fd, new Uint8Array(1), 0), ESPIPE);
    failsWith(kernel.pwrite(fd, text('x'), 0), ESPIPE);
    failsWith(kernel.preadv(fd, [new Uint8Array(1)], 0), ESPIPE);
    failsWith(kernel.pwritev(fd, [text('x')], 0), ESPIPE);
  }
});

row('PIPE-47', 'a pipe cannot be synced: EINVAL', ({ kernel, pipe }) => {
  for (const fd of pipe()) {
    failsWith(kernel.fsync(fd), EINVAL);
    failsWith(kernel.fdatasync(fd), EINVAL);
  }
});

row('PIPE-49', 'closing a descriptor twice is EBADF', ({ kernel, pipe, close }) => {
  const [reader] = pipe();
  close(reader);
  failsWith(kernel.close(reader), EBADF);
});

row(
  'PIPE-51',
  'PIPE_BUF is 4096, and so much is written whole or not at all',
  ({ pipe, kernel }) => {
    assert.equal(f.PIPE_BUF, 4096);
    const [reader, writer] = pipe(f.O_NONBLOCK);
    const capacity = succeeds(kernel.fcntl(writer, f.F_GETPIPE_SZ));
    succeeds(kernel.write(writer, new Uint8Array(capacity - f.PIPE_BUF)));
    succeeds(kernel.write(writer, new Uint8Array(f.PIPE_BUF)), f.PIPE_BUF);
    assert.equal(receive(kernel, reader, capacity).length, capacity);
    // The last page has room for some bytes of the next write, not for all.
    succeeds(kernel.write(writer, new Uint8Array(capacity - 10)), capacity - 10);
    failsWith(kernel.write(writer, new Uint8Array(20)), EAGAIN);
    failsWith(kernel.write(writer, new Uint8Array(f.PIPE_BUF)), EAGAIN);
    succeeds(kernel.write(writer, new Uint8Array(10)), 10);
    assert.equal(receive(kernel, reader, 2 * capacity).length, capacity);
  },
);
