import assert from 'node:assert/strict';
import * as e from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import type { Kernel } from '../../../src/kernel/kernel.js';
import { failsWith, string, succeeds, text } from '../../helpers/claims.js';
import { row } from '../../helpers/conformance.js';
import { receive } from '../../helpers/transfer.js';

const STREAM = f.SOCK_STREAM;

/** The answer when a pair is refused, and a look that nothing was written. */
function refusal(kernel: Kernel, domain: number, type: number, protocol = 0): number {
  const fds = Int32Array.of(-7, -7);
  const result = kernel.socketpair(domain, type, protocol, fds);
  assert.deepEqual([...fds], [-7, -7]);
  return result;
}

row('SPAIR-01', 'socketpair makes two connected descriptors', ({ kernel, keep }) => {
  for (const type of [f.SOCK_STREAM, f.SOCK_DGRAM, f.SOCK_SEQPACKET]) {
    const fds = new Int32Array(2);
    succeeds(kernel.socketpair(f.AF_UNIX, type, 0, fds), 0);
    const [left, right] = [keep(fds[0] as number), keep(fds[1] as number)];
    assert.notEqual(left, right);
    succeeds(kernel.write(left, text('x')), 1);
    assert.equal(string(receive(kernel, right)), 'x');
  }
});

row('SPAIR-02', 'data flows both ways, each way by itself', ({ kernel, socketPair }) => {
  const [left, right] = socketPair();
  succeeds(kernel.write(left, text('to the right')));
  succeeds(kernel.write(right, text('to the left')));
  assert.equal(string(receive(kernel, left)), 'to the left');
  assert.equal(string(receive(kernel, right)), 'to the right');
});

row(['SPAIR-03', 'SPAIR-04'], 'AF_INET has none, and a refusal changes nothing', ({ kernel }) => {
  failsWith(refusal(kernel, f.AF_INET, STREAM), e.EOPNOTSUPP);
});

row('SPAIR-05', 'AF_INET has no datagram pairs', ({ kernel }) => {
  failsWith(refusal(kernel, f.AF_INET, f.SOCK_DGRAM, f.IPPROTO_UDP), e.EOPNOTSUPP);
});

row('SPAIR-06', 'an unknown domain is EAFNOSUPPORT', ({ kernel }) => {
  for (const domain of [0, 999, -1]) failsWith(refusal(kernel, domain, STREAM), e.EAFNOSUPPORT);
});

row('SPAIR-07', 'an unknown type is EINVAL', ({ kernel }) => {
  failsWith(refusal(kernel, f.AF_INET, 75), e.EINVAL);
});

row('SPAIR-08', 'an array that is none is EFAULT, and nothing is opened', ({ kernel }) => {
  for (const array of [new Int32Array(1), new Uint8Array(8), [0, 0], null, undefined, 8]) {
    failsWith(kernel.socketpair(f.AF_UNIX, STREAM, 0, array as Int32Array), e.EFAULT);
  }
});

row('SPAIR-09', 'unknown bits in the type are EINVAL', ({ kernel }) => {
  failsWith(refusal(kernel, f.AF_UNIX, STREAM | 0x100), e.EINVAL);
  failsWith(refusal(kernel, f.AF_UNIX, STREAM | 0x40000000), e.EINVAL);
});

const SWITCHES = [
  { id: 'SPAIR-10', name: 'FD_CLOEXEC', flag: f.SOCK_CLOEXEC, get: f.F_GETFD, bit: f.FD_CLOEXEC },
  { id: 'SPAIR-11', name: 'O_NONBLOCK', flag: f.SOCK_NONBLOCK, get: f.F_GETFL, bit: f.O_NONBLOCK },
];
for (const { id, name, flag, get, bit } of SWITCHES) {
  row(id, `${name} is set on both ends by its flag only`, ({ kernel, keep }) => {
    for (const wanted of [flag, 0]) {
      const fds = new Int32Array(2);
      succeeds(kernel.socketpair(f.AF_UNIX, STREAM | wanted, 0, fds), 0);
      for (const fd of fds) {
        assert.equal((succeeds(kernel.fcntl(keep(fd), get)) & bit) !== 0, wanted !== 0);
      }
    }
  });
}

row('SPAIR-12', 'no number left, or one, is EMFILE and leaks nothing', async (subject) => {
  const child = await subject.process();
  const free = succeeds(await child.call('dup', 0));
  succeeds(await child.call('close', free), 0);
  const hard = BigInt(free + 2);
  const fds = new Int32Array(2);
  const pair = async (soft: bigint) => {
    const limit = BigUint64Array.of(soft, hard);
    succeeds(await child.call('prlimit', 0, f.RLIMIT_NOFILE, limit, null), 0);
    return child.call('socketpair', f.AF_UNIX, STREAM, 0, fds);
  };
  failsWith(await pair(hard - 2n), e.EMFILE);
  failsWith(await pair(hard - 1n), e.EMFILE);
  succeeds(await pair(hard), 0);
  assert.deepEqual([...fds], [free, free + 1]);
});

row('SPAIR-13', 'a stream does not keep boundaries', ({ kernel, socketPair }) => {
  const [left, right] = socketPair();
  for (const part of ['one', 'two', 'three']) succeeds(kernel.write(left, text(part)));
  assert.equal(string(receive(kernel, right, 4)), 'onet');
  assert.equal(string(receive(kernel, right)), 'wothree');
});

row('SPAIR-13', 'a message that meets a bad address moves not in part', (subject) => {
  const { kernel, socketPair } = subject;
  const [left, right] = socketPair(STREAM | f.SOCK_NONBLOCK);
  const nowhere = BigUint64Array.of(8n, 4096n);
  failsWith(kernel.writev(left, [new Uint8Array(8192), nowhere]), e.EFAULT);
  failsWith(kernel.read(right, new Uint8Array(1)), e.EAGAIN);
  for (const length of [10, 5000]) succeeds(kernel.write(left, new Uint8Array(length)), length);
  const room = [new Uint8Array(4106), nowhere];
  succeeds(kernel.readv(right, room), 10);
  failsWith(kernel.readv(right, room), e.EFAULT);
  succeeds(kernel.read(right, new Uint8Array(6000)), 5000);
});

row('SPAIR-14', 'seqpacket keeps messages, in order, and ends in 0', (subject) => {
  const { kernel, close } = subject;
  const [left, right] = subject.socketPair(f.SOCK_SEQPACKET);
  for (const part of ['one', 'two', 'three']) succeeds(kernel.write(left, text(part)));
  assert.equal(string(receive(kernel, right)), 'one');
  assert.equal(string(receive(kernel, right, 2)), 'tw');
  assert.equal(string(receive(kernel, right)), 'three');
  close(left);
  assert.equal(receive(kernel, right).length, 0);
});

row('SPAIR-15', 'after the peer closed, the rest is read and then 0', (subject) => {
  const { kernel, socketPair, close } = subject;
  const [left, right] = socketPair();
  succeeds(kernel.write(left, text('rest')));
  close(left);
  assert.equal(string(receive(kernel, right)), 'rest');
  assert.equal(receive(kernel, right).length, 0);
});

row('SPAIR-16', 'reading nothing with O_NONBLOCK is EAGAIN', ({ kernel, socketPair }) => {
  const [left] = socketPair(STREAM | f.SOCK_NONBLOCK);
  failsWith(kernel.read(left, new Uint8Array(1)), e.EAGAIN);
});

row('SPAIR-17', 'a blocking read sleeps until the peer writes', async (subject) => {
  const [left, right] = subject.socketPair();
  const child = await subject.process([right]);
  const bytes = new Uint8Array(8);
  const reading = child.call('read', child.inherited[0] as number, bytes);
  await child.asleep('read');
  succeeds(subject.kernel.write(left, text('now')), 3);
  succeeds(await reading, 3);
  assert.equal(string(bytes.subarray(0, 3)), 'now');
});

row('SPAIR-17', 'a blocking read sleeps until the peer closes', async (subject) => {
  const [left, right] = subject.socketPair();
  const child = await subject.process([right]);
  const reading = child.call('read', child.inherited[0] as number, new Uint8Array(8));
  await child.asleep('read');
  subject.close(left);
  succeeds(await reading, 0);
});

row('SPAIR-18', 'a full stream takes a part and is then EAGAIN', ({ kernel, socketPair }) => {
  const [left, right] = socketPair(STREAM | f.SOCK_NONBLOCK);
  const large = new Uint8Array(16 << 20);
  const taken = succeeds(kernel.write(left, large));
  assert.ok(taken > 0 && taken < large.length);
  failsWith(kernel.write(left, large), e.EAGAIN);
  let received = 0;
  while (received < taken) received += receive(kernel, right).length;
  assert.equal(received, taken);
});

row('SPAIR-19', 'a socket has no position', ({ kernel, socketPair }) => {
  const [left] = socketPair();
  failsWith(kernel.lseek(left, 0, f.SEEK_CUR, new BigInt64Array(1)), e.ESPIPE);
  failsWith(kernel.pread(left, new Uint8Array(1), 0), e.ESPIPE);
  failsWith(kernel.pwrite(left, new Uint8Array(1), 0), e.ESPIPE);
});

row('SPAIR-20', 'a socket cannot be mapped', ({ kernel, socketPair }) => {
  const [left] = socketPair();
  for (const flags of [f.MAP_SHARED, f.MAP_PRIVATE]) {
    failsWith(kernel.mmap(0, 4096, f.PROT_READ, flags, left, 0), e.ENODEV);
  }
});

row('SPAIR-21', 'SHUT_WR ends one way and leaves the other', ({ kernel, socketPair }) => {
  const [left, right] = socketPair();
  succeeds(kernel.write(left, text('last')));
  succeeds(kernel.shutdown(left, f.SHUT_WR), 0);
  assert.equal(string(receive(kernel, right)), 'last');
  assert.equal(receive(kernel, right).length, 0);
  failsWith(kernel.send(left, text('x'), f.MSG_NOSIGNAL), e.EPIPE);
  succeeds(kernel.write(right, text('back')));
  assert.equal(string(receive(kernel, left)), 'back');
});

row('SPAIR-22', 'fstat says S_IFSOCK', ({ kernel, socketPair }) => {
  for (const fd of socketPair()) {
    const stat = new BigInt64Array(f.STAT_FIELDS);
    succeeds(kernel.fstat(fd, stat), 0);
    assert.equal(Number(stat[f.STAT_MODE]) & f.S_IFMT, f.S_IFSOCK);
    assert.equal(stat[f.STAT_SIZE], 0n);
  }
});

row('SPAIR-23', 'the constants have the values of the headers', () => {
  const { AF_UNIX, SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_NONBLOCK, SOCK_CLOEXEC } = f;
  const values = [AF_UNIX, SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_NONBLOCK, SOCK_CLOEXEC];
  assert.deepEqual(values, [1, 1, 2, 5, 0o4000, 0o2000000]);
});
