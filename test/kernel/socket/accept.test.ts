import assert from 'node:assert/strict';
import { encodeAddress } from '../../../src/kernel/address.js';
import * as e from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { failsWith, succeeds } from '../../helpers/claims.js';
import { row } from '../../helpers/conformance.js';
import * as sockets from '../../helpers/sockets.js';

const { LOOPBACK, ready } = sockets;

for (const { name, any, skip } of sockets.TCP_FAMILIES) {
  row(
    'accept4',
    `${name}: the peer's address comes with the connection, zeros after it`,
    (subject) => {
      const { kernel, keep } = subject;
      const { fd, address } = sockets.listener(subject, any);
      const client = sockets.socketFor(subject, any);
      succeeds(kernel.connect(client, encodeAddress(address)), 0);
      const peer = new Uint8Array(64).fill(7);
      keep(kernel.accept4(fd, f.SOCK_CLOEXEC, peer));
      const expected = new Uint8Array(64);
      expected.set(encodeAddress(sockets.nameOf(kernel, client)));
      assert.deepEqual(peer, expected);
    },
    { skip },
  );
}

row('accept4', 'a short array gets the beginning of the address', (subject) => {
  const { kernel, keep } = subject;
  const { fd, address } = sockets.listener(subject, LOOPBACK);
  const client = sockets.socketFor(subject, LOOPBACK);
  succeeds(kernel.connect(client, encodeAddress(address)), 0);
  const peer = new Uint8Array(4);
  keep(kernel.accept4(fd, f.SOCK_CLOEXEC, peer));
  assert.deepEqual(peer, encodeAddress(sockets.nameOf(kernel, client)).slice(0, 4));
});

row('accept4', 'flags concern the new descriptor, nothing is inherited', (subject) => {
  const { kernel, keep } = subject;
  const type = f.SOCK_STREAM | f.SOCK_NONBLOCK;
  const { fd, address } = sockets.listener(subject, LOOPBACK, { type });
  for (const flags of [0, f.SOCK_CLOEXEC, f.SOCK_NONBLOCK, f.SOCK_CLOEXEC | f.SOCK_NONBLOCK]) {
    const client = sockets.socketFor(subject, LOOPBACK);
    succeeds(kernel.connect(client, encodeAddress(address)), 0);
    ready(kernel, fd, f.POLLIN);
    const accepted = keep(kernel.accept4(fd, flags, null));
    const closes = succeeds(kernel.fcntl(accepted, f.F_GETFD)) & f.FD_CLOEXEC;
    const nonBlocking = succeeds(kernel.fcntl(accepted, f.F_GETFL)) & f.O_NONBLOCK;
    assert.equal(closes !== 0, (flags & f.SOCK_CLOEXEC) !== 0);
    assert.equal(nonBlocking !== 0, (flags & f.SOCK_NONBLOCK) !== 0);
  }
});

row('accept4', 'nobody there, not listening, no socket, an unknown flag', (subject) => {
  const { kernel, pipe } = subject;
  const type = f.SOCK_STREAM | f.SOCK_NONBLOCK;
  const { fd } = sockets.listener(subject, LOOPBACK, { type });
  const untouched = new Uint8Array(16).fill(7);
  failsWith(kernel.accept4(fd, 0, untouched), e.EAGAIN);
  assert.deepEqual(untouched, new Uint8Array(16).fill(7));
  failsWith(kernel.accept4(fd, 1, null), e.EINVAL);
  failsWith(kernel.accept4(sockets.bound(subject, LOOPBACK), 0, null), e.EINVAL);
  failsWith(kernel.accept4(sockets.bound(subject, LOOPBACK, f.SOCK_DGRAM), 0, null), e.EOPNOTSUPP);
  failsWith(kernel.accept4(pipe()[0], 0, null), e.ENOTSOCK);
  failsWith(kernel.accept4(-1, 0, null), e.EBADF);
  failsWith(kernel.accept4(fd, 0, undefined as never), e.EFAULT);
});

row('accept4', 'asleep in another process it waits for a client', async (subject) => {
  const { fd, address } = sockets.listener(subject, LOOPBACK);
  const child = await subject.process([fd]);
  const accepting = child.call('accept4', child.inherited[0] as number, 0, 0, 0);
  await child.asleep('accept4');
  const client = sockets.socketFor(subject, LOOPBACK);
  succeeds(subject.kernel.connect(client, encodeAddress(address)), 0);
  succeeds(await accepting);
});

row('accept4', 'asleep on another thread it brings the address too', async (subject) => {
  const { kernel, keep } = subject;
  const { fd, address } = sockets.listener(subject, LOOPBACK);
  const peer = new Uint8Array(20).fill(7);
  const accepting = subject.offload('accept4', fd, f.SOCK_CLOEXEC, peer);
  const client = sockets.socketFor(subject, LOOPBACK);
  succeeds(await subject.offload('connect', client, encodeAddress(address)), 0);
  keep(await accepting);
  assert.deepEqual(peer.subarray(0, 16), encodeAddress(sockets.nameOf(kernel, client)));
  assert.deepEqual(peer.subarray(16), new Uint8Array(4));
});

row('accept4', 'an array detached meanwhile is left, the descriptor comes', async (subject) => {
  const { kernel, keep } = subject;
  const { fd, address } = sockets.listener(subject, LOOPBACK);
  const peer = new Uint8Array(16);
  const accepting = subject.offload('accept4', fd, f.SOCK_CLOEXEC, peer);
  structuredClone(peer, { transfer: [peer.buffer] });
  const client = sockets.socketFor(subject, LOOPBACK);
  succeeds(kernel.connect(client, encodeAddress(address)), 0);
  keep(await accepting);
});

row('accept4', 'without a free descriptor it is EMFILE, and the client waits', async (subject) => {
  const { kernel } = subject;
  const { fd, address } = sockets.listener(subject, LOOPBACK);
  const client = sockets.socketFor(subject, LOOPBACK);
  succeeds(kernel.connect(client, encodeAddress(address)), 0);
  const child = await subject.process([fd]);
  const [theirs] = child.inherited as [number];
  const free = succeeds(await child.call('dup', 0));
  succeeds(await child.call('close', free), 0);
  const accept = async (soft: number) => {
    const limit = BigUint64Array.of(BigInt(soft), BigInt(free + 1));
    succeeds(await child.call('prlimit', 0, f.RLIMIT_NOFILE, limit, null), 0);
    return child.call('accept4', theirs, 0, 0, 0);
  };
  failsWith(await accept(free), e.EMFILE);
  assert.equal(ready(kernel, fd, f.POLLIN), f.POLLIN);
  succeeds(await accept(free + 1), free);
});
