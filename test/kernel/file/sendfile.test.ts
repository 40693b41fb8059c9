import assert from 'node:assert/strict';
import * as e from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { failsWith, pattern, succeeds, text } from '../../helpers/claims.js';
import { row } from '../../helpers/conformance.js';
import { content, offsetVariable, position, receive, unread } from '../../helpers/transfer.js';

const GIB = 2 ** 30;
const sent = pattern(5000);

row('SEND-01', 'a file goes to a stream socket from its offset', (subject) => {
  const { kernel } = subject;
  const file = subject.file(sent);
  const [left, right] = subject.socketPair();
  succeeds(kernel.lseek(file, 1000, f.SEEK_SET, new BigInt64Array(1)), 0);
  succeeds(kernel.sendfile(left, file, null, 4000), 4000);
  assert.deepEqual(receive(kernel, right), sent.subarray(1000));
});

row('SEND-02', 'an offset is where sending starts', (subject) => {
  const { kernel } = subject;
  const file = subject.file(sent);
  const [left, right] = subject.socketPair();
  succeeds(kernel.sendfile(left, file, 4000, 1000), 1000);
  assert.deepEqual(receive(kernel, right), sent.subarray(4000));
  succeeds(kernel.sendfile(left, file, 4999n, 1000n), 1);
  assert.deepEqual(receive(kernel, right), sent.subarray(4999));
});

row('SEND-03', 'no more than count is moved', (subject) => {
  const { kernel } = subject;
  const [left, right] = subject.socketPair();
  succeeds(kernel.sendfile(left, subject.file(sent), 0, 10), 10);
  assert.deepEqual(receive(kernel, right), sent.subarray(0, 10));
});

row('SEND-06', 'without an offset the file offset advances', (subject) => {
  const { kernel } = subject;
  const file = subject.file(sent);
  const [left, right] = subject.socketPair();
  succeeds(kernel.sendfile(left, file, null, 1000), 1000);
  assert.equal(position(kernel, file), 1000);
  succeeds(kernel.sendfile(left, file, null, 9000), 4000);
  assert.equal(position(kernel, file), 5000);
  assert.equal(unread(kernel, right), 5000);
});

row('SEND-07', 'with an offset the variable advances, the file offset stays', (subject) => {
  const { kernel } = subject;
  const file = subject.file(sent);
  const [left] = subject.socketPair();
  const offset = offsetVariable(subject, 100);
  succeeds(kernel.sendfile(left, file, offset.pointer, 1000), 1000);
  assert.equal(offset.value(), 1100);
  assert.equal(position(kernel, file), 0);
});

row('SEND-08', 'past the end the rest is sent, then 0', (subject) => {
  const { kernel } = subject;
  const file = subject.file(sent);
  const [left] = subject.socketPair();
  succeeds(kernel.sendfile(left, file, null, 1 << 20), 5000);
  succeeds(kernel.sendfile(left, file, null, 1 << 20), 0);
});

row('SEND-09', 'an offset past the end is 0 and stays', (subject) => {
  const { kernel } = subject;
  const file = subject.file(sent);
  const [left] = subject.socketPair();
  const offset = offsetVariable(subject, 6000);
  succeeds(kernel.sendfile(left, file, offset.pointer, 10), 0);
  assert.equal(offset.value(), 6000);
});

row('SEND-10', 'count 0 is 0, the descriptors are checked all the same', (subject) => {
  const { kernel } = subject;
  const file = subject.file(sent);
  const [left] = subject.socketPair();
  succeeds(kernel.sendfile(left, file, null, 0), 0);
  failsWith(kernel.sendfile(-1, file, null, 0), e.EBADF);
  failsWith(kernel.sendfile(left, -1, null, 0), e.EBADF);
});

row(['SEND-04', 'SEND-11'], 'a negative offset is EINVAL and stays', (subject) => {
  const { kernel } = subject;
  const file = subject.file(sent);
  const [left, right] = subject.socketPair();
  const offset = offsetVariable(subject, -1);
  failsWith(kernel.sendfile(left, file, offset.pointer, 10), e.EINVAL);
  assert.equal(offset.value(), -1);
  failsWith(kernel.sendfile(left, file, -1, 10), e.EINVAL);
  assert.equal(unread(kernel, right), 0);
});

row('SEND-17', 'a regular file is a target too: its offset advances', (subject) => {
  const { kernel } = subject;
  const target = subject.file(text('head'));
  succeeds(kernel.lseek(target, 4, f.SEEK_SET, new BigInt64Array(1)), 0);
  succeeds(kernel.sendfile(target, subject.file(sent), 0, 5000), 5000);
  assert.equal(position(kernel, target), 5004);
  assert.deepEqual(content(kernel, target).subarray(4), sent);
});

row('SEND-19', 'a pipe is a target too', (subject) => {
  const { kernel } = subject;
  const [reader, writer] = subject.pipe();
  succeeds(kernel.sendfile(writer, subject.file(sent), 0, 5000), 5000);
  assert.deepEqual(receive(kernel, reader), sent);
});

row('SEND-19', 'into a pipe, a socket is a source', ({ kernel, pipe, socketPair }) => {
  const [reader, writer] = pipe();
  const [left, right] = socketPair(f.SOCK_STREAM | f.SOCK_NONBLOCK);
  failsWith(kernel.sendfile(writer, right, null, 10), e.EAGAIN);
  succeeds(kernel.write(left, text('hello')), 5);
  succeeds(kernel.sendfile(writer, right, null, 10), 5);
  assert.deepEqual(receive(kernel, reader), text('hello'));
});

row('SEND-22', 'at the end of the file a full pipe matters not: 0', (subject) => {
  const { kernel } = subject;
  const [, writer] = subject.pipe(f.O_NONBLOCK);
  succeeds(kernel.sendfile(writer, subject.file(), null, 10), 0);
  const file = subject.file(new Uint8Array(65536));
  succeeds(kernel.sendfile(writer, file, null, 65536), 65536);
  failsWith(kernel.sendfile(writer, file, 0, 10), e.EAGAIN);
});

row('SEND-26', 'a file of /proc is a source, though its size is 0', (subject) => {
  const { kernel, keep } = subject;
  const flags = f.O_RDONLY | f.O_CLOEXEC;
  const version = keep(kernel.openat(f.AT_FDCWD, '/proc/version', flags, 0));
  const expected = receive(kernel, version);
  const [left, right] = subject.socketPair();
  succeeds(kernel.sendfile(left, version, 0, 65536), expected.length);
  assert.deepEqual(receive(kernel, right), expected);
});

row('SEND-29', 'offsets beyond 2^31 and 2^32 in a sparse file', (subject) => {
  const { kernel } = subject;
  const file = subject.file();
  for (const offset of [2 ** 31 - 1, 3 * GIB, 2 ** 32, 2 ** 32 + 1]) {
    const bytes = pattern(100, offset);
    succeeds(kernel.pwrite(file, bytes, offset), 100);
    const [left, right] = subject.socketPair();
    succeeds(kernel.sendfile(left, file, offset, 100), 100);
    assert.deepEqual(receive(kernel, right), bytes);
    const variable = offsetVariable(subject, offset);
    succeeds(kernel.sendfile(left, file, variable.pointer, 100), 100);
    assert.equal(variable.value(), offset + 100);
  }
});

row('SEND-31', '/dev/null counts the bytes', (subject) => {
  const { kernel, keep } = subject;
  const nothing = keep(kernel.openat(f.AT_FDCWD, '/dev/null', f.O_WRONLY | f.O_CLOEXEC, 0));
  succeeds(kernel.sendfile(nothing, subject.file(sent), 0, 1 << 20), 5000);
});

row('Z10', 'a file that shrinks while it is sent: short, then 0', (subject) => {
  const { kernel } = subject;
  const file = subject.file(new Uint8Array(100_000));
  const [left] = subject.socketPair();
  succeeds(kernel.sendfile(left, file, null, 20_000), 20_000);
  succeeds(kernel.ftruncate(file, 30_000), 0);
  succeeds(kernel.sendfile(left, file, null, 80_000), 10_000);
  succeeds(kernel.sendfile(left, file, null, 70_000), 0);
  succeeds(kernel.ftruncate(file, 10_000), 0);
  succeeds(kernel.sendfile(left, file, null, 70_000), 0);
});

row('Z10b', 'what was sent is not a snapshot: a later write shows in it', (subject) => {
  const { kernel } = subject;
  const file = subject.file(new Uint8Array(8192).fill(1));
  const [left, right] = subject.socketPair();
  const [reader, writer] = subject.pipe();
  succeeds(kernel.sendfile(left, file, 0, 8192), 8192);
  succeeds(kernel.sendfile(writer, file, 0, 8192), 8192);
  succeeds(kernel.pwrite(file, new Uint8Array(8192).fill(2), 0), 8192);
  assert.deepEqual(receive(kernel, right), new Uint8Array(8192).fill(2));
  assert.deepEqual(receive(kernel, reader), new Uint8Array(8192).fill(2));
});

row('Z10b', 'with O_DIRECT it is one: the bytes are copied', ({ kernel, keep, pipe }) => {
  const [reader, writer] = pipe();
  const fd = keep(
    kernel.openat(f.AT_FDCWD, '/dev/shm', f.O_TMPFILE | f.O_RDWR | f.O_DIRECT, 0o600),
  );
  succeeds(kernel.write(fd, text('before')), 6);
  succeeds(kernel.sendfile(writer, fd, 0, 6), 6);
  succeeds(kernel.pwrite(fd, text('after!'), 0), 6);
  assert.deepEqual(receive(kernel, reader), text('before'));
});

row('Z10b', 'after a truncation as many bytes come as were sent', (subject) => {
  const { kernel } = subject;
  const file = subject.file(new Uint8Array(8192).fill(1));
  const [left, right] = subject.socketPair();
  succeeds(kernel.sendfile(left, file, 0, 8192), 8192);
  succeeds(kernel.ftruncate(file, 0), 0);
  assert.equal(receive(kernel, right).length, 8192);
});

row('Z10b', 'a file renamed over the one being sent does not show in it', (subject) => {
  const { kernel, keep, names } = subject;
  const [old, replacement] = [1, 2].map((byte) => {
    const path = subject.path();
    names.writeFile(path, new Uint8Array(4096).fill(byte));
    return path;
  }) as [string, string];
  const file = keep(kernel.openat(f.AT_FDCWD, old, f.O_RDONLY | f.O_CLOEXEC, 0));
  const [left, right] = subject.socketPair();
  succeeds(kernel.sendfile(left, file, null, 2048), 2048);
  names.rename(replacement, old);
  succeeds(kernel.sendfile(left, file, null, 4096), 2048);
  assert.deepEqual(receive(kernel, right, 4096), new Uint8Array(4096).fill(1));
});
