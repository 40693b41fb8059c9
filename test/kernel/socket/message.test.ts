import assert from 'node:assert/strict';
import * as e from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import type { Kernel } from '../../../src/kernel/kernel.js';
import { failsWith, string, succeeds, text } from '../../helpers/claims.js';
import { row } from '../../helpers/conformance.js';
import { connection, LOOPBACK, option, ready, setOption } from '../../helpers/sockets.js';
import { NOWHERE, receive, unread } from '../../helpers/transfer.js';

/** What one recv answers. */
function take(kernel: Kernel, fd: number, flags: number, length = 64): string {
  const bytes = new Uint8Array(length);
  return string(bytes.subarray(0, succeeds(kernel.recv(fd, bytes, flags))));
}

row('send, recv', 'MSG_OOB: the urgent byte is told and taken apart', (subject) => {
  const { kernel } = subject;
  const [client, server] = connection(subject, LOOPBACK);
  succeeds(kernel.send(client, text('abc'), f.MSG_OOB), 3);
  assert.equal(ready(kernel, server, f.POLLPRI), f.POLLPRI);
  assert.equal(take(kernel, server, f.MSG_OOB), 'c');
  failsWith(kernel.recv(server, new Uint8Array(8), f.MSG_OOB), e.EINVAL);
  ready(kernel, server, f.POLLIN);
  assert.equal(take(kernel, server, 0), 'ab');
});

const SECOND_URGENT = [
  { first: 'xa', stream: 'xa', what: 'makes the first an ordinary one' },
  { first: 'a', stream: '', what: 'drops the first, when that is next to be read' },
];
for (const { first, stream, what } of SECOND_URGENT) {
  row('send, recv', `MSG_OOB: a second urgent byte ${what}`, (subject) => {
    const { kernel } = subject;
    const [client, server] = connection(subject, LOOPBACK);
    succeeds(kernel.send(client, text(first), f.MSG_OOB), first.length);
    succeeds(kernel.send(client, text('b'), f.MSG_OOB), 1);
    // Both have arrived when the end of file has.
    succeeds(kernel.shutdown(client, f.SHUT_WR), 0);
    ready(kernel, server, f.POLLRDHUP);
    assert.equal(take(kernel, server, f.MSG_OOB), 'b');
    assert.equal(take(kernel, server, 0), stream);
  });
}

row('recv', 'without urgent data, MSG_OOB is EINVAL; a pair of datagrams has none', (subject) => {
  const { kernel } = subject;
  const [, server] = connection(subject, LOOPBACK);
  failsWith(kernel.recv(server, new Uint8Array(1), f.MSG_OOB), e.EINVAL);
  const [left] = subject.socketPair(f.SOCK_DGRAM);
  failsWith(kernel.send(left, text('x'), f.MSG_OOB), e.EOPNOTSUPP);
  failsWith(kernel.recv(left, new Uint8Array(1), f.MSG_OOB), e.EOPNOTSUPP);
});

row('recv', 'SO_OOBINLINE leaves the urgent byte in the stream', (subject) => {
  const { kernel } = subject;
  const [client, server] = connection(subject, LOOPBACK);
  succeeds(setOption(kernel, server, f.SOL_SOCKET, f.SO_OOBINLINE, 1), 0);
  succeeds(kernel.send(client, text('abc'), f.MSG_OOB), 3);
  ready(kernel, server, f.POLLPRI);
  failsWith(kernel.recv(server, new Uint8Array(1), f.MSG_OOB), e.EINVAL);
  // A read stops before the mark.
  assert.equal(take(kernel, server, 0), 'ab');
  assert.equal(take(kernel, server, 0), 'c');
});

row('shutdown', 'SHUT_WR is end of file for the peer, who can still answer', (subject) => {
  const { kernel } = subject;
  const [client, server] = connection(subject, LOOPBACK);
  succeeds(kernel.send(client, text('last'), 0), 4);
  succeeds(kernel.shutdown(client, f.SHUT_WR), 0);
  assert.ok(ready(kernel, server, f.POLLRDHUP) & f.POLLRDHUP);
  assert.equal(take(kernel, server, 0), 'last');
  assert.equal(take(kernel, server, 0), '');
  failsWith(kernel.send(client, text('x'), f.MSG_NOSIGNAL), e.EPIPE);
  succeeds(kernel.send(server, text('answer'), 0), 6);
  ready(kernel, client, f.POLLIN);
  assert.equal(take(kernel, client, 0), 'answer');
});

row('shutdown', 'SHUT_RD reads 0, and what arrives is taken all the same', (subject) => {
  const { kernel } = subject;
  const [client, server] = connection(subject, LOOPBACK);
  succeeds(kernel.shutdown(server, f.SHUT_RD), 0);
  assert.equal(take(kernel, server, 0), '');
  succeeds(kernel.send(client, text('still'), 0), 5);
  while (unread(kernel, server) < 5) ready(kernel, server, f.POLLIN);
  assert.equal(take(kernel, server, 0), 'still');
});

row('shutdown', 'it is seen through every descriptor of the connection', (subject) => {
  const { kernel, keep } = subject;
  const [left, right] = subject.socketPair();
  const copy = keep(kernel.fcntl(left, f.F_DUPFD_CLOEXEC, 0));
  succeeds(kernel.shutdown(copy, f.SHUT_RDWR), 0);
  failsWith(kernel.send(left, text('x'), f.MSG_NOSIGNAL), e.EPIPE);
  assert.equal(take(kernel, left, 0), '');
  assert.equal(take(kernel, right, 0), '');
});

row('shutdown', 'not connected, another direction, no socket', (subject) => {
  const { kernel, keep } = subject;
  const fd = keep(kernel.socket(f.AF_INET, f.SOCK_STREAM | f.SOCK_CLOEXEC, 0));
  failsWith(kernel.shutdown(fd, f.SHUT_WR), e.ENOTCONN);
  const [left] = subject.socketPair();
  failsWith(kernel.shutdown(left, 3), e.EINVAL);
  failsWith(kernel.shutdown(left, -1), e.EINVAL);
  failsWith(kernel.shutdown(subject.pipe()[0], f.SHUT_WR), e.ENOTSOCK);
  failsWith(kernel.shutdown(-1, f.SHUT_WR), e.EBADF);
});

row('close', 'SO_LINGER of 0 seconds resets the connection', (subject) => {
  const { kernel, close } = subject;
  const [client, server] = connection(subject, LOOPBACK);
  succeeds(setOption(kernel, client, f.SOL_SOCKET, f.SO_LINGER, 1, 0), 0);
  close(client);
  assert.ok(ready(kernel, server, f.POLLIN) & f.POLLERR);
  failsWith(kernel.recv(server, new Uint8Array(1), 0), e.ECONNRESET);
  succeeds(kernel.recv(server, new Uint8Array(1), 0), 0);
  failsWith(kernel.send(server, text('x'), f.MSG_NOSIGNAL), e.EPIPE);
});

row('close', 'with bytes unread it resets the connection', (subject) => {
  const { kernel, close } = subject;
  const [client, server] = connection(subject, LOOPBACK);
  succeeds(kernel.send(client, text('unread'), 0), 6);
  ready(kernel, server, f.POLLIN);
  close(server);
  assert.ok(ready(kernel, client, f.POLLIN) & f.POLLERR);
  assert.equal(option(kernel, client, f.SOL_SOCKET, f.SO_ERROR), e.ECONNRESET);
});

row('recv', 'MSG_PEEK leaves the bytes, MSG_DONTWAIT does not wait for them', (subject) => {
  const { kernel } = subject;
  const [left, right] = subject.socketPair();
  failsWith(kernel.recv(right, new Uint8Array(8), f.MSG_DONTWAIT), e.EAGAIN);
  succeeds(kernel.fcntl(right, f.F_GETFL), f.O_RDWR);
  succeeds(kernel.send(left, text('here'), 0), 4);
  assert.equal(take(kernel, right, f.MSG_PEEK), 'here');
  assert.equal(take(kernel, right, f.MSG_DONTWAIT), 'here');
});

row('recv', 'MSG_WAITALL sleeps until all is there', async (subject) => {
  const [left, right] = subject.socketPair();
  const child = await subject.process([right]);
  const bytes = new Uint8Array(8);
  const all = child.call('recv', child.inherited[0] as number, bytes, f.MSG_WAITALL);
  await child.asleep('recv');
  succeeds(subject.kernel.send(left, text('half'), 0), 4);
  succeeds(subject.kernel.send(left, text('full'), 0), 4);
  succeeds(await all, 8);
  assert.equal(string(bytes), 'halffull');
});

row(
  'recvmsg',
  'a bad address ends MSG_WAITALL, and an error waits for the next call',
  (subject) => {
    const { kernel } = subject;
    const [left, right] = subject.socketPair();
    for (const [from, words] of [
      [right, 'a'],
      [right, 'b'],
      [left, 'unread'],
    ] as const) {
      succeeds(kernel.send(from, text(words), 0), words.length);
    }
    subject.close(right);
    const report = new Int32Array(2);
    const memory = [new Uint8Array(1), NOWHERE];
    succeeds(kernel.recvmsg(left, memory, null, f.MSG_WAITALL, report), 1);
    assert.ok(ready(kernel, left, f.POLLIN) & f.POLLERR);
  },
);

row('recv', 'MSG_TRUNC answers the length that the datagram had', async (subject) => {
  const { kernel } = subject;
  const [left, right] = subject.socketPair(f.SOCK_DGRAM);
  const bytes = new Uint8Array(4);
  succeeds(kernel.send(left, text('datagram'), 0), 8);
  succeeds(kernel.recv(right, bytes, f.MSG_TRUNC), 8);
  assert.equal(string(bytes), 'data');
  succeeds(kernel.send(left, text('DATAGRAM'), 0), 8);
  succeeds(await subject.offload('recv', right, bytes, f.MSG_TRUNC), 8);
  assert.equal(string(bytes), 'DATA');
});

row('recv', 'an empty datagram reads as 0, as end of file does', (subject) => {
  const { kernel } = subject;
  const [left, right] = subject.socketPair(f.SOCK_DGRAM);
  succeeds(kernel.send(left, new Uint8Array(0), 0), 0);
  succeeds(kernel.send(left, text('next'), 0), 4);
  assert.equal(receive(kernel, right).length, 0);
  assert.equal(string(receive(kernel, right)), 'next');
});

row('send', 'MSG_MORE holds back what is not a full packet', (subject) => {
  const { kernel } = subject;
  const [client, server] = connection(subject, LOOPBACK);
  succeeds(kernel.send(client, text('head '), f.MSG_MORE), 5);
  succeeds(kernel.send(client, text('body'), 0), 4);
  ready(kernel, server, f.POLLIN);
  assert.equal(take(kernel, server, f.MSG_WAITALL, 9), 'head body');
});

row('send, recv', 'bad memory, no connection, no socket, no descriptor', (subject) => {
  const { kernel, keep } = subject;
  const [left, right] = subject.socketPair();
  failsWith(kernel.send(left, NOWHERE, f.MSG_DONTWAIT), e.EFAULT);
  succeeds(kernel.send(left, text('x'), 0), 1);
  failsWith(kernel.recv(right, NOWHERE, f.MSG_DONTWAIT), e.EFAULT);
  const alone = keep(kernel.socket(f.AF_INET, f.SOCK_STREAM | f.SOCK_CLOEXEC, 0));
  failsWith(kernel.send(alone, text('x'), f.MSG_NOSIGNAL), e.EPIPE);
  failsWith(kernel.recv(alone, new Uint8Array(1), 0), e.ENOTCONN);
  for (const call of ['send', 'recv'] as const) {
    failsWith(kernel[call](subject.pipe()[0], new Uint8Array(1), 0), e.ENOTSOCK);
    failsWith(kernel[call](-1, new Uint8Array(1), 0), e.EBADF);
    failsWith(kernel[call](left, 'x' as never, 0), e.EFAULT);
    failsWith(kernel[call](left, new Uint8Array(1), Number.NaN), e.EINVAL);
  }
});

row('send', 'a datagram larger than the buffer is EMSGSIZE', (subject) => {
  const { kernel } = subject;
  const [left] = subject.socketPair(f.SOCK_DGRAM);
  const larger = option(kernel, left, f.SOL_SOCKET, f.SO_SNDBUF) + 1;
  failsWith(kernel.send(left, new Uint8Array(larger), 0), e.EMSGSIZE);
});
