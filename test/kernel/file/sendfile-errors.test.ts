import assert from 'node:assert/strict';
import * as e from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { failsWith, succeeds, text } from '../../helpers/claims.js';
import { row, type Subject } from '../../helpers/conformance.js';
import { fill, NOWHERE, position, receive, unread } from '../../helpers/transfer.js';

/** The subject's new file, opened again in another way. */
function reopened({ kernel, keep, path }: Subject, flags: number): number {
  const name = path();
  const file = kernel.openat(f.AT_FDCWD, name, f.O_RDWR | f.O_CREAT | f.O_CLOEXEC, 0o600);
  succeeds(kernel.write(keep(file), text('content')), 7);
  return keep(kernel.openat(f.AT_FDCWD, name, flags | f.O_CLOEXEC, 0));
}

row('SEND-12', 'a bad offset pointer is EFAULT', (subject) => {
  const { kernel } = subject;
  const file = subject.file(text('content'));
  const [left] = subject.socketPair();
  failsWith(kernel.sendfile(left, file, NOWHERE, 7), e.EFAULT);
  for (const offset of ['0', undefined, {}, new Uint8Array(8)]) {
    failsWith(kernel.sendfile(left, file, offset as never, 7), e.EFAULT);
  }
  failsWith(kernel.sendfile(left, file, 0.5, 7), e.EINVAL);
  failsWith(kernel.sendfile(left, file, 0, -1), e.EINVAL);
});

row('SEND-13', 'a descriptor that is not open is EBADF', (subject) => {
  const { kernel } = subject;
  const [left] = subject.socketPair();
  failsWith(kernel.sendfile(-1, subject.file(), null, 1), e.EBADF);
  failsWith(kernel.sendfile(left, -1, null, 1), e.EBADF);
  failsWith(kernel.sendfile(left, '3' as never, null, 1), e.EBADF);
});

row('SEND-14', 'a source open for writing only is EBADF', (subject) => {
  const [left] = subject.socketPair();
  failsWith(subject.kernel.sendfile(left, reopened(subject, f.O_WRONLY), null, 1), e.EBADF);
});

row('SEND-15', 'a target open for reading only is EBADF', (subject) => {
  const target = reopened(subject, f.O_RDONLY);
  failsWith(subject.kernel.sendfile(target, subject.file(), null, 1), e.EBADF);
});

row('SEND-16', 'O_PATH on either side is EBADF', (subject) => {
  const { kernel } = subject;
  const name = reopened(subject, f.O_PATH);
  const [left] = subject.socketPair();
  failsWith(kernel.sendfile(left, name, null, 1), e.EBADF);
  failsWith(kernel.sendfile(name, subject.file(), null, 1), e.EBADF);
});

row('SEND-18', 'a target opened with O_APPEND is EINVAL', (subject) => {
  const target = reopened(subject, f.O_WRONLY | f.O_APPEND);
  failsWith(subject.kernel.sendfile(target, subject.file(text('x')), null, 1), e.EINVAL);
});

row('SEND-20', 'a full pipe with O_NONBLOCK is EAGAIN', (subject) => {
  const { kernel } = subject;
  const [, writer] = subject.pipe(f.O_NONBLOCK);
  fill(kernel, writer);
  const file = subject.file(text('content'));
  failsWith(kernel.sendfile(writer, file, null, 7), e.EAGAIN);
  assert.equal(position(kernel, file), 0);
});

row('SEND-21', 'a full blocking pipe is waited for', async (subject) => {
  const { kernel } = subject;
  const [reader, writer] = subject.pipe();
  const capacity = fill(kernel, writer);
  const child = await subject.process([writer, subject.file(text('content'))]);
  const [target, source] = child.inherited as [number, number];
  const sending = child.call('sendfile', target, source, null, 7);
  await child.asleep('sendfile');
  assert.equal(receive(kernel, reader, capacity).length, capacity);
  succeeds(await sending, 7);
  assert.deepEqual(receive(kernel, reader), text('content'));
});

row('SEND-23', 'a socket as source is EINVAL', (subject) => {
  const { kernel } = subject;
  const [left, right] = subject.socketPair();
  succeeds(kernel.write(left, text('x')));
  const [other] = subject.socketPair();
  failsWith(kernel.sendfile(other, right, null, 1), e.EINVAL);
  failsWith(kernel.sendfile(subject.file(), right, null, 1), e.EINVAL);
});

row('SEND-24', 'a pipe as source is EINVAL', (subject) => {
  const { kernel } = subject;
  const [reader, writer] = subject.pipe();
  succeeds(kernel.write(writer, text('x')));
  const [, otherPipe] = subject.pipe();
  for (const target of [subject.socketPair()[0], subject.file(), otherPipe]) {
    failsWith(kernel.sendfile(target, reader, null, 1), e.EINVAL);
  }
});

row('SEND-25', 'a directory as source is EINVAL', (subject) => {
  const { kernel, keep, directory } = subject;
  const flags = f.O_RDONLY | f.O_DIRECTORY | f.O_CLOEXEC;
  const source = keep(kernel.openat(f.AT_FDCWD, directory(), flags, 0));
  failsWith(kernel.sendfile(subject.socketPair()[0], source, null, 1), e.EINVAL);
});

row('SEND-27', 'a non-blocking socket takes a part, then EAGAIN', (subject) => {
  const { kernel } = subject;
  const file = subject.file();
  const size = 64 << 20;
  succeeds(kernel.ftruncate(file, size), 0);
  const [left, right] = subject.socketPair(f.SOCK_STREAM | f.SOCK_NONBLOCK);
  let taken = 0;
  let last = kernel.sendfile(left, file, null, size);
  for (; last > 0; last = kernel.sendfile(left, file, null, size)) taken += last;
  failsWith(last, e.EAGAIN);
  assert.ok(taken > 0 && taken < size);
  assert.equal(position(kernel, file), taken);
  let received = 0;
  while (received < taken) received += receive(kernel, right).length;
  assert.equal(received, taken);
});

row('SEND-28', 'a full non-blocking datagram socket is EAGAIN', (subject) => {
  const { kernel } = subject;
  const [left] = subject.socketPair(f.SOCK_DGRAM | f.SOCK_NONBLOCK);
  const file = subject.file(text('content'));
  succeeds(kernel.sendfile(left, file, 0, 7), 7);
  let last = 0;
  while (last >= 0) last = kernel.send(left, text('x'), 0);
  failsWith(last, e.EAGAIN);
  failsWith(kernel.sendfile(left, file, 0, 7), e.EAGAIN);
});

row('SEND-30', 'beyond RLIMIT_FSIZE it is short, then EFBIG and SIGXFSZ', async (subject) => {
  const source = subject.file(new Uint8Array(8192));
  const child = await subject.process([subject.file(), source]);
  const [target, from] = child.inherited as [number, number];
  succeeds(await child.signal(f.SIGXFSZ, 'handle'), 0);
  const limit = BigUint64Array.of(5000n, 5000n);
  succeeds(await child.call('prlimit', 0, f.RLIMIT_FSIZE, limit, null), 0);
  // The signal comes with the short count already: sendfile went on and was refused.
  succeeds(await child.call('sendfile', target, from, null, 8192), 5000);
  assert.equal(await child.count(f.SIGXFSZ), 1);
  failsWith(await child.call('sendfile', target, from, null, 1), e.EFBIG);
  assert.equal(await child.count(f.SIGXFSZ), 2);
});

row('SEND-32', 'an eventfd or epoll descriptor is no source', (subject) => {
  const { kernel, keep } = subject;
  const [left, right] = subject.socketPair();
  const sources = [kernel.eventfd(1, f.EFD_CLOEXEC), kernel.epoll_create1(f.EPOLL_CLOEXEC)];
  for (const source of sources.map(keep)) {
    failsWith(kernel.sendfile(left, source, null, 8), e.EINVAL);
    failsWith(kernel.sendfile(left, source, 0, 8), e.ESPIPE);
  }
  assert.equal(unread(kernel, right), 0);
});
