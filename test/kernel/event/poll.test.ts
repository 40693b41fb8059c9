import assert from 'node:assert/strict';
import { EFAULT, EINVAL } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { failsWith, pattern, succeeds, text } from '../../helpers/claims.js';
import { row, type Subject } from '../../helpers/conformance.js';

/** The revents of these [descriptor, events], at once. */
function reventsOf({ kernel }: Subject, ...asked: [fd: number, events: number][]): number[] {
  const triples = Int32Array.from(asked.flatMap(([fd, events]) => [fd, events, -1]));
  const count = succeeds(kernel.poll(0, triples));
  const revents = asked.map((_, index) => triples[3 * index + 2] as number);
  assert.equal(revents.filter((bits) => bits !== 0).length, count);
  return revents;
}

row('POLL-01', 'the ends of a pipe: writable at first, readable with data', (subject) => {
  const { kernel, pipe } = subject;
  const [reader, writer] = pipe();
  const both = f.POLLIN | f.POLLOUT;
  assert.deepEqual(reventsOf(subject, [reader, both], [writer, both]), [0, f.POLLOUT]);
  succeeds(kernel.write(writer, text('a')), 1);
  assert.deepEqual(reventsOf(subject, [reader, both], [writer, both]), [f.POLLIN, f.POLLOUT]);
});

row('POLL-02', 'a full pipe is not writable', (subject) => {
  const { kernel, pipe } = subject;
  const [, writer] = pipe(f.O_NONBLOCK);
  succeeds(kernel.write(writer, pattern(65536)), 65536);
  assert.deepEqual(reventsOf(subject, [writer, f.POLLOUT]), [0]);
});

row('POLL-03', 'peer gone: POLLHUP for the reader, POLLERR for the writer, unasked', (subject) => {
  const { pipe, close } = subject;
  const [reader, writer] = pipe();
  const [otherReader, otherWriter] = pipe();
  close(writer);
  close(otherReader);
  assert.deepEqual(reventsOf(subject, [reader, 0], [otherWriter, 0]), [f.POLLHUP, f.POLLERR]);
});

row(
  'POLL-04',
  'a descriptor that is not open is POLLNVAL, a negative one is skipped',
  (subject) => {
    const { pipe, close } = subject;
    const [reader, writer] = pipe();
    close(reader);
    assert.deepEqual(reventsOf(subject, [reader, f.POLLIN], [-1, f.POLLIN], [writer, 0]), [
      f.POLLNVAL,
      0,
      f.POLLERR,
    ]);
  },
);

row('POLL-05', 'a regular file is always ready, at its end too', (subject) => {
  const both = f.POLLIN | f.POLLOUT;
  assert.deepEqual(reventsOf(subject, [subject.file(), both]), [both]);
});

row('POLL-06', 'a half-closed stream is POLLIN and POLLRDHUP', (subject) => {
  const { kernel, socketPair } = subject;
  const [left, right] = socketPair();
  succeeds(kernel.shutdown(right, f.SHUT_WR), 0);
  const mask = f.POLLIN | f.POLLRDHUP;
  assert.deepEqual(reventsOf(subject, [left, mask]), [mask]);
});

row('POLL-07', 'the same descriptor twice answers twice; none answers 0', (subject) => {
  const [, writer] = subject.pipe();
  const asked: [number, number] = [writer, f.POLLOUT];
  assert.deepEqual(reventsOf(subject, asked, asked), [f.POLLOUT, f.POLLOUT]);
  assert.deepEqual(reventsOf(subject), []);
});

row('POLL-08', 'not whole triples, or more than 1024, is EINVAL; no array is EFAULT', (subject) => {
  const { kernel } = subject;
  failsWith(kernel.poll(0, new Int32Array(4)), EINVAL);
  failsWith(kernel.poll(0, new Int32Array(3 * 1025)), EINVAL);
  failsWith(kernel.poll(0, [] as unknown as Int32Array), EFAULT);
  succeeds(kernel.poll(0, new Int32Array(3 * 1024).fill(-1)), 0);
});

row(
  'POLL-09',
  'it waits as long as it is told, in milliseconds, and no shorter',
  ({ kernel, pipe }) => {
    const asked = Int32Array.of(pipe()[0], f.POLLIN, 0);
    const start = performance.now();
    succeeds(kernel.poll(30, asked), 0);
    assert.ok(performance.now() - start >= 29.9);
  },
);
