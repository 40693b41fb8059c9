import assert from 'node:assert/strict';
import * as e from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { failsWith, succeeds } from '../../helpers/claims.js';
import { row } from '../../helpers/conformance.js';
import { connection, LOOPBACK, option, setOption } from '../../helpers/sockets.js';

/** One number: the filter is attached by it and read back by it. */
const SO_ATTACH_FILTER = 26;
const SO_GET_FILTER = SO_ATTACH_FILTER;
/** An instruction of classic BPF that takes the whole message: BPF_RET and a length. */
const BPF_RETURN_ALL = 0xffff_0000_0006n;

/** An option that is on or off, or a number that is kept as it is. */
const KEPT: [name: string, level: number, option: number, value: number][] = [
  ['SO_REUSEADDR', f.SOL_SOCKET, f.SO_REUSEADDR, 1],
  ['SO_REUSEPORT', f.SOL_SOCKET, f.SO_REUSEPORT, 1],
  ['SO_KEEPALIVE', f.SOL_SOCKET, f.SO_KEEPALIVE, 1],
  ['SO_OOBINLINE', f.SOL_SOCKET, f.SO_OOBINLINE, 1],
  ['SO_BROADCAST', f.SOL_SOCKET, f.SO_BROADCAST, 1],
  ['TCP_NODELAY', f.IPPROTO_TCP, f.TCP_NODELAY, 1],
  ['TCP_CORK', f.IPPROTO_TCP, f.TCP_CORK, 1],
  ['TCP_KEEPIDLE', f.IPPROTO_TCP, f.TCP_KEEPIDLE, 30],
  ['TCP_KEEPINTVL', f.IPPROTO_TCP, f.TCP_KEEPINTVL, 5],
  ['TCP_KEEPCNT', f.IPPROTO_TCP, f.TCP_KEEPCNT, 3],
  ['TCP_USER_TIMEOUT', f.IPPROTO_TCP, f.TCP_USER_TIMEOUT, 1000],
];
for (const [name, level, number, value] of KEPT) {
  row('getsockopt, setsockopt', `${name} is kept`, ({ kernel, keep }) => {
    const fd = keep(kernel.socket(f.AF_INET, f.SOCK_STREAM | f.SOCK_CLOEXEC, 0));
    assert.notEqual(option(kernel, fd, level, number), value);
    succeeds(setOption(kernel, fd, level, number, value), 0);
    assert.equal(option(kernel, fd, level, number), value);
  });
}

row('getsockopt', 'what the socket is', ({ kernel, keep, socketPair }) => {
  const fd = keep(kernel.socket(f.AF_INET, f.SOCK_STREAM | f.SOCK_CLOEXEC, 0));
  const of = (socket: number, name: number) => option(kernel, socket, f.SOL_SOCKET, name);
  assert.equal(of(fd, f.SO_DOMAIN), f.AF_INET);
  assert.equal(of(fd, f.SO_TYPE), f.SOCK_STREAM);
  assert.equal(of(fd, f.SO_PROTOCOL), f.IPPROTO_TCP);
  assert.equal(of(fd, f.SO_ACCEPTCONN), 0);
  succeeds(kernel.listen(fd, 1), 0);
  assert.equal(of(fd, f.SO_ACCEPTCONN), 1);
  const [left] = socketPair(f.SOCK_SEQPACKET);
  assert.equal(of(left, f.SO_DOMAIN), f.AF_UNIX);
  assert.equal(of(left, f.SO_TYPE), f.SOCK_SEQPACKET);
});

row('setsockopt', 'SO_SNDBUF and SO_RCVBUF are doubled', ({ kernel, socketPair }) => {
  const [left] = socketPair();
  for (const name of [f.SO_SNDBUF, f.SO_RCVBUF]) {
    succeeds(setOption(kernel, left, f.SOL_SOCKET, name, 50_000), 0);
    assert.equal(option(kernel, left, f.SOL_SOCKET, name), 100_000);
  }
});

row('getsockopt', 'SO_PEERCRED of a pair is this process', (subject) => {
  const { kernel, socketPair, credentials } = subject;
  const fields = new Int32Array(3);
  const bytes = new Uint8Array(fields.buffer);
  succeeds(kernel.getsockopt(socketPair()[0], f.SOL_SOCKET, f.SO_PEERCRED, bytes), 12);
  const [pid, uid, gid] = fields;
  assert.deepEqual({ pid, uid, gid }, credentials);
});

row('getsockopt', 'fills what fits and answers how much that is', ({ kernel, socketPair }) => {
  const [left] = socketPair();
  const bytes = new Uint8Array(16).fill(7);
  succeeds(kernel.getsockopt(left, f.SOL_SOCKET, f.SO_TYPE, bytes), 4);
  assert.deepEqual([...bytes], [1, 0, 0, 0, ...Array<number>(12).fill(7)]);
  succeeds(kernel.getsockopt(left, f.SOL_SOCKET, f.SO_TYPE, bytes.subarray(0, 2)), 2);
  succeeds(kernel.getsockopt(left, f.SOL_SOCKET, f.SO_TYPE, new Uint8Array(0)), 0);
});

row('setsockopt', 'SO_RCVTIMEO: a blocking read gives up with EAGAIN', ({ kernel, socketPair }) => {
  const [left] = socketPair();
  const timeval = new BigInt64Array([0n, 1000n]);
  const bytes = new Uint8Array(timeval.buffer);
  succeeds(kernel.setsockopt(left, f.SOL_SOCKET, f.SO_RCVTIMEO, bytes), 0);
  failsWith(kernel.recv(left, new Uint8Array(1), 0), e.EAGAIN);
});

row('getsockopt', 'TCP_INFO tells the state of a connection', (subject) => {
  const [client] = connection(subject, LOOPBACK);
  const info = new Uint8Array(104);
  succeeds(subject.kernel.getsockopt(client, f.IPPROTO_TCP, f.TCP_INFO, info), 104);
  const established = 1;
  assert.equal(info[0], established);
});

row('setsockopt', 'IPV6_V6ONLY before bind only', ({ kernel, keep }) => {
  const fd = keep(kernel.socket(f.AF_INET6, f.SOCK_STREAM | f.SOCK_CLOEXEC, 0));
  succeeds(setOption(kernel, fd, f.IPPROTO_IPV6, f.IPV6_V6ONLY, 1), 0);
  assert.equal(option(kernel, fd, f.IPPROTO_IPV6, f.IPV6_V6ONLY), 1);
  succeeds(kernel.listen(fd, 1), 0);
  failsWith(setOption(kernel, fd, f.IPPROTO_IPV6, f.IPV6_V6ONLY, 0), e.EINVAL);
});

row('getsockopt', 'SO_GET_FILTER, whose length is no count of bytes, is refused', (subject) => {
  const { kernel, socketPair, memory } = subject;
  const [left] = socketPair(f.SOCK_DGRAM);
  const program = new BigUint64Array(4).fill(BPF_RETURN_ALL);
  const [address] = memory() as unknown as [bigint];
  succeeds(kernel.store(Number(address), new Uint8Array(program.buffer)), 32);
  const attached = new BigUint64Array([BigInt(program.length), address]);
  succeeds(
    kernel.setsockopt(left, f.SOL_SOCKET, SO_ATTACH_FILTER, new Uint8Array(attached.buffer)),
    0,
  );
  const behind = new Uint8Array(64);
  failsWith(
    kernel.getsockopt(left, f.SOL_SOCKET, SO_GET_FILTER, behind.subarray(0, 4)),
    e.ENOPROTOOPT,
  );
  assert.deepEqual(behind, new Uint8Array(64));
});

row('getsockopt, setsockopt', 'what cannot be', ({ kernel, socketPair, pipe, keep }) => {
  const [left] = socketPair();
  const tcp = keep(kernel.socket(f.AF_INET, f.SOCK_STREAM | f.SOCK_CLOEXEC, 0));
  const value = new Uint8Array(4).fill(7);
  for (const call of ['getsockopt', 'setsockopt'] as const) {
    failsWith(kernel[call](tcp, f.SOL_SOCKET, 9999, value), e.ENOPROTOOPT);
    failsWith(kernel[call](tcp, f.IPPROTO_TCP, 9999, value), e.ENOPROTOOPT);
    failsWith(kernel[call](left, f.IPPROTO_TCP, f.TCP_NODELAY, value), e.EOPNOTSUPP);
    failsWith(kernel[call](pipe()[0], f.SOL_SOCKET, f.SO_TYPE, value), e.ENOTSOCK);
    failsWith(kernel[call](-1, f.SOL_SOCKET, f.SO_TYPE, value), e.EBADF);
    failsWith(kernel[call](tcp, f.SOL_SOCKET, f.SO_TYPE, 4 as never), e.EFAULT);
    failsWith(kernel[call](tcp, 'SOL_SOCKET' as never, f.SO_TYPE, value), e.EINVAL);
  }
  assert.deepEqual([...value], [7, 7, 7, 7]);
  const short = new Uint8Array(2);
  failsWith(kernel.setsockopt(tcp, f.SOL_SOCKET, f.SO_REUSEADDR, short), e.EINVAL);
  failsWith(kernel.setsockopt(tcp, f.SOL_SOCKET, f.SO_LINGER, value), e.EINVAL);
});
