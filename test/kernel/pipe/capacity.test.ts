// fcntl(2) F_GETPIPE_SZ and F_SETPIPE_SZ: how much a pipe holds.
import assert from 'node:assert/strict';
import { EAGAIN, EBADF, EBUSY, EINVAL, EPERM } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { failsWith, failsWithOneOf, pattern, succeeds, text } from '../../helpers/claims.js';
import { row } from '../../helpers/conformance.js';
import { NEEDS_ROOT, otherUser, takePages } from '../../helpers/limits.js';
import { fill, receive } from '../../helpers/transfer.js';

const PAGE = 4096;

row('FPSZ-01', 'F_GETPIPE_SZ is the same on both ends', ({ kernel, pipe }) => {
  for (const fd of pipe()) succeeds(kernel.fcntl(fd, f.F_GETPIPE_SZ), 16 * PAGE);
});

row(['FPSZ-02', 'FPSZ-03'], 'F_SETPIPE_SZ answers the capacity it set, not 0', (subject) => {
  const { kernel, pipe } = subject;
  for (const fd of pipe()) {
    for (const size of [PAGE, 2 * PAGE, 1 << 17, 1 << 20]) {
      succeeds(kernel.fcntl(fd, f.F_SETPIPE_SZ, size), size);
      succeeds(kernel.fcntl(fd, f.F_GETPIPE_SZ), size);
    }
  }
});

row('FPSZ-04', 'rounds up to a power of two pages', ({ kernel, pipe }) => {
  const [reader] = pipe();
  for (const [asked, given] of [
    [PAGE + 1, 2 * PAGE],
    [5 * PAGE, 8 * PAGE],
    [100_000, 131_072],
    [PAGE - 1, PAGE],
  ] as const) {
    succeeds(kernel.fcntl(reader, f.F_SETPIPE_SZ, asked), given);
    succeeds(kernel.fcntl(reader, f.F_GETPIPE_SZ), given);
  }
});

row('FPSZ-05', 'anything below a page is a page', ({ kernel, pipe }) => {
  for (const size of [0, 1, PAGE]) {
    succeeds(kernel.fcntl(pipe()[0], f.F_SETPIPE_SZ, size), PAGE);
  }
});

row('FPSZ-06', 'above 2^31 is EINVAL', ({ kernel, pipe }) => {
  const [reader] = pipe();
  for (const size of [2 ** 31 + 1, 2 ** 32 - 1, -1]) {
    failsWith(kernel.fcntl(reader, f.F_SETPIPE_SZ, size), EINVAL);
  }
  succeeds(kernel.fcntl(reader, f.F_GETPIPE_SZ), 16 * PAGE);
});

row('FPSZ-07', 'smaller than the data inside is EBUSY, and nothing changes', (subject) => {
  const { kernel, pipe } = subject;
  const [reader, writer] = pipe();
  succeeds(kernel.write(writer, pattern(2 * PAGE + 1)));
  failsWith(kernel.fcntl(writer, f.F_SETPIPE_SZ, 2 * PAGE), EBUSY);
  succeeds(kernel.fcntl(writer, f.F_GETPIPE_SZ), 16 * PAGE);
  succeeds(kernel.fcntl(writer, f.F_SETPIPE_SZ, 3 * PAGE), 4 * PAGE);
  assert.deepEqual(receive(kernel, reader), pattern(2 * PAGE + 1));
});

row(
  'FPSZ-08',
  'above pipe-max-size without privileges is EPERM',
  async (subject) => {
    const child = await otherUser(subject);
    const ends = new Int32Array(2);
    succeeds(await child.call('pipe2', 0, ends), 0);
    const writer = ends[1] as number;
    succeeds(await child.call('fcntl', writer, f.F_SETPIPE_SZ, 1 << 20), 1 << 20);
    failsWith(await child.call('fcntl', writer, f.F_SETPIPE_SZ, (1 << 20) + 1), EPERM);
    succeeds(await child.call('fcntl', writer, f.F_GETPIPE_SZ), 1 << 20);
  },
  { skip: NEEDS_ROOT },
);

row('FPSZ-08', 'above pipe-max-size: the result tells, not the user id', ({ kernel, pipe }) => {
  const [reader] = pipe();
  const result = kernel.fcntl(reader, f.F_SETPIPE_SZ, 1 << 21);
  if (result < 0) failsWithOneOf(result, EPERM);
  succeeds(kernel.fcntl(reader, f.F_GETPIPE_SZ), result < 0 ? 16 * PAGE : 1 << 21);
});

row('FPSZ-09', 'what is not a pipe is EBADF', ({ kernel, file, socketPair }) => {
  for (const fd of [file(), socketPair()[0], -1]) {
    failsWith(kernel.fcntl(fd, f.F_GETPIPE_SZ), EBADF);
    failsWith(kernel.fcntl(fd, f.F_SETPIPE_SZ, PAGE), EBADF);
  }
});

row('FPSZ-10', 'one capacity a pipe: both ends, duplicates, other processes', async (subject) => {
  const { kernel, pipe, keep } = subject;
  const [reader, writer] = pipe();
  const duplicate = keep(kernel.dup(writer));
  const child = await subject.process([reader]);
  const theirs = child.inherited[0] as number;
  succeeds(kernel.fcntl(duplicate, f.F_SETPIPE_SZ, 2 * PAGE), 2 * PAGE);
  for (const fd of [reader, writer]) succeeds(kernel.fcntl(fd, f.F_GETPIPE_SZ), 2 * PAGE);
  succeeds(await child.call('fcntl', theirs, f.F_SETPIPE_SZ, 4 * PAGE), 4 * PAGE);
  succeeds(kernel.fcntl(writer, f.F_GETPIPE_SZ), 4 * PAGE);
});

row('FPSZ-11', 'a pipe of one page takes exactly 4096 bytes', ({ kernel, pipe }) => {
  const [reader, writer] = pipe(f.O_NONBLOCK);
  succeeds(kernel.fcntl(writer, f.F_SETPIPE_SZ, 0), PAGE);
  succeeds(kernel.write(writer, pattern(10_000)), PAGE);
  failsWith(kernel.write(writer, text('x')), EAGAIN);
  assert.deepEqual(receive(kernel, reader), pattern(PAGE));
  succeeds(kernel.fcntl(writer, f.F_SETPIPE_SZ, 2 * PAGE), 2 * PAGE);
  fill(kernel, writer);
});

row(
  'Z14',
  'over pipe-user-pages-soft a new pipe has two pages and cannot grow',
  async (subject) => {
    const child = await otherUser(subject);
    const ends = new Int32Array(2);
    await takePages(child, 1024 * 16);
    succeeds(await child.call('pipe2', 0, ends), 0);
    const writer = ends[1] as number;
    succeeds(await child.call('fcntl', writer, f.F_GETPIPE_SZ), 2 * PAGE);
    failsWith(await child.call('fcntl', writer, f.F_SETPIPE_SZ, 16 * PAGE), EPERM);
    succeeds(await child.call('write', writer, pattern(2 * PAGE)), 2 * PAGE);
  },
  { skip: NEEDS_ROOT },
);
