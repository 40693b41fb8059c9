import assert from 'node:assert/strict';
import { EAGAIN, EBADF, EFAULT, EINVAL, EISDIR } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { failsWith, pattern, string, succeeds, text } from '../../helpers/claims.js';
import { row } from '../../helpers/conformance.js';
import { NOWHERE, position, unread } from '../../helpers/transfer.js';

const NULL_PIECE = BigUint64Array.of(0n, 0n);

function buffers(...lengths: number[]): Uint8Array[] {
  return lengths.map((length) => new Uint8Array(length));
}

row('IOV-01', 'readv fills the buffers in order, each completely', ({ kernel, file }) => {
  const vector = buffers(7, 1, 1000);
  succeeds(kernel.readv(file(pattern(2000)), vector), 1008);
  assert.deepEqual(Buffer.concat(vector), Buffer.from(pattern(2000).subarray(0, 1008)));
});

row('IOV-04', 'readv on a socket takes what recvmsg would', ({ kernel, socketPair }) => {
  const [left, right] = socketPair(f.SOCK_SEQPACKET);
  succeeds(kernel.write(left, text('a whole message')), 15);
  succeeds(kernel.write(left, text('next')), 4);
  const vector = buffers(2, 5);
  succeeds(kernel.readv(right, vector), 7);
  assert.deepEqual(vector.map(string), ['a ', 'whole']);
  succeeds(kernel.readv(right, vector), 4);
  assert.deepEqual(vector.map(string), ['ne', 'xtole']);
});

row('IOV-05', 'readv moves the file offset by what it read', ({ kernel, file }) => {
  const fd = file(pattern(100));
  succeeds(kernel.readv(fd, buffers(10, 20)), 30);
  assert.equal(position(kernel, fd), 30);
  succeeds(kernel.readv(fd, buffers(60, 60)), 70);
  assert.equal(position(kernel, fd), 100);
});

row('IOV-06', 'with less than asked, buffers past the data are untouched', ({ kernel, file }) => {
  const vector = [4, 4, 4].map((length) => new Uint8Array(length).fill(0x7e));
  succeeds(kernel.readv(file(text('abcdef')), vector), 6);
  assert.deepEqual(vector.map(string), ['abcd', 'ef~~', '~~~~']);
});

row('IOV-07', 'readv at end of file is 0', ({ kernel, file }) => {
  succeeds(kernel.readv(file(), buffers(10, 10)), 0);
});

row(['IOV-03', 'IOV-08'], 'a negative count of buffers is EINVAL', async ({ file, process }) => {
  const child = await process([file(text('data'))]);
  const [fd] = child.inherited as [number];
  for (const name of ['readv', 'writev'] as const) {
    failsWith(await child.call(name, fd, BigUint64Array.of(4096n, 2n ** 64n - 1n)), EINVAL);
  }
});

row(['IOV-09', 'IOV-25'], '1024 buffers are taken, 1025 are EINVAL', ({ kernel, file }) => {
  assert.equal(f.IOV_MAX, 1024);
  const fd = file(pattern(5000));
  const vector = buffers(...Array(1025).fill(3));
  succeeds(kernel.readv(fd, vector.slice(0, 1024)), 3072);
  assert.deepEqual(vector[1023], pattern(5000).subarray(3069, 3072));
  failsWith(kernel.readv(fd, vector), EINVAL);
  failsWith(kernel.writev(fd, vector), EINVAL);
  failsWith(kernel.readv(-1, vector), EBADF);
  succeeds(kernel.writev(fd, vector.slice(0, 1024)), 3072);
});

row('IOV-10', 'a length that is negative as ssize_t is EINVAL', ({ kernel, file, memory }) => {
  const fd = file(text('data'));
  for (const length of [2n ** 64n - 1n, 2n ** 63n]) {
    const piece = BigUint64Array.of(memory()[0] as bigint, length);
    failsWith(kernel.readv(fd, [...buffers(1), piece]), EINVAL);
    failsWith(kernel.writev(fd, [...buffers(1), piece]), EINVAL);
  }
  assert.equal(position(kernel, fd), 0);
});

row('IOV-11', 'empty buffers and NULL with length 0 are skipped', ({ kernel, file }) => {
  const fd = file(text('abcd'));
  const [first, second] = buffers(2, 2) as [Uint8Array, Uint8Array];
  succeeds(kernel.readv(fd, [NULL_PIECE, first, new Uint8Array(0), second, NULL_PIECE]), 4);
  assert.equal(string(first) + string(second), 'abcd');
  succeeds(kernel.writev(fd, [NULL_PIECE, first, NULL_PIECE, second]), 4);
  const all = new Uint8Array(16);
  assert.equal(string(all.subarray(0, kernel.pread(fd, all, 0))), 'abcdabcd');
});

row('IOV-12', 'only empty buffers, or none: 0, and nothing moves', ({ kernel, file, pipe }) => {
  const fd = file(text('abcd'));
  const [reader] = pipe();
  for (const vector of [[], [NULL_PIECE], buffers(0, 0)]) {
    succeeds(kernel.readv(fd, vector), 0);
    succeeds(kernel.writev(fd, vector), 0);
    succeeds(kernel.readv(reader, vector), 0);
  }
  assert.equal(position(kernel, fd), 0);
});

row('IOV-13', 'a first element at a bad address is EFAULT', ({ kernel, file, pipe }) => {
  const fd = file(text('abcd'));
  const [reader, writer] = pipe();
  succeeds(kernel.write(writer, text('kept')), 4);
  for (const from of [fd, reader]) {
    failsWith(kernel.readv(from, [NOWHERE, ...buffers(4)]), EFAULT);
  }
  for (const to of [fd, writer]) failsWith(kernel.writev(to, [NOWHERE, text('x')]), EFAULT);
  assert.equal(position(kernel, fd), 0);
  assert.equal(unread(kernel, reader), 4);
});

row('IOV-15', 'a descriptor that is not open is EBADF', ({ kernel, file, close }) => {
  const fd = file();
  close(fd);
  for (const bad of [fd, -1]) {
    failsWith(kernel.readv(bad, buffers(1)), EBADF);
    failsWith(kernel.writev(bad, buffers(1)), EBADF);
  }
});

row('IOV-16', 'readv of the writing end and writev to the reading end are EBADF', (subject) => {
  const { kernel, pipe } = subject;
  const [reader, writer] = pipe();
  failsWith(kernel.readv(writer, buffers(1)), EBADF);
  failsWith(kernel.writev(reader, buffers(1)), EBADF);
});

row('IOV-17', 'readv of a directory is EISDIR', ({ kernel, keep, directory }) => {
  const fd = keep(kernel.openat(f.AT_FDCWD, directory(), f.O_RDONLY | f.O_DIRECTORY, 0));
  failsWith(kernel.readv(fd, buffers(1)), EISDIR);
});

row('IOV-18', 'readv of an empty O_NONBLOCK pipe is EAGAIN', ({ kernel, pipe }) => {
  failsWith(kernel.readv(pipe(f.O_NONBLOCK)[0], buffers(4, 4)), EAGAIN);
});

row('IOV-19', 'readv of a pipe answers at once with what is there', ({ kernel, pipe }) => {
  const [reader, writer] = pipe();
  succeeds(kernel.write(writer, text('abcde')), 5);
  const vector = buffers(3, 100);
  succeeds(kernel.readv(reader, vector), 5);
  assert.equal(string((vector[1] as Uint8Array).subarray(0, 2)), 'de');
});

row('IOV-24', 'a mapped page past the end of its file is EFAULT, no SIGBUS', (subject) => {
  const { kernel, file, pipe } = subject;
  const [reader, writer] = pipe();
  const fd = file(pattern(4096));
  succeeds(kernel.write(writer, text('abcdef')), 6);
  const access = f.PROT_READ | f.PROT_WRITE;
  const mapped = succeeds(kernel.mmap(0, 8192, access, f.MAP_SHARED, fd, 0));
  const beyond = BigUint64Array.of(BigInt(mapped) + 4096n, 4n);
  const read = kernel.readv(reader, [beyond]);
  const written = kernel.writev(writer, [beyond]);
  const left = unread(kernel, reader);
  const partly = kernel.readv(reader, [new Uint8Array(2), beyond]);
  succeeds(kernel.munmap(mapped, 8192), 0);
  failsWith(read, EFAULT);
  failsWith(written, EFAULT);
  assert.equal(left, 6);
  assert.ok(partly === 2 || partly === -EFAULT, `${partly}`);
});
