// vmsplice(2): memory into a pipe, a pipe into memory.
import assert from 'node:assert/strict';
import { EAGAIN, EBADF, EFAULT, EINVAL, EPIPE } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { failsWith, pattern, string, succeeds, text } from '../../helpers/claims.js';
import { row } from '../../helpers/conformance.js';
import { fill, NOWHERE, receive, unread } from '../../helpers/transfer.js';

row('VMS-01', 'write end: the memory is in the pipe, in order', ({ kernel, pipe }) => {
  const [reader, writer] = pipe();
  const pieces = [text('gathered '), new Uint8Array(0), text('in order')];
  succeeds(kernel.vmsplice(writer, pieces, 0), 17);
  assert.equal(string(receive(kernel, reader)), 'gathered in order');
});

row('VMS-01', 'write end: the pipe holds the pages, not a copy of them', (subject) => {
  const { kernel, pipe, memory } = subject;
  const [reader, writer] = pipe();
  const page = memory();
  succeeds(kernel.store(page[0] as bigint, text('before')), 6);
  succeeds(kernel.vmsplice(writer, [new BigUint64Array([page[0] as bigint, 6n])], 0), 6);
  succeeds(kernel.store(page[0] as bigint, text('after!')), 6);
  assert.equal(string(receive(kernel, reader)), 'after!');
});

row('VMS-02', 'read end: copies the data out and consumes it', ({ kernel, pipe }) => {
  const [reader, writer] = pipe();
  succeeds(kernel.write(writer, text('scattered')));
  const [first, second] = [new Uint8Array(4), new Uint8Array(20)];
  succeeds(kernel.vmsplice(reader, [first, second], 0), 9);
  assert.equal(string(first), 'scat');
  assert.equal(string(second.subarray(0, 5)), 'tered');
  assert.equal(unread(kernel, reader), 0);
});

row('VMS-03', 'EBADF for what is not open or not a pipe', (subject) => {
  const { kernel, file, socketPair, close } = subject;
  const closed = file();
  close(closed);
  for (const fd of [closed, -1, file(text('content')), socketPair()[0]]) {
    failsWith(kernel.vmsplice(fd, [text('x')], 0), EBADF);
  }
});

row('VMS-04', 'EINVAL for more than 1024 pieces, and for unknown flags', ({ kernel, pipe }) => {
  const [, writer] = pipe();
  const pieces = (count: number) => Array.from({ length: count }, () => new Uint8Array(0));
  failsWith(kernel.vmsplice(writer, pieces(1025), 0), EINVAL);
  succeeds(kernel.vmsplice(writer, pieces(1024), 0), 0);
  failsWith(kernel.vmsplice(writer, [text('x')], 16), EINVAL);
});

row('VMS-05', 'no pieces, or all of length 0, is 0', ({ kernel, pipe }) => {
  for (const fd of pipe()) {
    succeeds(kernel.vmsplice(fd, [], 0), 0);
    succeeds(kernel.vmsplice(fd, [new Uint8Array(0), new Uint8Array(0)], 0), 0);
  }
});

row('VMS-06', 'a full pipe: SPLICE_F_NONBLOCK is EAGAIN, without it waits', async (subject) => {
  const { kernel, pipe } = subject;
  const [reader, writer] = pipe();
  const full = fill(kernel, writer);
  failsWith(kernel.vmsplice(writer, [text('x')], f.SPLICE_F_NONBLOCK), EAGAIN);
  const child = await subject.process([writer]);
  const moving = child.call('vmsplice', child.inherited[0] as number, [text('more')], 0);
  await child.asleep('vmsplice');
  receive(kernel, reader, full);
  succeeds(await moving, 4);
  assert.equal(string(receive(kernel, reader)), 'more');
});

row('VMS-07', 'more than fits with SPLICE_F_NONBLOCK: a part', ({ kernel, pipe, memory }) => {
  const [reader, writer] = pipe();
  const pages = memory(20 * 4096);
  succeeds(kernel.store(pages[0] as bigint, pattern(20 * 4096)), 20 * 4096);
  succeeds(kernel.vmsplice(writer, [pages], f.SPLICE_F_NONBLOCK), 16 * 4096);
  assert.deepEqual(receive(kernel, reader), pattern(16 * 4096));
});

row('VMS-08', 'bad memory is EFAULT', ({ kernel, pipe }) => {
  const [reader, writer] = pipe();
  failsWith(kernel.vmsplice(writer, [NOWHERE], 0), EFAULT);
  assert.equal(unread(kernel, reader), 0);
  succeeds(kernel.write(writer, text('kept')));
  failsWith(kernel.vmsplice(reader, [NOWHERE], 0), EFAULT);
  assert.equal(string(receive(kernel, reader)), 'kept');
});

row('VMS-09', 'read end, empty: EAGAIN with the flag, 0 without writers', (subject) => {
  const { kernel, pipe, close } = subject;
  const [reader, writer] = pipe();
  const memory = [new Uint8Array(8)];
  failsWith(kernel.vmsplice(reader, memory, f.SPLICE_F_NONBLOCK), EAGAIN);
  close(writer);
  succeeds(kernel.vmsplice(reader, memory, f.SPLICE_F_NONBLOCK), 0);
  succeeds(kernel.vmsplice(reader, memory, 0), 0);
});

row('VMS-01', 'SPLICE_F_GIFT and SPLICE_F_MOVE change no result', ({ kernel, pipe, memory }) => {
  const [reader, writer] = pipe();
  const page = memory();
  succeeds(kernel.store(page[0] as bigint, pattern(4096)), 4096);
  succeeds(kernel.vmsplice(writer, [page], f.SPLICE_F_GIFT | f.SPLICE_F_MOVE), 4096);
  assert.deepEqual(receive(kernel, reader), pattern(4096));
});

row('SIGP-09', 'SIGPIPE ignored: a pipe without reader is EPIPE only', (subject) => {
  const { kernel, pipe, close } = subject;
  const [reader, writer] = pipe();
  close(reader);
  failsWith(kernel.vmsplice(writer, [text('x')], 0), EPIPE);
});

row('VMSPLICE-HOLE', 'pages for which there is no slot are there afterwards, too', (subject) => {
  const { kernel, keep, map, pipe } = subject;
  const [, writer] = pipe();
  const fd = keep(kernel.memfd_create('hole', f.MFD_CLOEXEC));
  succeeds(kernel.ftruncate(fd, 2 * 4096), 0);
  const address = map(2 * 4096, f.PROT_READ, f.MAP_SHARED, fd);
  succeeds(kernel.fcntl(writer, f.F_SETPIPE_SZ, 4096), 4096);
  const memory = BigUint64Array.of(BigInt(address), 8192n);
  succeeds(kernel.vmsplice(writer, [memory], f.SPLICE_F_NONBLOCK), 4096);
  const position = new BigInt64Array(1);
  succeeds(kernel.lseek(fd, 0, f.SEEK_HOLE, position), 0);
  assert.equal(position[0], 8192n);
});
