import assert from 'node:assert/strict';
import * as e from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import type { Kernel, Offset, Vector } from '../../../src/kernel/kernel.js';
import { failsWith, pattern, string, succeeds, text } from '../../helpers/claims.js';
import { row } from '../../helpers/conformance.js';
import { content, NOWHERE, position } from '../../helpers/transfer.js';

type Positioned = (fd: number, vector: Vector, offset: Offset) => number;

/** Every call with an offset, on a vector. */
function positioned(kernel: Kernel): { reads: Positioned[]; writes: Positioned[] } {
  return {
    reads: [
      (fd, [piece], offset) => kernel.pread(fd, piece ?? new Uint8Array(0), offset),
      (fd, vector, offset) => kernel.preadv(fd, vector, offset),
      (fd, vector, offset) => kernel.preadv2(fd, vector, offset, 0),
    ],
    writes: [
      (fd, [piece], offset) => kernel.pwrite(fd, piece ?? new Uint8Array(0), offset),
      (fd, vector, offset) => kernel.pwritev(fd, vector, offset),
      (fd, vector, offset) => kernel.pwritev2(fd, vector, offset, 0),
    ],
  };
}

row('PIOV-01', 'reading at an offset leaves the file offset', ({ kernel, file }) => {
  const bytes = pattern(100);
  const fd = file(bytes);
  succeeds(kernel.read(fd, new Uint8Array(5)), 5);
  const vector = [new Uint8Array(10), new Uint8Array(20)];
  succeeds(kernel.preadv(fd, vector, 40), 30);
  assert.deepEqual(Buffer.concat(vector), Buffer.from(bytes.subarray(40, 70)));
  const one = new Uint8Array(10);
  succeeds(kernel.pread(fd, one, 95), 5);
  assert.deepEqual(one.subarray(0, 5), bytes.subarray(95));
  assert.equal(position(kernel, fd), 5);
});

row('PIOV-02', 'writing at an offset leaves the file offset', ({ kernel, file }) => {
  const fd = file(text('0123456789'));
  succeeds(kernel.pwritev(fd, [text('ab'), text('c')], 4), 3);
  succeeds(kernel.pwrite(fd, text('Z'), 0), 1);
  assert.equal(string(content(kernel, fd)), 'Z123abc789');
  assert.equal(position(kernel, fd), 0);
});

row('PIOV-03', 'writing past the end leaves a gap of zeros', ({ kernel, file }) => {
  const fd = file(text('ab'));
  succeeds(kernel.pwritev(fd, [text('cd'), text('ef')], 5), 4);
  assert.equal(string(content(kernel, fd)), 'ab\0\0\0cdef');
});

row('PIOV-04', 'reading at or past the end is 0', ({ kernel, file }) => {
  const fd = file(text('abc'));
  for (const read of positioned(kernel).reads) {
    for (const offset of [3, 4, 2 ** 40, 2n ** 62n]) {
      succeeds(read(fd, [new Uint8Array(4)], offset), 0);
    }
  }
});

row('PIOV-05', 'pipes and sockets are ESPIPE, either end', ({ kernel, pipe, socketPair }) => {
  const { reads, writes } = positioned(kernel);
  for (const fd of [...pipe(), ...socketPair()]) {
    for (const call of [...reads, ...writes]) failsWith(call(fd, [text('x')], 0), e.ESPIPE);
  }
});

row('PIOV-06', 'a bad descriptor, the wrong access mode and O_PATH are EBADF', (subject) => {
  const { kernel, keep, path, file, close } = subject;
  const { reads, writes } = positioned(kernel);
  const name = path();
  const writeOnly = keep(kernel.openat(f.AT_FDCWD, name, f.O_WRONLY | f.O_CREAT, 0o600));
  const readOnly = keep(kernel.openat(f.AT_FDCWD, name, f.O_RDONLY, 0));
  const bare = keep(kernel.openat(f.AT_FDCWD, name, f.O_PATH, 0));
  const closed = file();
  close(closed);
  for (const fd of [writeOnly, bare, closed, -1])
    for (const read of reads) failsWith(read(fd, [new Uint8Array(1)], 0), e.EBADF);
  for (const fd of [readOnly, bare, closed, -1])
    for (const write of writes) failsWith(write(fd, [text('x')], 0), e.EBADF);
});

row('PIOV-07', 'reading a directory at an offset is EISDIR', ({ kernel, keep, directory }) => {
  const fd = keep(kernel.openat(f.AT_FDCWD, directory(), f.O_RDONLY | f.O_DIRECTORY, 0));
  for (const read of positioned(kernel).reads) {
    failsWith(read(fd, [new Uint8Array(1)], 0), e.EISDIR);
  }
});

row('PIOV-08', 'a bad count or length is EINVAL', async ({ kernel, file, memory, process }) => {
  const fd = file(text('data'));
  const child = await process([fd]);
  const [theirs] = child.inherited as [number];
  const many = Array.from({ length: 1025 }, () => new Uint8Array(1));
  const negative = [BigUint64Array.of(memory()[0] as bigint, 2n ** 63n)];
  for (const vector of [many, negative]) {
    failsWith(kernel.preadv(fd, vector, 0), e.EINVAL);
    failsWith(kernel.pwritev(fd, vector, 0), e.EINVAL);
  }
  for (const name of ['preadv', 'pwritev'] as const) {
    const minusOne = BigUint64Array.of(4096n, 2n ** 64n - 1n);
    failsWith(await child.call(name, theirs, minusOne, 0), e.EINVAL);
  }
});

row('PIOV-OFFSET', 'a negative offset is EINVAL', ({ kernel, file }) => {
  const fd = file(text('data'));
  const { reads, writes } = positioned(kernel);
  for (const call of [...reads, ...writes]) failsWith(call(fd, [text('x')], -2), e.EINVAL);
  failsWith(kernel.pread(fd, new Uint8Array(1), -1), e.EINVAL);
  failsWith(kernel.pwritev(fd, [text('x')], -1), e.EINVAL);
});

row('PIOV-09', 'bad memory is EFAULT', ({ kernel, file }) => {
  const fd = file(text('data'));
  const { reads, writes } = positioned(kernel);
  for (const call of [...reads, ...writes]) failsWith(call(fd, [NOWHERE], 0), e.EFAULT);
  assert.equal(string(content(kernel, fd)), 'data');
});

row('PIOV-10', 'offset -1 uses and moves the file offset', ({ kernel, file }) => {
  const fd = file(text('0123456789'));
  const bytes = new Uint8Array(4);
  succeeds(kernel.preadv2(fd, [bytes], -1, 0), 4);
  assert.equal(position(kernel, fd), 4);
  succeeds(kernel.pwritev2(fd, [text('ab')], -1, 0), 2);
  assert.equal(position(kernel, fd), 6);
  assert.equal(string(content(kernel, fd)), '0123ab6789');
});

row('PIOV-11', 'offset -1 suits a pipe, another one is ESPIPE', ({ kernel, pipe }) => {
  const [reader, writer] = pipe();
  succeeds(kernel.pwritev2(writer, [text('ab'), text('cd')], -1, 0), 4);
  failsWith(kernel.preadv2(reader, [new Uint8Array(4)], 0, 0), e.ESPIPE);
  failsWith(kernel.pwritev2(writer, [text('x')], 0, 0), e.ESPIPE);
  const bytes = new Uint8Array(8);
  succeeds(kernel.preadv2(reader, [bytes], -1, 0), 4);
  assert.equal(string(bytes.subarray(0, 4)), 'abcd');
});

row('PIOV-12', 'unknown flags are EOPNOTSUPP', ({ kernel, file }) => {
  const fd = file(text('data'));
  for (const flags of [0x40000000, -1]) {
    failsWith(kernel.preadv2(fd, [new Uint8Array(1)], 0, flags), e.EOPNOTSUPP);
    failsWith(kernel.pwritev2(fd, [text('x')], 0, flags), e.EOPNOTSUPP);
  }
});

row('PIOV-13', 'pwritev2 takes RWF_DSYNC and RWF_SYNC', ({ kernel, file }) => {
  const fd = file();
  assert.deepEqual([f.RWF_DSYNC, f.RWF_SYNC], [2, 4]);
  succeeds(kernel.pwritev2(fd, [text('ab')], 0, f.RWF_DSYNC), 2);
  succeeds(kernel.pwritev2(fd, [text('cd')], 2, f.RWF_SYNC), 2);
  assert.equal(string(content(kernel, fd)), 'abcd');
});

row('PIOV-14', 'preadv2 takes RWF_HIPRI', ({ kernel, file }) => {
  const bytes = new Uint8Array(4);
  succeeds(kernel.preadv2(file(text('data')), [bytes], 0, f.RWF_HIPRI), 4);
  assert.equal(string(bytes), 'data');
});

row('PIOV-NOWAIT', 'RWF_NOWAIT is EAGAIN on a blocking pipe that would wait', (subject) => {
  const { kernel, pipe } = subject;
  const [reader, writer] = pipe();
  const bytes = new Uint8Array(8);
  failsWith(kernel.preadv2(reader, [bytes], -1, f.RWF_NOWAIT), e.EAGAIN);
  succeeds(kernel.pwritev2(writer, [text('now')], -1, f.RWF_NOWAIT), 3);
  succeeds(kernel.preadv2(reader, [bytes], -1, f.RWF_NOWAIT), 3);
});

row('PIOV-APPEND', 'RWF_APPEND writes at the end whatever the offset', ({ kernel, file }) => {
  const fd = file(text('head'));
  succeeds(kernel.pwritev2(fd, [text('+1')], 0, f.RWF_APPEND), 2);
  assert.equal(position(kernel, fd), 0);
  succeeds(kernel.pwritev2(fd, [text('+2')], -1, f.RWF_APPEND), 2);
  assert.equal(position(kernel, fd), 8);
  assert.equal(string(content(kernel, fd)), 'head+1+2');
});

row('PIOV-BIG', 'offsets are exact above 2^32 and above 2^53', ({ kernel, keep }) => {
  const fd = keep(kernel.memfd_create('big', f.MFD_CLOEXEC));
  const stat = new BigInt64Array(f.STAT_FIELDS);
  for (const offset of [2n ** 33n + 1n, 2n ** 53n + 1n, 2n ** 62n + 1n]) {
    succeeds(kernel.pwrite(fd, text('x'), offset), 1);
    succeeds(kernel.fstat(fd, stat), 0);
    assert.equal(stat[f.STAT_SIZE], offset + 1n);
    const bytes = new Uint8Array(2);
    succeeds(kernel.pread(fd, bytes, offset), 1);
    assert.equal(string(bytes), 'x\0');
  }
  succeeds(kernel.pwrite(fd, text('y'), 2 ** 33 + 1), 1);
  failsWith(kernel.pwrite(fd, text('x'), 2n ** 63n - 1n), e.EINVAL);
  failsWith(kernel.pwrite(fd, text('x'), 2n ** 63n), e.EINVAL);
});
