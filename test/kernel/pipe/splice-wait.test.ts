// splice(2): when it waits, when it answers EAGAIN, and when 0.
import assert from 'node:assert/strict';
import { EAGAIN, EINTR } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { failsWith, pattern, string, succeeds, text } from '../../helpers/claims.js';
import { row } from '../../helpers/conformance.js';
import { fill, position, receive, unread } from '../../helpers/transfer.js';

row('SPL-20', 'SPLICE_F_NONBLOCK: an empty input pipe with a writer is EAGAIN', (subject) => {
  const { kernel, pipe, file } = subject;
  const [reader] = pipe();
  failsWith(kernel.splice(reader, null, file(), null, 1, f.SPLICE_F_NONBLOCK), EAGAIN);
  failsWith(kernel.splice(reader, null, pipe()[1], null, 1, f.SPLICE_F_NONBLOCK), EAGAIN);
});

row('SPL-21', 'SPLICE_F_NONBLOCK: a full output pipe is EAGAIN', (subject) => {
  const { kernel, pipe, file } = subject;
  const [, full] = pipe();
  fill(kernel, full);
  const [reader, writer] = pipe();
  succeeds(kernel.write(writer, text('kept')));
  const source = file(text('content'));
  failsWith(kernel.splice(source, null, full, null, 7, f.SPLICE_F_NONBLOCK), EAGAIN);
  failsWith(kernel.splice(reader, null, full, null, 4, f.SPLICE_F_NONBLOCK), EAGAIN);
  assert.equal(position(kernel, source), 0);
  assert.equal(unread(kernel, reader), 4);
});

row('SPL-22', 'O_NONBLOCK of the pipe acts like the flag', ({ kernel, pipe, file }) => {
  const [reader, writer] = pipe(f.O_NONBLOCK);
  failsWith(kernel.splice(reader, null, file(), null, 1, 0), EAGAIN);
  fill(kernel, writer);
  failsWith(kernel.splice(file(text('x')), null, writer, null, 1, 0), EAGAIN);
});

row('SPL-23', 'an empty input pipe with a writer is waited for, not 0', async (subject) => {
  const { kernel, pipe, file } = subject;
  const [reader, writer] = pipe();
  const target = file();
  const child = await subject.process([reader, target]);
  const [theirs, disk] = child.inherited as [number, number];
  const moving = child.call('splice', theirs, null, disk, null, 100, 0);
  await child.asleep('splice');
  succeeds(kernel.write(writer, text('at last')), 7);
  succeeds(await moving, 7);
  assert.equal(position(kernel, target), 7);
});

row('SPL-23', 'a wait ends with 0 when the last writer goes', async (subject) => {
  const { pipe, file, close } = subject;
  const [reader, writer] = pipe();
  const child = await subject.process([reader, file()]);
  const [theirs, disk] = child.inherited as [number, number];
  const moving = child.call('splice', theirs, null, disk, null, 100, 0);
  await child.asleep('splice');
  close(writer);
  succeeds(await moving, 0);
});

row('SPL-24', 'an empty input pipe without writers is 0', ({ kernel, pipe, file, close }) => {
  for (const flags of [0, f.O_NONBLOCK]) {
    const [reader, writer] = pipe(flags);
    close(writer);
    succeeds(kernel.splice(reader, null, file(), null, 1, 0), 0);
    succeeds(kernel.splice(reader, null, pipe()[1], null, 1, f.SPLICE_F_NONBLOCK), 0);
  }
});

row('SPL-25', 'a file at its end is 0, also past it', ({ kernel, pipe, file }) => {
  const [, writer] = pipe();
  const source = file(text('content'));
  succeeds(kernel.splice(source, 7, writer, null, 1, 0), 0);
  succeeds(kernel.splice(source, 2 ** 40, writer, null, 1, 0), 0);
  succeeds(kernel.splice(file(), null, writer, null, 1, 0), 0);
});

row('SPL-26', 'a socket whose peer is closed gives the rest, then 0', (subject) => {
  const { kernel, pipe, socketPair, tcpPair, close } = subject;
  for (const [near, far] of [socketPair(), tcpPair()]) {
    const [reader, writer] = pipe();
    succeeds(kernel.write(far, text('rest')), 4);
    close(far);
    succeeds(kernel.splice(near, null, writer, null, 100, 0), 4);
    for (let time = 0; time < 2; time++) {
      succeeds(kernel.splice(near, null, writer, null, 100, 0), 0);
    }
    assert.equal(string(receive(kernel, reader)), 'rest');
  }
});

row('SPL-39', 'blocked on a full output pipe: a handled signal is EINTR', async (subject) => {
  const { kernel, pipe, file } = subject;
  const [reader, writer] = pipe();
  const full = fill(kernel, writer);
  const source = file(pattern(8192));
  const child = await subject.process([source, writer]);
  const [disk, theirs] = child.inherited as [number, number];
  succeeds(await child.signal(f.SIGUSR1, 'handle'), 0);
  const moving = child.call('splice', disk, null, theirs, null, 8192, 0);
  await child.asleep('splice');
  child.kill(f.SIGUSR1);
  failsWith(await moving, EINTR);
  assert.equal(unread(kernel, reader), full);
  assert.equal(position(kernel, source), 0);
});

row('SPL-41', 'pipe to pipe: O_NONBLOCK of either descriptor makes it EAGAIN', (subject) => {
  const { kernel, pipe } = subject;
  for (const [inFlags, outFlags] of [
    [f.O_NONBLOCK, 0],
    [0, f.O_NONBLOCK],
  ]) {
    const [reader, writer] = pipe(inFlags);
    const [, to] = pipe(outFlags);
    failsWith(kernel.splice(reader, null, to, null, 1, 0), EAGAIN);
    fill(kernel, to);
    succeeds(kernel.write(writer, text('x')), 1);
    failsWith(kernel.splice(reader, null, to, null, 1, 0), EAGAIN);
  }
});

row('SPL-43', 'splices A to B and B to A at the same time do not deadlock', async (subject) => {
  const { kernel, pipe } = subject;
  const [readA, writeA] = pipe();
  const [readB, writeB] = pipe();
  const sent = pattern(4096);
  for (const writer of [writeA, writeB]) succeeds(kernel.write(writer, sent), 4096);
  const directions = [
    [readA, writeB],
    [readB, writeA],
  ];
  await Promise.all(
    directions.map(async (ends) => {
      const child = await subject.process(ends);
      const [from, to] = child.inherited as [number, number];
      for (let time = 0; time < 200; time++) {
        await child.call('splice', from, null, to, null, 1000, f.SPLICE_F_NONBLOCK);
      }
    }),
  );
  assert.equal(unread(kernel, readA) + unread(kernel, readB), 2 * 4096);
});
