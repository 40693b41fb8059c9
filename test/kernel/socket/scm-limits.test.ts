import assert from 'node:assert/strict';
import * as e from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { failsWith, string, succeeds, text } from '../../helpers/claims.js';
import { row, type Subject } from '../../helpers/conformance.js';
import { NEEDS_ROOT, otherUser } from '../../helpers/limits.js';
import { part, send, take, witness } from '../../helpers/passing.js';
import { LOOPBACK, ready, socketFor } from '../../helpers/sockets.js';
import { NOWHERE, receive } from '../../helpers/transfer.js';

const NO_DESCRIPTOR = 0x7ffffff0;

row('SCM-24', '253 descriptors go in one message, 254 are EINVAL', (subject) => {
  const { kernel } = subject;
  const [left, right] = subject.socketPair();
  failsWith(kernel.sendmsg(left, [text('x')], new Int32Array(254).fill(left), 0), e.EINVAL);
  failsWith(kernel.sendmsg(left, [text('x')], new Int32Array(1000), 0), e.EINVAL);
  const many = new Int32Array(f.SCM_MAX_FD).fill(left);
  succeeds(kernel.sendmsg(left, [text('y')], many, 0), 1);
  const { text: words, fds, flags } = take(subject, right, { fds: 300 });
  assert.deepEqual([words, fds.length, flags], ['y', 253, 0]);
});

row('SCM-25', 'a number that is not open is EBADF, and nothing is sent', (subject) => {
  const { kernel } = subject;
  for (const type of [f.SOCK_STREAM, f.SOCK_DGRAM, f.SOCK_SEQPACKET]) {
    const [left, right] = subject.socketPair(type);
    const { sent, isOpen } = witness(subject);
    for (const wrong of [-1, NO_DESCRIPTOR, -(2 ** 31)]) {
      failsWith(send(kernel, left, 'x', [sent, wrong]), e.EBADF);
    }
    subject.close(sent);
    assert.ok(!isOpen());
    failsWith(send(kernel, left, 'x', [sent]), e.EBADF);
    failsWith(kernel.recv(right, new Uint8Array(1), f.MSG_DONTWAIT), e.EAGAIN);
  }
});

row('SCM-26', 'a descriptor of O_PATH can be sent, and an array of none', (subject) => {
  const { kernel } = subject;
  const [left, right] = subject.socketPair();
  const path = subject.keep(kernel.openat(f.AT_FDCWD, '/', f.O_PATH | f.O_CLOEXEC, 0));
  succeeds(send(kernel, left, 'x', [path]), 1);
  const [received = -1] = take(subject, right).fds;
  assert.ok(succeeds(kernel.fcntl(received, f.F_GETFL)) & f.O_PATH);
  succeeds(send(kernel, left, 'y', []), 1);
  assert.deepEqual(take(subject, right).fds, []);
});

row('SCM-27', 'a full table takes as many as it can, says MSG_CTRUNC, and closes the rest', (s) => {
  const { kernel } = s;
  const [left, right] = s.socketPair();
  const limit = new BigUint64Array(2);
  succeeds(kernel.prlimit(0, f.RLIMIT_NOFILE, null, limit), 0);
  for (const free of [2, 0]) {
    const { isOpen } = part(s, left, 'unread');
    take(s, right, { fds: 0 });
    assert.ok(!isOpen());
    succeeds(send(kernel, left, 'x', [left, left, right]), 1);
    const next = succeeds(kernel.dup(left));
    kernel.close(next);
    const few = BigUint64Array.of(BigInt(next + free), limit[1] as bigint);
    succeeds(kernel.prlimit(0, f.RLIMIT_NOFILE, few, null), 0);
    const { text: words, fds, flags } = take(s, right);
    succeeds(kernel.prlimit(0, f.RLIMIT_NOFILE, limit, null), 0);
    assert.deepEqual([words, fds.length, flags], ['x', free, f.MSG_CTRUNC]);
  }
});

row(
  'SCM-28',
  'more under way than RLIMIT_NOFILE is ETOOMANYREFS, until they are received',
  async (subject) => {
    const child = await otherUser(subject);
    const ends = new Int32Array(2);
    succeeds(await child.call('socketpair', f.AF_UNIX, f.SOCK_STREAM, 0, ends), 0);
    const [left, right] = ends as unknown as [number, number];
    const limit = BigUint64Array.of(16n, 16n);
    succeeds(await child.call('prlimit', 0, f.RLIMIT_NOFILE, limit, null), 0);
    const pass = (count: number) =>
      child.call('sendmsg', left, [text('x')], new Int32Array(count).fill(left), 0);
    succeeds(await pass(16), 1);
    succeeds(await pass(1), 1);
    failsWith(await pass(1), e.ETOOMANYREFS);
    succeeds(await child.call('recv', right, new Uint8Array(64), 0), 1);
    succeeds(await pass(1), 1);
  },
  { skip: NEEDS_ROOT },
);

row('SCM-29', 'TCP and UDP send the bytes and ignore descriptors, open or not', (subject) => {
  const { kernel } = subject;
  const [client, server] = subject.tcpPair();
  for (const fds of [[client], [-1], Array(254).fill(0)]) {
    succeeds(send(kernel, client, 'x', fds), 1);
    ready(kernel, server, f.POLLIN);
    const received = take(subject, server);
    assert.deepEqual(received, { text: 'x', fds: [], flags: 0 });
  }
  const [near, far] = udpPair(subject);
  for (const fds of [[near], [-1]]) {
    succeeds(send(kernel, near, 'long', fds), 4);
    const received = take(subject, far, { bytes: 2 });
    assert.deepEqual(received, { text: 'lo', fds: [], flags: f.MSG_TRUNC });
  }
});

/** One that is connected to the other. */
function udpPair(subject: Subject): [number, number] {
  const { kernel } = subject;
  const [near, far] = [0, 1].map(() => socketFor(subject, LOOPBACK, f.SOCK_DGRAM));
  const address = new Uint8Array(16);
  succeeds(
    kernel.bind(far as number, Uint8Array.of(2, 0, 0, 0, 127, 0, 0, 1, ...Array(8).fill(0))),
  );
  succeeds(kernel.getsockname(far as number, address), 16);
  succeeds(kernel.connect(near as number, address), 0);
  return [near as number, far as number];
}

row('SCM-30', 'msg_flags of TCP: MSG_OOB of the urgent byte; 0 at the end', (subject) => {
  const { kernel } = subject;
  const [client, server] = subject.tcpPair();
  succeeds(send(kernel, client, 'abc', null, f.MSG_OOB), 3);
  ready(kernel, server, f.POLLPRI);
  const urgent = take(subject, server, { flags: f.MSG_OOB });
  assert.deepEqual(urgent, { text: 'c', fds: [], flags: f.MSG_OOB });
  assert.deepEqual(take(subject, server), { text: 'ab', fds: [], flags: 0 });
  succeeds(kernel.shutdown(client, f.SHUT_WR), 0);
  ready(kernel, server, f.POLLRDHUP);
  assert.deepEqual(take(subject, server), { text: '', fds: [], flags: 0 });
});

row('SCM-31', 'the descriptor is judged before the memory, and that before what is sent', (s) => {
  const { kernel } = s;
  const [left, right] = s.socketPair();
  const [pipe] = s.pipe();
  const many = Array<Uint8Array>(f.IOV_MAX + 1).fill(text('x'));
  const wrong = Int32Array.of(-1);
  const report = new Int32Array(2);
  const compatible = 0x80000000;
  failsWith(kernel.sendmsg(-1, [text('x')], null, compatible), e.EINVAL);
  failsWith(kernel.recvmsg(-1, [text('x')], null, compatible, report), e.EINVAL);
  failsWith(kernel.sendmsg(-1, many, wrong, 0), e.EBADF);
  failsWith(kernel.sendmsg(pipe, many, wrong, 0), e.ENOTSOCK);
  failsWith(kernel.recvmsg(pipe, many, null, 0, report), e.ENOTSOCK);
  failsWith(kernel.sendmsg(left, many, wrong, 0), e.EMSGSIZE);
  failsWith(kernel.recvmsg(left, many, null, 0, report), e.EMSGSIZE);
  failsWith(kernel.sendmsg(left, [NOWHERE], wrong, 0), e.EBADF);
  failsWith(kernel.sendmsg(left, [NOWHERE], Int32Array.of(left), 0), e.EFAULT);
  const other = s.keep(kernel.socket(f.AF_UNIX, f.SOCK_STREAM, 0));
  failsWith(kernel.sendmsg(other, [text('x')], wrong, 0), e.EBADF);
  failsWith(kernel.sendmsg(other, [text('x')], Int32Array.of(left), 0), e.ENOTCONN);
  s.close(right);
  failsWith(kernel.sendmsg(left, [text('x')], wrong, f.MSG_NOSIGNAL), e.EBADF);
  failsWith(kernel.sendmsg(left, [text('x')], Int32Array.of(left), f.MSG_NOSIGNAL), e.EPIPE);
});

row('SCM-32', 'a failure leaves the arrays as they were, and what waits', (subject) => {
  const { kernel } = subject;
  const [left, right] = subject.socketPair();
  const [fds, report] = [Int32Array.of(7, 8), Int32Array.of(9, 10)];
  const untouched = () => assert.deepEqual([...fds, ...report], [7, 8, 9, 10]);
  failsWith(kernel.recvmsg(right, [new Uint8Array(4)], fds, f.MSG_DONTWAIT, report), e.EAGAIN);
  untouched();
  const { isOpen } = part(subject, left, 'kept');
  failsWith(kernel.recvmsg(right, [NOWHERE], fds, f.MSG_DONTWAIT, report), e.EFAULT);
  untouched();
  assert.ok(isOpen());
  const { text: words, fds: came } = take(subject, right, { fds: 3 });
  assert.deepEqual([words, came.length], ['kept', 1]);
});

row('SCM-33', 'between processes: what is received is of the other process', async (subject) => {
  const { kernel } = subject;
  const [left, right] = subject.socketPair();
  const child = await subject.process([right]);
  const [there = -1] = child.inherited;
  const [reader, writer] = subject.pipe();
  succeeds(send(kernel, left, 'take', [writer]), 4);
  subject.close(writer);
  const [bytes, fds, report] = [new Uint8Array(8), new Int32Array(2), new Int32Array(2)];
  succeeds(await child.call('recvmsg', there, [bytes], fds, f.MSG_CMSG_CLOEXEC, report), 4);
  assert.deepEqual([string(bytes.subarray(0, 4)), ...report], ['take', 1, f.MSG_CMSG_CLOEXEC]);
  succeeds(await child.call('write', fds[0] as number, text('from the child')), 14);
  assert.equal(string(receive(kernel, reader)), 'from the child');
  succeeds(await child.call('pipe2', 0, fds), 0);
  succeeds(await child.call('sendmsg', there, [text('back')], fds.subarray(0, 1), 0), 4);
  succeeds(await child.call('write', fds[1] as number, text('and forth')), 9);
  await child.end();
  const [back = -1] = take(subject, left).fds;
  assert.equal(string(receive(kernel, back)), 'and forth');
  assert.equal(string(receive(kernel, back)), '');
});

row(
  'SCM-34',
  'processes that share a socket: one of them gets it, in its table',
  async (subject) => {
    const { kernel } = subject;
    const [left, right] = subject.socketPair();
    const parent = await subject.process([right]);
    const child = await parent.fork();
    const [there = -1] = parent.inherited;
    const { reader, isOpen } = part(subject, left, 'x');
    const [bytes, fds, report] = [new Uint8Array(8), new Int32Array(1), new Int32Array(2)];
    succeeds(await child.call('recvmsg', there, [bytes], fds, 0, report), 1);
    succeeds(await child.call('fcntl', fds[0] as number, f.F_GETFD), 0);
    assert.ok(isOpen());
    child.kill(f.SIGKILL);
    ready(kernel, reader, f.POLLHUP);
    succeeds(await parent.call('fcntl', there, f.F_GETFD), 0);
    failsWith(kernel.recv(right, bytes, f.MSG_DONTWAIT), e.EAGAIN);
  },
);

row('SCM-35', 'a receive sleeps on a thread, and is woken by what comes or by EINTR', async (s) => {
  const { kernel } = s;
  const [left, right] = s.socketPair();
  const [bytes, fds, report] = [new Uint8Array(8), new Int32Array(4), new Int32Array(2)];
  const receiving = s.offload('recvmsg', right, [bytes], fds, f.MSG_CMSG_CLOEXEC, report);
  const sent = s.offload('sendmsg', left, [text('ab'), text('cd')], Int32Array.of(left, right), 0);
  succeeds(await sent, 4);
  succeeds(await receiving, 4);
  assert.equal(string(bytes.subarray(0, 4)), 'abcd');
  assert.deepEqual([...report], [2, f.MSG_CMSG_CLOEXEC]);
  for (const fd of fds.subarray(0, 2)) succeeds(kernel.close(fd), 0);

  const answer = await new Promise((resolve) => {
    const ticket = kernel.offload('recvmsg', [right, [bytes], fds, 0, report], resolve);
    succeeds(kernel.interrupt(ticket), 0);
  });
  assert.equal(answer, -e.EINTR);
  const { isOpen } = part(s, left, 'later');
  assert.equal(take(s, right).fds.length, 1);
  assert.ok(isOpen());
});

row(
  'SCM-36',
  'what comes for an array that is gone is closed; bytes that are gone are another matter',
  async (subject) => {
    const [left, right] = subject.socketPair();
    for (const [place, array] of [new Int32Array(2), new Int32Array(2)].entries()) {
      const [fds, report] = place === 0 ? [array, new Int32Array(2)] : [new Int32Array(2), array];
      const receiving = subject.offload('recvmsg', right, [new Uint8Array(8)], fds, 0, report);
      structuredClone(array.buffer, { transfer: [array.buffer] });
      const { isOpen } = part(subject, left, 'x');
      succeeds(await receiving, 1);
      assert.ok(!isOpen());
      assert.equal(fds.length, place === 0 ? 0 : 2);
      assert.equal(report.length, place === 0 ? 2 : 0);
    }
    const [bytes, fds, report] = [new Uint8Array(8), new Int32Array(2), new Int32Array(2)];
    const receiving = subject.offload('recvmsg', right, [bytes], fds, 0, report);
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    const { isOpen } = part(subject, left, 'x');
    succeeds(await receiving, 1);
    assert.ok(isOpen());
    assert.deepEqual(report, Int32Array.of(1, 0));
    subject.keep(fds[0] as number);
  },
);
