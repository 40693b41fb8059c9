// Reading and writing a pipe, without a wait: pipe(7).
import assert from 'node:assert/strict';
import { EAGAIN, EBADF, EFAULT, EPIPE } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { failsWith, pattern, string, succeeds, text } from '../../helpers/claims.js';
import { row } from '../../helpers/conformance.js';
import { fill, NOWHERE, receive, unread } from '../../helpers/transfer.js';

row('PIPE-03', 'bytes are read from [0] in the order written to [1]', ({ kernel, pipe }) => {
  const [reader, writer] = pipe();
  const sent = pattern(5000);
  succeeds(kernel.write(writer, sent), 5000);
  assert.deepEqual(receive(kernel, reader), sent);
});

row('PIPE-11', 'reading an empty O_NONBLOCK pipe with a writer is EAGAIN', ({ kernel, pipe }) => {
  const [reader] = pipe(f.O_NONBLOCK);
  failsWith(kernel.read(reader, new Uint8Array(1)), EAGAIN);
});

row('PIPE-12', 'writing to a full O_NONBLOCK pipe is EAGAIN', ({ kernel, pipe }) => {
  const [reader, writer] = pipe(f.O_NONBLOCK);
  fill(kernel, writer);
  failsWith(kernel.write(writer, text('x')), EAGAIN);
  receive(kernel, reader, 4095);
  failsWith(kernel.write(writer, text('x')), EAGAIN);
  receive(kernel, reader, 1);
  succeeds(kernel.write(writer, text('x')), 1);
});

row('PIPE-13', 'an empty pipe without writers reads as 0, again and again', (subject) => {
  const { kernel, pipe, close } = subject;
  for (const flags of [0, f.O_NONBLOCK]) {
    const [reader, writer] = pipe(flags);
    close(writer);
    for (let time = 0; time < 3; time++) succeeds(kernel.read(reader, new Uint8Array(8)), 0);
  }
});

row('PIPE-14', 'writer closed: data is read first, then 0', ({ kernel, pipe, close }) => {
  const [reader, writer] = pipe();
  succeeds(kernel.write(writer, text('last')), 4);
  close(writer);
  assert.equal(string(receive(kernel, reader, 3)), 'las');
  assert.equal(string(receive(kernel, reader, 3)), 't');
  for (let time = 0; time < 2; time++) succeeds(kernel.read(reader, new Uint8Array(3)), 0);
});

row('PIPE-15', 'a duplicate of the write end keeps the end of file away', (subject) => {
  const { kernel, pipe, close, keep } = subject;
  const [reader, writer] = pipe(f.O_NONBLOCK);
  const duplicate = keep(kernel.dup(writer));
  close(writer);
  failsWith(kernel.read(reader, new Uint8Array(1)), EAGAIN);
  succeeds(kernel.write(duplicate, text('x')), 1);
  close(duplicate);
  assert.equal(string(receive(kernel, reader)), 'x');
  succeeds(kernel.read(reader, new Uint8Array(1)), 0);
});

row(['PIPE-17', 'SIGP-03'], 'SIGPIPE ignored, as Node does: no reader is EPIPE only', (subject) => {
  const { kernel, pipe, close } = subject;
  const [reader, writer] = pipe();
  succeeds(kernel.write(writer, text('unread')), 6);
  close(reader);
  for (let time = 0; time < 2; time++) failsWith(kernel.write(writer, text('x')), EPIPE);
});

row('PIPE-18', 'a duplicate of the read end keeps writes alive', (subject) => {
  const { kernel, pipe, close, keep } = subject;
  const [reader, writer] = pipe();
  const duplicate = keep(kernel.dup(reader));
  close(reader);
  succeeds(kernel.write(writer, text('x')), 1);
  close(duplicate);
  failsWith(kernel.write(writer, text('x')), EPIPE);
});

row('PIPE-21', 'the channel is a byte stream: reads ignore the bounds of writes', (subject) => {
  const { kernel, pipe } = subject;
  const [reader, writer] = pipe();
  for (const piece of ['ab', 'cde', 'f']) succeeds(kernel.write(writer, text(piece)));
  const pieces = [4, 1, 9].map((length) => string(receive(kernel, reader, length)));
  assert.deepEqual(pieces, ['abcd', 'e', 'f']);
});

row(['PIPE-23', 'FPSZ-01'], 'the capacity is 65536, the same on both ends', ({ kernel, pipe }) => {
  for (const fd of pipe()) succeeds(kernel.fcntl(fd, f.F_GETPIPE_SZ), 65536);
});

row('PIPE-24', 'pages fill just the capacity, then EAGAIN', ({ kernel, pipe }) => {
  const [reader, writer] = pipe(f.O_NONBLOCK);
  const page = pattern(4096);
  let written = 0;
  let result = kernel.write(writer, page);
  while (result > 0) {
    written += result;
    result = kernel.write(writer, page);
  }
  failsWith(result, EAGAIN);
  assert.equal(written, 65536);
  assert.equal(unread(kernel, reader), 65536);
});

row(['PIPE-25', 'PIPE-26'], 'O_NONBLOCK above PIPE_BUF: what fits, then EAGAIN', (subject) => {
  const { kernel, pipe } = subject;
  const [reader, writer] = pipe(f.O_NONBLOCK);
  succeeds(kernel.write(writer, new Uint8Array(65536 - 8192)));
  const large = pattern(20_000);
  succeeds(kernel.write(writer, large), 8192);
  failsWith(kernel.write(writer, large), EAGAIN);
  receive(kernel, reader, 65536 - 8192);
  assert.deepEqual(receive(kernel, reader), large.subarray(0, 8192));
});

row('PIPE-29', 'poll: no event when empty, POLLIN with data, POLLHUP at the end', (subject) => {
  const { kernel, pipe, close } = subject;
  const [reader, writer] = pipe();
  const ready = (fd: number, events: number) => {
    const fds = new Int32Array([fd, events, 0]);
    const count = succeeds(kernel.poll(0, fds));
    assert.equal(count, fds[2] === 0 ? 0 : 1);
    return fds[2];
  };
  assert.equal(ready(reader, f.POLLIN), 0);
  assert.equal(ready(writer, f.POLLOUT), f.POLLOUT);
  fill(kernel, writer);
  assert.equal(ready(reader, f.POLLIN), f.POLLIN);
  assert.equal(ready(writer, f.POLLOUT), 0);
  close(writer);
  assert.equal(ready(reader, f.POLLIN), f.POLLIN | f.POLLHUP);
  receive(kernel, reader);
  assert.equal(ready(reader, f.POLLIN), f.POLLHUP);
});

row('PIPE-30', 'a read of length 0 answers 0 at once', ({ kernel, pipe }) => {
  for (const flags of [0, f.O_NONBLOCK]) {
    const [reader] = pipe(flags);
    succeeds(kernel.read(reader, new Uint8Array(0)), 0);
  }
});

row('PIPE-31', 'length 0 on the wrong end is EBADF all the same', ({ kernel, pipe }) => {
  const [reader, writer] = pipe();
  failsWith(kernel.read(writer, new Uint8Array(0)), EBADF);
  failsWith(kernel.write(reader, new Uint8Array(0)), EBADF);
});

row('PIPE-32', 'reading to a bad address is EFAULT and the data stays', ({ kernel, pipe }) => {
  const [reader, writer] = pipe();
  succeeds(kernel.write(writer, text('kept')), 4);
  failsWith(kernel.read(reader, NOWHERE), EFAULT);
  assert.equal(string(receive(kernel, reader)), 'kept');
});

row('PIPE-33', 'writing from a bad address is EFAULT and nothing goes in', (subject) => {
  const { kernel, pipe } = subject;
  const [reader, writer] = pipe(f.O_NONBLOCK);
  failsWith(kernel.write(writer, NOWHERE), EFAULT);
  failsWith(kernel.read(reader, new Uint8Array(1)), EAGAIN);
});

row('PIPE-48', 'FIONREAD counts the unread bytes, on either end', ({ kernel, pipe }) => {
  const [reader, writer] = pipe();
  assert.deepEqual([unread(kernel, reader), unread(kernel, writer)], [0, 0]);
  succeeds(kernel.write(writer, pattern(5000)));
  assert.deepEqual([unread(kernel, reader), unread(kernel, writer)], [5000, 5000]);
  receive(kernel, reader, 4999);
  assert.deepEqual([unread(kernel, reader), unread(kernel, writer)], [1, 1]);
});
