import assert from 'node:assert/strict';
import { encodeAddress, type SocketAddress } from '../../../src/kernel/address.js';
import * as e from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { failsWith, string, succeeds, text } from '../../helpers/claims.js';
import { row } from '../../helpers/conformance.js';
import * as sockets from '../../helpers/sockets.js';
import { receive } from '../../helpers/transfer.js';

const UNNAMED: SocketAddress = { family: 'unix' };
const NON_BLOCKING = f.SOCK_STREAM | f.SOCK_NONBLOCK;

row('bind, connect', 'unix: a path is a file that leads to the listener', (subject) => {
  const { kernel, keep } = subject;
  const address: SocketAddress = { family: 'unix', path: subject.path() };
  const listening = sockets.listener(subject, address);
  assert.deepEqual(listening.address, address);
  const client = sockets.socketFor(subject, address);
  succeeds(kernel.connect(client, encodeAddress(address)), 0);
  const peer = new Uint8Array(128).fill(7);
  const server = keep(kernel.accept4(listening.fd, f.SOCK_CLOEXEC, peer));
  assert.deepEqual(
    peer,
    Uint8Array.from({ length: 128 }, (_, index) => (index === 0 ? 1 : 0)),
  );
  assert.deepEqual(sockets.peerOf(kernel, client), address);
  assert.deepEqual(sockets.peerOf(kernel, server), UNNAMED);
  succeeds(kernel.send(client, text('hello'), 0), 5);
  assert.equal(string(receive(kernel, server)), 'hello');
});

row('connect', 'unix: the file outlives its socket, and then refuses', (subject) => {
  const { kernel, close } = subject;
  const address = { family: 'unix', path: subject.path() } as const;
  const client = sockets.socketFor(subject, address);
  failsWith(kernel.connect(client, encodeAddress(address)), e.ENOENT);
  const server = sockets.bound(subject, address);
  failsWith(kernel.connect(client, encodeAddress(address)), e.ECONNREFUSED);
  close(server);
  failsWith(kernel.connect(client, encodeAddress(address)), e.ECONNREFUSED);
  failsWith(kernel.bind(client, encodeAddress(address)), e.EADDRINUSE);
  subject.unlink(address.path);
  succeeds(kernel.bind(client, encodeAddress(address)), 0);
});

row('bind, connect', 'unix: an abstract name goes with its socket', (subject) => {
  const { kernel, close } = subject;
  const name = new TextEncoder().encode(`${subject.path()}\0`);
  const address: SocketAddress = { family: 'unix', abstract: string(name) };
  const listening = sockets.listener(subject, address);
  assert.deepEqual(listening.address, address);
  const second = sockets.socketFor(subject, address);
  failsWith(kernel.bind(second, encodeAddress(address)), e.EADDRINUSE);
  succeeds(kernel.connect(second, encodeAddress(address)), 0);
  close(listening.fd);
  const late = sockets.socketFor(subject, address);
  failsWith(kernel.connect(late, encodeAddress(address)), e.ECONNREFUSED);
});

row('close', 'unix: a connection that ends leaves the listener its name', (subject) => {
  const { kernel, close, keep } = subject;
  const { fd, address } = sockets.listener(subject, UNNAMED);
  for (let time = 0; time < 2; time++) {
    const client = sockets.socketFor(subject, address);
    succeeds(kernel.connect(client, encodeAddress(address)), 0);
    close(keep(kernel.accept4(fd, f.SOCK_CLOEXEC, null)));
  }
});

row('bind', 'unix: without a name Linux chooses an abstract one', (subject) => {
  const { kernel } = subject;
  const fd = sockets.bound(subject, UNNAMED);
  const chosen = sockets.nameOf(kernel, fd);
  assert.ok(chosen.family === 'unix' && typeof chosen.abstract === 'string');
  assert.match(chosen.abstract, /^[0-9a-f]{5}$/);
});

row('getsockname', 'unix: not bound, the address is its family alone', ({ kernel, socketPair }) => {
  const [left] = socketPair();
  const bytes = new Uint8Array(8).fill(7);
  succeeds(kernel.getsockname(left, bytes), 2);
  assert.deepEqual([...bytes], [1, 0, 0, 0, 0, 0, 0, 0]);
});

row('connect', 'unix: a full queue is EAGAIN, not EINPROGRESS', (subject) => {
  const { kernel } = subject;
  const address: SocketAddress = { family: 'unix', path: subject.path() };
  sockets.listener(subject, address, { backlog: 0 });
  const connect = () => {
    const client = sockets.socketFor(subject, address, NON_BLOCKING);
    return kernel.connect(client, encodeAddress(address));
  };
  succeeds(connect(), 0);
  failsWith(connect(), e.EAGAIN);
});

row('connect', 'unix: a socket of another type is EPROTOTYPE', (subject) => {
  const { kernel } = subject;
  const address: SocketAddress = { family: 'unix', path: subject.path() };
  sockets.listener(subject, address);
  const client = sockets.socketFor(subject, address, f.SOCK_SEQPACKET);
  failsWith(kernel.connect(client, encodeAddress(address)), e.EPROTOTYPE);
});

row('bind', 'unix: a directory that is not there, a name that is too long', (subject) => {
  const { kernel } = subject;
  const fd = sockets.socketFor(subject, UNNAMED);
  const missing = encodeAddress({ family: 'unix', path: '/no such directory/socket' });
  failsWith(kernel.bind(fd, missing), e.ENOENT);
  failsWith(kernel.bind(fd, new Uint8Array(111).fill(1)), e.EINVAL);
  failsWith(kernel.bind(fd, new Uint8Array(0)), e.EINVAL);
});

row('listen', 'unix: not bound is EINVAL; seqpacket listens, datagrams do not', (subject) => {
  const { kernel, keep } = subject;
  failsWith(kernel.listen(sockets.socketFor(subject, UNNAMED), 1), e.EINVAL);
  failsWith(kernel.listen(sockets.bound(subject, UNNAMED, f.SOCK_DGRAM), 1), e.EOPNOTSUPP);
  const { fd, address } = sockets.listener(subject, UNNAMED, { type: f.SOCK_SEQPACKET });
  const client = sockets.socketFor(subject, UNNAMED, f.SOCK_SEQPACKET);
  succeeds(kernel.connect(client, encodeAddress(address)), 0);
  const server = keep(kernel.accept4(fd, f.SOCK_CLOEXEC, null));
  succeeds(kernel.send(client, text('one'), 0), 3);
  succeeds(kernel.send(client, text('two'), 0), 3);
  assert.equal(string(receive(kernel, server)), 'one');
});
