import assert from 'node:assert/strict';
import { encodeAddress, type SocketAddress } from '../../../src/kernel/address.js';
import * as e from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import type { Kernel } from '../../../src/kernel/kernel.js';
import { failsWith, string, succeeds, text } from '../../helpers/claims.js';
import { row, type Subject } from '../../helpers/conformance.js';
import * as sockets from '../../helpers/sockets.js';
import { receive } from '../../helpers/transfer.js';

const STREAM = f.SOCK_STREAM;
const { LOOPBACK, ready } = sockets;

/** A port of 127.0.0.1 that is taken, and where nobody listens. */
function refusing(subject: Subject): Uint8Array {
  return encodeAddress(sockets.nameOf(subject.kernel, sockets.bound(subject, LOOPBACK)));
}

/** The pending error, which is then gone. */
function takeError(kernel: Kernel, fd: number): number {
  return sockets.option(kernel, fd, f.SOL_SOCKET, f.SO_ERROR);
}

function portOf(address: SocketAddress): number {
  assert.ok(address.family === 'inet' || address.family === 'inet6');
  return address.port;
}

for (const { name, any, skip } of sockets.TCP_FAMILIES) {
  row(
    'connect, getpeername',
    `${name}: bytes go both ways and each end knows both addresses`,
    (subject) => {
      const { kernel } = subject;
      const [client, server] = sockets.connection(subject, any);
      succeeds(kernel.send(client, text('ping'), 0), 4);
      ready(kernel, server, f.POLLIN);
      assert.equal(string(receive(kernel, server)), 'ping');
      succeeds(kernel.send(server, text('pong'), 0), 4);
      ready(kernel, client, f.POLLIN);
      assert.equal(string(receive(kernel, client)), 'pong');
      assert.deepEqual(sockets.peerOf(kernel, client), sockets.nameOf(kernel, server));
      assert.deepEqual(sockets.peerOf(kernel, server), sockets.nameOf(kernel, client));
    },
    { skip },
  );

  row(
    'bind, getsockname',
    `${name}: port 0 is one that Linux chooses`,
    (subject) => {
      const address = sockets.nameOf(subject.kernel, sockets.bound(subject, any));
      assert.notEqual(portOf(address), 0);
      assert.deepEqual({ ...address, port: 0 }, any);
    },
    { skip },
  );
}

row('connect', 'O_NONBLOCK is EINPROGRESS, then writable with SO_ERROR 0', (subject) => {
  const { kernel } = subject;
  const { address } = sockets.listener(subject, LOOPBACK);
  const client = sockets.socketFor(subject, LOOPBACK, STREAM | f.SOCK_NONBLOCK);
  failsWith(kernel.connect(client, encodeAddress(address)), e.EINPROGRESS);
  assert.equal(ready(kernel, client, f.POLLOUT), f.POLLOUT);
  assert.equal(takeError(kernel, client), 0);
  // The call after it learns of the connection, the next finds it made.
  succeeds(kernel.connect(client, encodeAddress(address)), 0);
  failsWith(kernel.connect(client, encodeAddress(address)), e.EISCONN);
});

row('connect', 'refused in progress: SO_ERROR says ECONNREFUSED, once', (subject) => {
  const { kernel } = subject;
  const client = sockets.socketFor(subject, LOOPBACK, STREAM | f.SOCK_NONBLOCK);
  failsWith(kernel.connect(client, refusing(subject)), e.EINPROGRESS);
  assert.ok(ready(kernel, client, f.POLLOUT) & f.POLLERR);
  assert.equal(takeError(kernel, client), e.ECONNREFUSED);
  assert.equal(takeError(kernel, client), 0);
});

row('connect', 'a blocking one to nobody is ECONNREFUSED', (subject) => {
  const client = sockets.socketFor(subject, LOOPBACK);
  failsWith(subject.kernel.connect(client, refusing(subject)), e.ECONNREFUSED);
});

row('connect', 'another family, a short, long or missing address', (subject) => {
  const { kernel } = subject;
  const client = sockets.socketFor(subject, LOOPBACK);
  failsWith(kernel.connect(client, encodeAddress(sockets.LOOPBACK6)), e.EAFNOSUPPORT);
  failsWith(kernel.connect(client, encodeAddress(LOOPBACK).subarray(0, 8)), e.EINVAL);
  failsWith(kernel.connect(client, new Uint8Array(129)), e.EINVAL);
  failsWith(kernel.connect(-1, new Uint8Array(129)), e.EBADF);
  failsWith(kernel.connect(client, null as never), e.EFAULT);
  failsWith(kernel.connect(client, [2, 0] as never), e.EFAULT);
});

row('connect', 'AF_UNSPEC undoes the connect of a datagram socket', (subject) => {
  const { kernel } = subject;
  const target = sockets.bound(subject, LOOPBACK, f.SOCK_DGRAM);
  const source = sockets.socketFor(subject, LOOPBACK, f.SOCK_DGRAM);
  succeeds(kernel.connect(source, encodeAddress(sockets.nameOf(kernel, target))), 0);
  succeeds(kernel.send(source, text('datagram'), 0), 8);
  ready(kernel, target, f.POLLIN);
  assert.equal(string(receive(kernel, target)), 'datagram');
  succeeds(kernel.connect(source, new Uint8Array(16)), 0);
  failsWith(kernel.send(source, text('datagram'), 0), e.EDESTADDRREQ);
  failsWith(kernel.getpeername(source, new Uint8Array(16)), e.ENOTCONN);
});

row('bind', 'an address that is taken or not here, a second bind', (subject) => {
  const { kernel } = subject;
  const { fd, address } = sockets.listener(subject, LOOPBACK);
  const other = sockets.socketFor(subject, LOOPBACK);
  failsWith(kernel.bind(other, encodeAddress(address)), e.EADDRINUSE);
  // SO_REUSEADDR does not share the port of a listener.
  succeeds(sockets.setOption(kernel, other, f.SOL_SOCKET, f.SO_REUSEADDR, 1), 0);
  failsWith(kernel.bind(other, encodeAddress(address)), e.EADDRINUSE);
  const foreign = encodeAddress({ family: 'inet', address: '192.0.2.1', port: 0 });
  failsWith(kernel.bind(other, foreign), e.EADDRNOTAVAIL);
  failsWith(kernel.bind(fd, encodeAddress(LOOPBACK)), e.EINVAL);
  failsWith(kernel.bind(-1, encodeAddress(LOOPBACK)), e.EBADF);
});

row('bind', 'SO_REUSEPORT shares a port between those that ask', (subject) => {
  const { kernel } = subject;
  const ask = (fd: number) => sockets.setOption(kernel, fd, f.SOL_SOCKET, f.SO_REUSEPORT, 1);
  const first = sockets.socketFor(subject, LOOPBACK);
  succeeds(ask(first), 0);
  succeeds(kernel.bind(first, encodeAddress(LOOPBACK)), 0);
  const taken = encodeAddress(sockets.nameOf(kernel, first));
  const second = sockets.socketFor(subject, LOOPBACK);
  failsWith(kernel.bind(second, taken), e.EADDRINUSE);
  succeeds(ask(second), 0);
  succeeds(kernel.bind(second, taken), 0);
});

row('listen', 'a socket not bound gets a port; a second listen is fine', (subject) => {
  const { kernel } = subject;
  const fd = sockets.socketFor(subject, LOOPBACK);
  succeeds(kernel.listen(fd, 1), 0);
  succeeds(kernel.listen(fd, 2), 0);
  const address = sockets.nameOf(kernel, fd);
  assert.deepEqual({ ...address, port: 0 }, { ...LOOPBACK, address: '0.0.0.0' });
  assert.notEqual(portOf(address), 0);
});

row('listen', 'a datagram socket, no socket, a connected socket', (subject) => {
  const { kernel } = subject;
  const datagram = sockets.socketFor(subject, LOOPBACK, f.SOCK_DGRAM);
  failsWith(kernel.listen(datagram, 1), e.EOPNOTSUPP);
  failsWith(kernel.listen(subject.pipe()[0], 1), e.ENOTSOCK);
  failsWith(kernel.listen(-1, 1), e.EBADF);
  const [client] = sockets.connection(subject, LOOPBACK);
  failsWith(kernel.listen(client, 1), e.EINVAL);
});

row('socket', 'an unknown domain, type or protocol', ({ kernel }) => {
  failsWith(kernel.socket(999, STREAM, 0), e.EAFNOSUPPORT);
  failsWith(kernel.socket(f.AF_INET, 75, 0), e.EINVAL);
  failsWith(kernel.socket(f.AF_INET, STREAM | 0x100, 0), e.EINVAL);
  failsWith(kernel.socket(f.AF_INET, STREAM, f.IPPROTO_UDP), e.EPROTONOSUPPORT);
  failsWith(kernel.socket(f.AF_INET, f.SOCK_SEQPACKET, 0), e.ESOCKTNOSUPPORT);
});

row('socket', 'SOCK_CLOEXEC and SOCK_NONBLOCK', ({ kernel, keep }) => {
  const plain = keep(kernel.socket(f.AF_INET, STREAM, 0));
  succeeds(kernel.fcntl(plain, f.F_GETFD), 0);
  succeeds(kernel.fcntl(plain, f.F_GETFL), f.O_RDWR);
  const flagged = keep(kernel.socket(f.AF_INET, STREAM | f.SOCK_CLOEXEC | f.SOCK_NONBLOCK, 0));
  succeeds(kernel.fcntl(flagged, f.F_GETFD), f.FD_CLOEXEC);
  succeeds(kernel.fcntl(flagged, f.F_GETFL), f.O_RDWR | f.O_NONBLOCK);
});

row('getsockname, getpeername', 'answer the full length, fill what fits', (subject) => {
  const { kernel } = subject;
  const fd = sockets.bound(subject, LOOPBACK);
  const short = new Uint8Array(8);
  succeeds(kernel.getsockname(fd, short), 16);
  assert.deepEqual(short, encodeAddress(sockets.nameOf(kernel, fd)).slice(0, 8));
  succeeds(kernel.getsockname(fd, new Uint8Array(0)), 16);
  const untouched = new Uint8Array(16).fill(7);
  failsWith(kernel.getpeername(fd, untouched), e.ENOTCONN);
  failsWith(kernel.getsockname(subject.pipe()[0], untouched), e.ENOTSOCK);
  failsWith(kernel.getsockname(-1, untouched), e.EBADF);
  failsWith(kernel.getsockname(fd, undefined as never), e.EFAULT);
  assert.deepEqual(untouched, new Uint8Array(16).fill(7));
});
