// tee(2): the same pages in a second pipe.
import assert from 'node:assert/strict';
import { EAGAIN, EBADF, EINVAL, EPIPE } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { failsWith, pattern, string, succeeds, text } from '../../helpers/claims.js';
import { row } from '../../helpers/conformance.js';
import { content, fill, receive, unread } from '../../helpers/transfer.js';

row(['TEE-01', 'TEE-02'], 'copies up to len bytes and consumes none', ({ kernel, pipe }) => {
  const [from, writer] = pipe();
  const [reader, to] = pipe();
  succeeds(kernel.write(writer, text('twice read')));
  succeeds(kernel.tee(from, to, 5, 0), 5);
  assert.equal(unread(kernel, from), 10);
  assert.equal(string(receive(kernel, reader)), 'twice');
  assert.equal(string(receive(kernel, from)), 'twice read');
});

row(['TEE-03', 'TEE-04'], 'EINVAL when either is not a pipe', (subject) => {
  const { kernel, pipe, file, socketPair } = subject;
  const [from, writer] = pipe();
  const [, to] = pipe();
  succeeds(kernel.write(writer, text('kept')));
  for (const other of [file(text('content')), socketPair()[0]]) {
    failsWith(kernel.tee(other, to, 4, 0), EINVAL);
    failsWith(kernel.tee(from, other, 4, 0), EINVAL);
  }
  failsWith(kernel.tee(from, to, 4, 16), EINVAL);
  assert.equal(string(receive(kernel, from)), 'kept');
});

row('TEE-05', 'an empty input without writers is 0', ({ kernel, pipe, close }) => {
  const [from, writer] = pipe();
  const [, to] = pipe();
  close(writer);
  succeeds(kernel.tee(from, to, 10, 0), 0);
  succeeds(kernel.tee(from, to, 10, f.SPLICE_F_NONBLOCK), 0);
});

row('TEE-06', 'an empty input with a writer is waited for; 0 only with len 0', async (subject) => {
  const { kernel, pipe } = subject;
  const [from, writer] = pipe();
  const [reader, to] = pipe();
  succeeds(kernel.tee(from, to, 0, 0), 0);
  const child = await subject.process([from, to]);
  const [input, output] = child.inherited as [number, number];
  const copying = child.call('tee', input, output, 100, 0);
  await child.asleep('tee');
  succeeds(kernel.write(writer, text('at last')));
  succeeds(await copying, 7);
  assert.equal(string(receive(kernel, reader)), 'at last');
  assert.equal(string(receive(kernel, from)), 'at last');
});

row('TEE-07', 'EINVAL for the two ends of one pipe', ({ kernel, pipe, keep }) => {
  const [from, writer] = pipe();
  succeeds(kernel.write(writer, text('kept')));
  failsWith(kernel.tee(from, writer, 4, 0), EINVAL);
  failsWith(kernel.tee(from, keep(kernel.dup(writer)), 4, 0), EINVAL);
  assert.equal(unread(kernel, from), 4);
});

row('TEE-08', 'EBADF for a descriptor that is not open', ({ kernel, pipe, close, file }) => {
  const [from, writer] = pipe();
  const closed = file();
  close(closed);
  for (const fd of [closed, -1]) {
    failsWith(kernel.tee(fd, writer, 1, 0), EBADF);
    failsWith(kernel.tee(from, fd, 1, 0), EBADF);
  }
});

row('TEE-09', 'EBADF for the wrong ends', ({ kernel, pipe }) => {
  const [from, writer] = pipe();
  const [reader, to] = pipe();
  succeeds(kernel.write(writer, text('kept')));
  failsWith(kernel.tee(writer, to, 1, 0), EBADF);
  failsWith(kernel.tee(from, reader, 1, 0), EBADF);
});

row('TEE-10', 'SPLICE_F_NONBLOCK: an empty input is EAGAIN', ({ kernel, pipe }) => {
  failsWith(kernel.tee(pipe()[0], pipe()[1], 1, f.SPLICE_F_NONBLOCK), EAGAIN);
});

row('TEE-11', 'SPLICE_F_NONBLOCK: a full output is EAGAIN; without it waits', async (subject) => {
  const { kernel, pipe } = subject;
  const [from, writer] = pipe();
  const [reader, to] = pipe();
  succeeds(kernel.write(writer, text('copied')));
  const full = fill(kernel, to);
  failsWith(kernel.tee(from, to, 6, f.SPLICE_F_NONBLOCK), EAGAIN);
  const child = await subject.process([from, to]);
  const [input, output] = child.inherited as [number, number];
  const copying = child.call('tee', input, output, 6, 0);
  await child.asleep('tee');
  receive(kernel, reader, full);
  succeeds(await copying, 6);
  assert.equal(string(receive(kernel, reader)), 'copied');
});

row('TEE-11', 'O_NONBLOCK of either pipe acts like the flag', ({ kernel, pipe }) => {
  for (const [inFlags, outFlags] of [
    [f.O_NONBLOCK, 0],
    [0, f.O_NONBLOCK],
  ]) {
    const [from, writer] = pipe(inFlags);
    const [, to] = pipe(outFlags);
    failsWith(kernel.tee(from, to, 1, 0), EAGAIN);
    succeeds(kernel.write(writer, text('x')));
    fill(kernel, to);
    failsWith(kernel.tee(from, to, 1, 0), EAGAIN);
  }
});

row(['TEE-12', 'Z15'], 'called twice: the same first bytes again', ({ kernel, pipe }) => {
  const [from, writer] = pipe();
  const [reader, to] = pipe();
  succeeds(kernel.write(writer, pattern(300)));
  succeeds(kernel.tee(from, to, 100, 0), 100);
  succeeds(kernel.tee(from, to, 100, 0), 100);
  const copies = receive(kernel, reader);
  assert.deepEqual(copies.subarray(0, 100), pattern(100));
  assert.deepEqual(copies.subarray(100), pattern(100));
  assert.deepEqual(receive(kernel, from), pattern(300));
});

row(['TEE-13', 'Z15'], 'an output with fewer free slots: what fits', ({ kernel, pipe }) => {
  const [from, writer] = pipe();
  const [reader, to] = pipe();
  succeeds(kernel.fcntl(to, f.F_SETPIPE_SZ, 4096), 4096);
  succeeds(kernel.write(writer, pattern(8192)));
  succeeds(kernel.tee(from, to, 8192, 0), 4096);
  assert.deepEqual(receive(kernel, reader), pattern(4096));
  assert.equal(unread(kernel, from), 8192);
});

row('TEE-14', 'an input with less than len: what is there, at once', ({ kernel, pipe }) => {
  const [from, writer] = pipe();
  const [reader, to] = pipe();
  succeeds(kernel.write(writer, text('few')));
  succeeds(kernel.tee(from, to, 65536, 0), 3);
  assert.equal(string(receive(kernel, reader)), 'few');
});

row('TEE-15', 'eight pages: both pipes deliver the same', ({ kernel, pipe }) => {
  const [from, writer] = pipe();
  const [reader, to] = pipe();
  const sent = pattern(8 * 4096);
  succeeds(kernel.write(writer, sent));
  succeeds(kernel.tee(from, to, sent.length, 0), sent.length);
  assert.deepEqual(receive(kernel, from), sent);
  assert.deepEqual(receive(kernel, reader), sent);
});

row('TEE-16', 'tee, then splice the source to a file: both get the bytes', (subject) => {
  const { kernel, pipe, file, close } = subject;
  const [from, writer] = pipe();
  const [reader, to] = pipe();
  const target = file();
  const sent = pattern(150_000);
  const passed: Uint8Array[] = [];
  for (let start = 0; start < sent.length; start += 50_000) {
    succeeds(kernel.write(writer, sent.subarray(start, start + 50_000)), 50_000);
    const copied = succeeds(kernel.tee(from, to, 65536, 0), 50_000);
    succeeds(kernel.splice(from, null, target, null, copied, 0), copied);
    passed.push(receive(kernel, reader));
  }
  close(writer);
  succeeds(kernel.tee(from, to, 65536, 0), 0);
  assert.deepEqual(content(kernel, target), sent);
  assert.deepEqual(new Uint8Array(Buffer.concat(passed)), sent);
});

row(['TEE-03', 'Z15'], 'EPIPE where nobody reads the copy, and the input stays', (subject) => {
  const { kernel, pipe, close } = subject;
  const [from, writer] = pipe();
  const [reader, to] = pipe();
  succeeds(kernel.write(writer, text('kept')));
  close(reader);
  failsWith(kernel.tee(from, to, 4, 0), EPIPE);
  assert.equal(string(receive(kernel, from)), 'kept');
});
