// splice(2): what it refuses, and with which errno.
import assert from 'node:assert/strict';
import { EBADF, EINVAL, EPIPE, ESPIPE } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { failsWith, string, succeeds, text } from '../../helpers/claims.js';
import { row, type Subject } from '../../helpers/conformance.js';
import { offsetVariable, receive } from '../../helpers/transfer.js';

function opened({ kernel, keep, path }: Subject, flags: number): number {
  const name = path();
  const maker = kernel.openat(f.AT_FDCWD, name, f.O_CREAT | f.O_WRONLY, 0o600);
  succeeds(kernel.write(succeeds(maker), text('content')), 7);
  succeeds(kernel.close(maker), 0);
  return keep(kernel.openat(f.AT_FDCWD, name, flags | f.O_CLOEXEC, 0));
}

/** A pipe with these bytes inside. */
function loaded({ kernel, pipe }: Subject, bytes: string): [reader: number, writer: number] {
  const ends = pipe(f.O_NONBLOCK);
  succeeds(kernel.write(ends[1], text(bytes)), bytes.length);
  return ends;
}

row('SPL-07', 'EINVAL when neither descriptor is a pipe', (subject) => {
  const { kernel, file, socketPair } = subject;
  const [near, far] = socketPair();
  succeeds(kernel.write(far, text('x')), 1);
  const disk = file(text('content'));
  failsWith(kernel.splice(disk, null, file(), null, 7, 0), EINVAL);
  failsWith(kernel.splice(disk, null, near, null, 7, 0), EINVAL);
  failsWith(kernel.splice(near, null, disk, null, 7, 0), EINVAL);
  failsWith(kernel.splice(near, null, socketPair()[0], null, 7, 0), EINVAL);
});

row('SPL-08', 'ESPIPE for an offset on a pipe that is read', (subject) => {
  const { kernel, file, pipe } = subject;
  const [reader] = loaded(subject, 'kept');
  const offset = offsetVariable(subject, 0);
  failsWith(kernel.splice(reader, 0, file(), null, 4, 0), ESPIPE);
  failsWith(kernel.splice(reader, offset.pointer, file(), null, 4, 0), ESPIPE);
  failsWith(kernel.splice(reader, 0, pipe()[1], null, 4, 0), ESPIPE);
  assert.equal(string(receive(kernel, reader)), 'kept');
});

row('SPL-09', 'ESPIPE for an offset on a pipe that is written', (subject) => {
  const { kernel, file, pipe } = subject;
  const [, writer] = pipe();
  const [reader] = loaded(subject, 'kept');
  const offset = offsetVariable(subject, 0);
  failsWith(kernel.splice(file(text('x')), null, writer, 0, 1, 0), ESPIPE);
  failsWith(kernel.splice(file(text('x')), null, writer, offset.pointer, 1, 0), ESPIPE);
  failsWith(kernel.splice(reader, null, writer, 0, 1, 0), ESPIPE);
});

row('SPL-10', 'EINVAL for an offset where there is no random access', (subject) => {
  const { kernel, keep, socketPair, pipe } = subject;
  const [reader] = loaded(subject, 'kept');
  const [, writer] = pipe();
  const [near, far] = socketPair();
  succeeds(kernel.write(far, text('x')), 1);
  const flags = f.O_RDWR | f.O_NOCTTY | f.O_NONBLOCK | f.O_CLOEXEC;
  const terminal = keep(kernel.openat(f.AT_FDCWD, '/dev/ptmx', flags, 0));
  for (const fd of [near, terminal]) {
    failsWith(kernel.splice(fd, 0, writer, null, 1, 0), EINVAL);
    failsWith(kernel.splice(reader, null, fd, 0, 1, 0), EINVAL);
  }
  assert.equal(string(receive(kernel, reader)), 'kept');
});

row('SPL-11', 'EBADF for a descriptor that is not open', (subject) => {
  const { kernel, pipe, close, file } = subject;
  const [reader, writer] = pipe();
  const closed = file();
  close(closed);
  for (const fd of [closed, -1, 0x7fffffff]) {
    failsWith(kernel.splice(fd, null, writer, null, 1, 0), EBADF);
    failsWith(kernel.splice(reader, null, fd, null, 1, 0), EBADF);
  }
});

row('SPL-12', 'EBADF for the wrong end or access mode', (subject) => {
  const { kernel, pipe, file } = subject;
  const [reader, writer] = loaded(subject, 'kept');
  failsWith(kernel.splice(file(text('x')), null, reader, null, 1, 0), EBADF);
  failsWith(kernel.splice(writer, null, file(), null, 1, 0), EBADF);
  failsWith(kernel.splice(opened(subject, f.O_WRONLY), null, pipe()[1], null, 1, 0), EBADF);
  failsWith(kernel.splice(reader, null, opened(subject, f.O_RDONLY), null, 1, 0), EBADF);
  assert.equal(string(receive(kernel, reader)), 'kept');
});

row('SPL-13', 'EINVAL for a target opened with O_APPEND, and the data stays', (subject) => {
  const { kernel } = subject;
  const [reader, writer] = loaded(subject, 'kept');
  const target = opened(subject, f.O_WRONLY | f.O_APPEND);
  failsWith(kernel.splice(reader, null, target, null, 4, 0), EINVAL);
  failsWith(kernel.splice(reader, null, target, 0, 4, 0), EINVAL);
  assert.equal(string(receive(kernel, reader)), 'kept');
  succeeds(kernel.write(writer, text('again')), 5);
  succeeds(kernel.fcntl(target, f.F_SETFL, 0), 0);
  succeeds(kernel.splice(reader, null, target, null, 5, 0), 5);
});

row('SPL-14', 'EINVAL for what cannot splice: eventfd, epoll, directory', (subject) => {
  const { kernel, keep, directory } = subject;
  const [reader, writer] = loaded(subject, 'kept');
  const flags = f.O_RDONLY | f.O_DIRECTORY | f.O_CLOEXEC;
  const sources = [
    keep(kernel.eventfd(1, f.EFD_CLOEXEC)),
    keep(kernel.epoll_create1(f.EPOLL_CLOEXEC)),
    keep(kernel.openat(f.AT_FDCWD, directory(), flags, 0)),
  ];
  for (const fd of sources) failsWith(kernel.splice(fd, null, writer, null, 8, 0), EINVAL);
  for (const fd of sources.slice(0, 2)) {
    failsWith(kernel.splice(reader, null, fd, null, 8, 0), EINVAL);
  }
  assert.equal(string(receive(kernel, reader)), 'kept');
});

row('SPL-16', 'EINVAL for the two ends of one pipe', (subject) => {
  const { kernel, keep } = subject;
  const [reader, writer] = loaded(subject, 'kept');
  failsWith(kernel.splice(reader, null, writer, null, 4, 0), EINVAL);
  failsWith(kernel.splice(reader, null, keep(kernel.dup(writer)), null, 4, 0), EINVAL);
  assert.equal(string(receive(kernel, reader)), 'kept');
});

row('SPL-35', 'EBADF for an O_PATH descriptor', (subject) => {
  const { kernel, pipe } = subject;
  const [reader] = loaded(subject, 'kept');
  const located = opened(subject, f.O_PATH);
  failsWith(kernel.splice(located, null, pipe()[1], null, 1, 0), EBADF);
  failsWith(kernel.splice(reader, null, located, null, 1, 0), EBADF);
});

row('SPL-28', 'EINVAL for unknown flags, EPIPE where nobody reads', (subject) => {
  const { kernel, pipe, file, close } = subject;
  const [reader, writer] = pipe();
  failsWith(kernel.splice(file(text('x')), null, writer, null, 1, 16), EINVAL);
  close(reader);
  failsWith(kernel.splice(file(text('x')), 0, writer, null, 1, 0), EPIPE);
});

row(['SPL-11', 'SPL-27'], 'length 0 answers 0 before any descriptor is looked at', ({ kernel }) => {
  succeeds(kernel.splice(-1, null, -1, null, 0, 0), 0);
});
