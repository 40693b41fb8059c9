import assert from 'node:assert/strict';
import { EAGAIN, EFAULT } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import {
  failsWith,
  failsWithOneOf,
  pattern,
  string,
  succeeds,
  text,
} from '../../helpers/claims.js';
import { row } from '../../helpers/conformance.js';
import { content, fill, NOWHERE, position, receive, unread } from '../../helpers/transfer.js';

row('IOV-02', 'writev gathers the buffers in order into one write', ({ kernel, file }) => {
  const fd = file();
  const bytes = pattern(1008);
  const vector = [bytes.subarray(0, 7), bytes.subarray(7, 8), bytes.subarray(8)];
  succeeds(kernel.writev(fd, vector), 1008);
  assert.deepEqual(content(kernel, fd), bytes);
  assert.equal(position(kernel, fd), 1008);
});

row(
  'IOV-14',
  'a bad element in the middle: the count, the file and the offset agree',
  (subject) => {
    const { kernel, file } = subject;
    const fd = file();
    const good = pattern(100);
    const result = kernel.writev(fd, [good, NOWHERE, good]);
    if (result < 0) failsWithOneOf(result, EFAULT);
    const written = Math.max(result, 0);
    assert.ok(written <= 100);
    assert.deepEqual(content(kernel, fd), good.subarray(0, written));
    assert.equal(position(kernel, fd), written);
  },
);

row('IOV-20', 'up to PIPE_BUF bytes go into a pipe in one piece', ({ kernel, pipe }) => {
  const [reader, writer] = pipe(f.O_NONBLOCK | f.O_DIRECT);
  succeeds(kernel.writev(writer, [text('one '), text('packet')]), 10);
  succeeds(kernel.writev(writer, [text('and '), text('another')]), 11);
  assert.equal(string(receive(kernel, reader)), 'one packet');
  assert.equal(string(receive(kernel, reader)), 'and another');
  succeeds(kernel.fcntl(writer, f.F_SETFL, f.O_NONBLOCK), 0);
  fill(kernel, writer);
  receive(kernel, reader, 4095);
  failsWith(kernel.writev(writer, [pattern(2048), pattern(2048)]), EAGAIN);
  assert.equal(unread(kernel, reader), 65536 - 4095);
});

row('IOV-21', 'more than PIPE_BUF may end inside an element', ({ kernel, pipe }) => {
  const [reader, writer] = pipe(f.O_NONBLOCK);
  const bytes = pattern(100_000);
  const vector = [bytes.subarray(0, 50_000), bytes.subarray(50_000)];
  succeeds(kernel.writev(writer, vector), 65536);
  assert.deepEqual(receive(kernel, reader), bytes.subarray(0, 65536));
});

row('IOV-22', 'writev to a datagram socket is one datagram', ({ kernel, socketPair }) => {
  const [left, right] = socketPair(f.SOCK_DGRAM | f.SOCK_NONBLOCK);
  succeeds(kernel.writev(left, [text('one '), text(''), text('datagram')]), 12);
  assert.equal(string(receive(kernel, right)), 'one datagram');
  failsWith(kernel.read(right, new Uint8Array(1)), EAGAIN);
});

row('IOV-23', 'concurrent calls on one description do not overlap', async (subject) => {
  const { kernel, file, process } = subject;
  const fd = file();
  const COUNT = 40;
  const writers = await Promise.all(['a', 'b'].map(() => process([fd])));
  const writes = writers.flatMap((child, index) => {
    const piece = new Uint8Array(3000).fill('ab'.charCodeAt(index));
    const [theirs] = child.inherited as [number];
    return Array.from({ length: COUNT }, () => child.call('writev', theirs, [piece, piece]));
  });
  for (const written of await Promise.all(writes)) succeeds(written, 6000);
  const written = content(kernel, fd);
  assert.equal(written.length, 2 * COUNT * 6000);
  for (let start = 0; start < written.length; start += 6000) {
    const record = written.subarray(start, start + 6000);
    assert.ok(
      record.every((byte) => byte === record[0]),
      `the record at ${start} is of one writer`,
    );
  }
});
