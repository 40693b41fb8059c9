// splice(2): what moves, and what moves with it.
import assert from 'node:assert/strict';
import { EFAULT } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { failsWith, pattern, string, succeeds, text } from '../../helpers/claims.js';
import { row, type Subject } from '../../helpers/conformance.js';
import { NEEDS_ROOT } from '../../helpers/limits.js';
import {
  content,
  fill,
  NOWHERE,
  offsetVariable,
  position,
  receive,
  unread,
} from '../../helpers/transfer.js';

function device({ kernel, keep }: Subject, path: string, flags: number): number {
  return keep(kernel.openat(f.AT_FDCWD, path, flags | f.O_CLOEXEC, 0));
}

row(
  ['SPL-01', 'SPL-27'],
  'file to pipe without an offset: moves up to len, advances',
  (subject) => {
    const { kernel, pipe, file } = subject;
    const [reader, writer] = pipe();
    const source = file(text('0123456789'));
    succeeds(kernel.splice(source, null, writer, null, 4, 0), 4);
    assert.equal(position(kernel, source), 4);
    succeeds(kernel.splice(source, null, writer, null, 100, 0), 6);
    assert.equal(position(kernel, source), 10);
    assert.equal(string(receive(kernel, reader)), '0123456789');
  },
);

row('SPL-02', 'file to pipe from an offset: the variable advances, not the file', (subject) => {
  const { kernel, pipe, file } = subject;
  const [reader, writer] = pipe();
  const source = file(text('0123456789'));
  const offset = offsetVariable(subject, 3);
  succeeds(kernel.splice(source, offset.pointer, writer, null, 4, 0), 4);
  assert.deepEqual([offset.value(), position(kernel, source)], [7, 0]);
  succeeds(kernel.splice(source, 8, writer, null, 100, 0), 2);
  assert.equal(position(kernel, source), 0);
  assert.equal(string(receive(kernel, reader)), '345689');
});

row('SPL-03', 'pipe to file without an offset: writes at the offset, advances', (subject) => {
  const { kernel, pipe, file } = subject;
  const [reader, writer] = pipe();
  const target = file(text('..........'));
  succeeds(kernel.lseek(target, 2, f.SEEK_SET, new BigInt64Array(1)), 0);
  succeeds(kernel.write(writer, text('abcd')));
  succeeds(kernel.splice(reader, null, target, null, 3, 0), 3);
  assert.equal(position(kernel, target), 5);
  succeeds(kernel.splice(reader, null, target, null, 3, 0), 1);
  assert.equal(string(content(kernel, target)), '..abcd....');
});

row('SPL-04', 'pipe to file at an offset: the variable advances, not the file', (subject) => {
  const { kernel, pipe, file } = subject;
  const [reader, writer] = pipe();
  const target = file(text('..........'));
  const offset = offsetVariable(subject, 7);
  succeeds(kernel.write(writer, text('abcdef')));
  succeeds(kernel.splice(reader, null, target, offset.pointer, 2, 0), 2);
  assert.deepEqual([offset.value(), position(kernel, target)], [9, 0]);
  succeeds(kernel.splice(reader, null, target, 0, 4, 0), 4);
  assert.equal(string(content(kernel, target)), 'cdef...ab.');
});

row('SPL-05', 'pipe to pipe: the bytes leave one and appear in the other', (subject) => {
  const { kernel, pipe } = subject;
  const [from, writer] = pipe();
  const [reader, to] = pipe();
  const sent = pattern(10_000);
  succeeds(kernel.write(writer, sent));
  succeeds(kernel.splice(from, null, to, null, 10_000, 0), 10_000);
  assert.equal(unread(kernel, from), 0);
  assert.deepEqual(receive(kernel, reader), sent);
});

row(['SPL-06', 'SPL-40'], 'an echo server: socket to pipe, pipe to the same socket', (subject) => {
  const { kernel, pipe, socketPair, tcpPair } = subject;
  for (const [client, server] of [socketPair(), tcpPair()]) {
    const [reader, writer] = pipe();
    const sent = pattern(3000);
    succeeds(kernel.write(client, sent), 3000);
    succeeds(kernel.splice(server, null, writer, null, 65536, 0), 3000);
    succeeds(kernel.splice(reader, null, server, null, 65536, 0), 3000);
    assert.deepEqual(receive(kernel, client), sent);
  }
});

row(['SPL-17', 'SPL-18', 'SPL-19'], 'MOVE, MORE and GIFT change no result', (subject) => {
  const { kernel, pipe, file, socketPair } = subject;
  const all = f.SPLICE_F_MOVE | f.SPLICE_F_MORE | f.SPLICE_F_GIFT;
  const source = file(text('the same'));
  for (const flags of [f.SPLICE_F_MOVE, f.SPLICE_F_MORE, f.SPLICE_F_GIFT, all]) {
    const [reader, writer] = pipe();
    const [near, far] = socketPair();
    succeeds(kernel.splice(source, 0, writer, null, 8, flags), 8);
    succeeds(kernel.splice(reader, null, near, null, 8, flags), 8);
    succeeds(kernel.splice(far, null, writer, null, 8, flags), 8);
    assert.equal(string(receive(kernel, reader)), 'the same');
  }
  assert.equal(string(content(kernel, source)), 'the same');
});

row('SPL-28', 'a failure leaves the offset variables as they were', (subject) => {
  const { kernel, pipe, file } = subject;
  const [reader, writer] = pipe(f.O_NONBLOCK);
  const disk = file(text('0123456789'));
  const offset = offsetVariable(subject, 5);
  assert.ok(kernel.splice(reader, null, disk, offset.pointer, 4, 0) < 0);
  fill(kernel, writer);
  assert.ok(kernel.splice(disk, offset.pointer, writer, null, 4, 0) < 0);
  assert.deepEqual([offset.value(), position(kernel, disk)], [5, 0]);
});

row('SPL-29', 'file to pipe beyond the capacity: what fits, without a wait', (subject) => {
  const { kernel, pipe, file } = subject;
  const [reader, writer] = pipe();
  const sent = pattern(100_000);
  const source = file(sent);
  succeeds(kernel.splice(source, null, writer, null, 100_000, 0), 65536);
  assert.equal(position(kernel, source), 65536);
  assert.deepEqual(receive(kernel, reader), sent.subarray(0, 65536));
});

row('SPL-30', 'pipe to pipe beyond the data: what is there, without a wait', (subject) => {
  const { kernel, pipe } = subject;
  const [from, writer] = pipe();
  const [reader, to] = pipe();
  succeeds(kernel.write(writer, text('few')));
  succeeds(kernel.splice(from, null, to, null, 1000, 0), 3);
  assert.equal(string(receive(kernel, reader)), 'few');
});

row('SPL-31', 'pipe to pipe with fewer free slots: what fits', ({ kernel, pipe }) => {
  const [from, writer] = pipe();
  const [reader, to] = pipe();
  const sent = pattern(4 * 4096);
  succeeds(kernel.write(writer, sent));
  succeeds(kernel.write(to, new Uint8Array(14 * 4096)));
  succeeds(kernel.splice(from, null, to, null, sent.length, 0), 2 * 4096);
  assert.equal(unread(kernel, from), 2 * 4096);
  receive(kernel, reader, 14 * 4096);
  assert.deepEqual(receive(kernel, reader), sent.subarray(0, 2 * 4096));
  assert.deepEqual(receive(kernel, from), sent.subarray(2 * 4096));
});

row('SPL-32', 'file unlinked and closed: its data is still in the pipe', (subject) => {
  const { kernel, pipe, keep, close, path, unlink } = subject;
  const [reader, writer] = pipe();
  const name = path();
  const flags = f.O_RDWR | f.O_CREAT | f.O_CLOEXEC;
  const source = keep(kernel.openat(f.AT_FDCWD, name, flags, 0o600));
  const sent = pattern(8192);
  succeeds(kernel.write(source, sent), 8192);
  succeeds(kernel.splice(source, 0, writer, null, 8192, 0), 8192);
  unlink(name);
  close(source);
  assert.deepEqual(receive(kernel, reader), sent);
});

row('SPL-33', 'a pipe holds pages of the file, the target the bytes of the call', (subject) => {
  const { kernel, pipe, file } = subject;
  const [reader, writer] = pipe();
  const source = file(text('at first'));
  const target = file();
  succeeds(kernel.splice(source, 0, writer, null, 8, 0), 8);
  succeeds(kernel.pwrite(source, text('by then '), 0), 8);
  succeeds(kernel.splice(reader, null, target, null, 8, 0), 8);
  succeeds(kernel.pwrite(source, text('too late'), 0), 8);
  assert.equal(string(content(kernel, target)), 'by then ');
});

row('SPL-34', 'a bad offset pointer is EFAULT, and the pipe keeps its bytes', (subject) => {
  const { kernel, pipe, file } = subject;
  const [reader, writer] = pipe();
  succeeds(kernel.write(writer, text('kept')));
  failsWith(kernel.splice(file(text('x')), NOWHERE, writer, null, 1, 0), EFAULT);
  failsWith(kernel.splice(reader, null, file(), NOWHERE, 1, 0), EFAULT);
  assert.equal(string(receive(kernel, reader)), 'kept');
});

row('SPL-36', '/dev/null and /dev/zero take everything and count it', (subject) => {
  const { kernel, pipe } = subject;
  for (const path of ['/dev/null', '/dev/zero']) {
    const [reader, writer] = pipe();
    fill(kernel, writer);
    succeeds(kernel.splice(reader, null, device(subject, path, f.O_WRONLY), null, 1e6, 0), 65536);
    assert.equal(unread(kernel, reader), 0);
  }
});

row('SPL-37', '/dev/zero and /dev/full give zeros', (subject) => {
  const { kernel, pipe } = subject;
  for (const path of ['/dev/zero', '/dev/full']) {
    const [reader, writer] = pipe();
    const source = device(subject, path, f.O_RDONLY);
    succeeds(kernel.splice(source, null, writer, null, 5000, 0), 5000);
    assert.deepEqual(receive(kernel, reader), new Uint8Array(5000));
  }
});

row('SPL-38', 'a file of /proc/sys gives its content to a pipe', (subject) => {
  const { kernel, pipe } = subject;
  const [reader, writer] = pipe();
  const limit = device(subject, '/proc/sys/fs/pipe-max-size', f.O_RDONLY);
  const length = succeeds(kernel.splice(limit, null, writer, null, 4096, 0));
  const spliced = receive(kernel, reader);
  assert.equal(spliced.length, length);
  assert.deepEqual(spliced, content(kernel, limit));
  assert.match(string(spliced), /^\d+\n$/);
});

row(
  'SPL-38',
  'a file of /proc/sys takes its content from a pipe',
  (subject) => {
    const { kernel, pipe } = subject;
    const [reader, writer] = pipe();
    const limit = device(subject, '/proc/sys/fs/pipe-max-size', f.O_RDWR);
    const same = content(kernel, limit);
    succeeds(kernel.write(writer, same));
    succeeds(kernel.splice(reader, null, limit, null, same.length, 0), same.length);
    assert.deepEqual(content(kernel, limit), same);
  },
  { skip: NEEDS_ROOT },
);

row('SPL-42', 'len inside a piece splits it: each pipe has its own range', ({ kernel, pipe }) => {
  const [from, writer] = pipe();
  const [reader, to] = pipe();
  succeeds(kernel.write(writer, text('headtail')));
  succeeds(kernel.splice(from, null, to, null, 4, 0), 4);
  succeeds(kernel.write(to, text('!')), 1);
  succeeds(kernel.write(writer, text('?')), 1);
  assert.equal(string(receive(kernel, reader)), 'head!');
  assert.equal(string(receive(kernel, from)), 'tail?');
});

row('SPL-44', 'the flags have the numbers of the headers', () => {
  assert.equal(f.SPLICE_F_MOVE, 1);
  assert.equal(f.SPLICE_F_NONBLOCK, 2);
  assert.equal(f.SPLICE_F_MORE, 4);
  assert.equal(f.SPLICE_F_GIFT, 8);
});
