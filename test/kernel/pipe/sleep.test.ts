// Reading and writing a pipe that makes the caller wait, and pipes between processes: pipe(7).
import assert from 'node:assert/strict';
import { EINTR } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import type { Kernel } from '../../../src/kernel/kernel.js';
import { failsWith, pattern, string, succeeds, text } from '../../helpers/claims.js';
import { row } from '../../helpers/conformance.js';
import { fill, receive } from '../../helpers/transfer.js';

/** Reads until `length` bytes have come, letting others run while there are none. */
async function receiveAll(kernel: Kernel, reader: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  succeeds(kernel.fcntl(reader, f.F_SETFL, f.O_NONBLOCK), 0);
  for (let count = 0; count < length; ) {
    const result = kernel.read(reader, bytes.subarray(count));
    if (result > 0) count += result;
    else await new Promise((resolve) => setImmediate(resolve));
  }
  return bytes;
}

row('PIPE-09', 'reading an empty pipe sleeps, then takes what is there', async (subject) => {
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

row('PIPE-10', 'writing to a full pipe sleeps until there is room', async (subject) => {
  const { kernel, pipe } = subject;
  const [reader, writer] = pipe();
  const full = fill(kernel, writer);
  const child = await subject.process([writer]);
  const writing = child.call('write', child.inherited[0] as number, text('more'));
  await child.asleep('write');
  receive(kernel, reader, full);
  succeeds(await writing, 4);
  assert.equal(string(receive(kernel, reader)), 'more');
});

row('PIPE-16', 'end of file waits for a writer in another process', async (subject) => {
  const { kernel, pipe, close } = subject;
  const [reader, writer] = pipe();
  const child = await subject.process([writer]);
  const grandchild = await child.fork();
  const theirs = child.inherited[0] as number;
  close(writer);
  succeeds(kernel.fcntl(reader, f.F_SETFL, f.O_NONBLOCK), 0);
  succeeds(await child.call('write', theirs, text('late')), 4);
  succeeds(await child.call('close', theirs), 0);
  assert.equal(string(receive(kernel, reader)), 'late');
  succeeds(await grandchild.call('write', theirs, text('later')), 5);
  assert.equal(string(receive(kernel, reader)), 'later');
  succeeds(await grandchild.call('close', theirs), 0);
  succeeds(kernel.read(reader, new Uint8Array(8)), 0);
});

row('PIPE-19', 'a signal handler without SA_RESTART ends the wait: EINTR', async (subject) => {
  const [reader] = subject.pipe();
  const child = await subject.process([reader]);
  succeeds(await child.signal(f.SIGUSR1, 'handle'), 0);
  const reading = child.call('read', child.inherited[0] as number, new Uint8Array(1));
  await child.asleep('read');
  child.kill(f.SIGUSR1);
  failsWith(await reading, EINTR);
  assert.equal(await child.count(f.SIGUSR1), 1);
});

row('PIPE-20', 'a signal handler with SA_RESTART runs and the wait goes on', async (subject) => {
  const { kernel, pipe } = subject;
  const [reader, writer] = pipe();
  const child = await subject.process([reader]);
  succeeds(await child.signal(f.SIGUSR1, 'restart'), 0);
  const bytes = new Uint8Array(1);
  const reading = child.call('read', child.inherited[0] as number, bytes);
  await child.asleep('read');
  child.kill(f.SIGUSR1);
  await child.delivered(f.SIGUSR1);
  await child.asleep('read');
  succeeds(kernel.write(writer, text('!')), 1);
  succeeds(await reading, 1);
  assert.equal(string(bytes), '!');
  assert.equal(await child.count(f.SIGUSR1), 1);
});

row('PIPE-27', 'a blocking write above the free room waits until all is in', async (subject) => {
  const { kernel, pipe } = subject;
  const [reader, writer] = pipe();
  const child = await subject.process([writer]);
  const sent = pattern(200_001);
  const writing = child.call('write', child.inherited[0] as number, sent);
  await child.asleep('write');
  assert.deepEqual(await receiveAll(kernel, reader, sent.length), sent);
  succeeds(await writing, sent.length);
});

row('PIPE-28', 'writes up to PIPE_BUF of several writers do not mix', async (subject) => {
  const { kernel, pipe } = subject;
  const [reader, writer] = pipe();
  const size = 3000;
  const each = 15;
  const writers = await Promise.all(['a', 'b', 'c'].map(() => subject.process([writer])));
  const writing = writers.map(async (child, index) => {
    const message = new Uint8Array(size).fill('abc'.charCodeAt(index));
    for (let count = 0; count < each; count++) {
      succeeds(await child.call('write', child.inherited[0] as number, message), size);
    }
  });
  const received = await receiveAll(kernel, reader, writers.length * each * size);
  await Promise.all(writing);
  for (let start = 0; start < received.length; start += size) {
    assert.equal(new Set(received.subarray(start, start + size)).size, 1);
  }
});

row('PIPE-50', 'parent and forked child share both ends', async (subject) => {
  const parent = await subject.process();
  const fds = new Int32Array(2);
  succeeds(await parent.call('pipe2', 0, fds), 0);
  const [reader, writer] = fds as unknown as [number, number];
  const child = await parent.fork();
  const bytes = new Uint8Array(16);
  succeeds(await child.call('write', writer, text('up')), 2);
  succeeds(await parent.call('read', reader, bytes), 2);
  assert.equal(string(bytes.subarray(0, 2)), 'up');
  succeeds(await parent.call('write', writer, text('down')), 4);
  succeeds(await child.call('read', reader, bytes), 4);
  assert.equal(string(bytes.subarray(0, 4)), 'down');
});
