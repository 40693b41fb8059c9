import assert from 'node:assert/strict';
import { EAGAIN, EBADF } from '../../src/kernel/errno.js';
import { F_GETFD, FD_CLOEXEC, O_NONBLOCK } from '../../src/kernel/flags.js';
import { failsWith, pattern, string, succeeds, text } from '../helpers/claims.js';
import { row } from '../helpers/conformance.js';

row('PIPE-03', 'bytes are read from [0] in the order written to [1]', ({ kernel, pipe }) => {
  const [reader, writer] = pipe();
  const sent = pattern(5000);
  const received = new Uint8Array(5000);
  succeeds(kernel.write(writer, sent), 5000);
  succeeds(kernel.read(reader, received), 5000);
  assert.deepEqual(received, sent);
});

row('PIPE-08', 'without flags both ends have FD_CLOEXEC clear', ({ kernel, keep }) => {
  const fds = new Int32Array(2);
  succeeds(kernel.pipe(fds), 0);
  for (const fd of fds) assert.equal(succeeds(kernel.fcntl(keep(fd), F_GETFD)) & FD_CLOEXEC, 0);
});

row('PIPE-11', 'reading an empty O_NONBLOCK pipe with a writer is EAGAIN', ({ kernel, pipe }) => {
  const [reader] = pipe(O_NONBLOCK);
  failsWith(kernel.read(reader, new Uint8Array(1)), EAGAIN);
});

row('PIPE-16', 'end of file waits for a writer in another process', async (subject) => {
  const { kernel, pipe, close } = subject;
  const [reader, writer] = pipe();
  const child = await subject.process([writer]);
  const [theirs] = child.inherited as [number];
  close(writer);
  succeeds(await child.call('write', theirs, text('late')), 4);
  const bytes = new Uint8Array(8);
  succeeds(kernel.read(reader, bytes), 4);
  assert.equal(string(bytes.subarray(0, 4)), 'late');
  succeeds(await child.call('close', theirs), 0);
  succeeds(kernel.read(reader, bytes), 0);
});

row('PIPE-09', 'reading an empty blocking pipe sleeps until a byte is there', async (subject) => {
  const { kernel, pipe } = subject;
  const [reader, writer] = pipe();
  const child = await subject.process([reader]);
  const bytes = new Uint8Array(100);
  const reading = child.call('read', child.inherited[0] as number, bytes);
  await child.asleep('read');
  succeeds(kernel.write(writer, text('now')), 3);
  succeeds(await reading, 3);
  assert.equal(string(bytes.subarray(0, 3)), 'now');
});

row('PIPE-04', 'writing to the read end is EBADF', ({ kernel, pipe }) => {
  const [reader] = pipe();
  failsWith(kernel.write(reader, text('x')), EBADF);
});
