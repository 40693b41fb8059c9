import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as sys from '../../src/sys.js';

const TYPE = sys.SOCK_STREAM | sys.SOCK_CLOEXEC;

test('sys: a socket in every call of a conversation', (t) => {
  const listener = sys.socket(sys.AF_INET, TYPE, 0);
  const client = sys.socket(sys.AF_INET, TYPE, 0);
  t.after(() => [listener, client].forEach(sys.close));
  sys.bind({ fd: listener }, { family: 'inet', address: '127.0.0.1', port: 0 });
  sys.listen({ fd: listener }, 1);
  const address = sys.getsockname({ fd: listener });
  sys.connect({ fd: client }, address);
  const accepted = sys.accept4({ fd: listener }, sys.SOCK_CLOEXEC);
  t.after(() => sys.close(accepted.fd));
  assert.deepEqual(accepted.address, sys.getsockname(client));
  assert.deepEqual(sys.getpeername(client), address);
  assert.equal(sys.send(accepted, new Uint16Array([1, 2]), 0), 4);
  const words = new Uint16Array(2);
  assert.equal(sys.recv({ fd: client }, words, sys.MSG_WAITALL), 4);
  assert.deepEqual([...words], [1, 2]);
  assert.equal(sys.shutdown(accepted, sys.SHUT_RDWR), 0);
});

test('sys: getsockopt gives a number, or as many bytes as there are', (t) => {
  const [left, right] = sys.socketpair(sys.AF_UNIX, TYPE, 0);
  t.after(() => [left, right].forEach(sys.close));
  assert.equal(sys.getsockopt(left, sys.SOL_SOCKET, sys.SO_TYPE), sys.SOCK_STREAM);
  assert.equal(sys.getsockopt(left, sys.SOL_SOCKET, sys.SO_PEERCRED, 64).length, 12);
  const linger = new Uint8Array([1, 0, 0, 0, 5, 0, 0, 0]);
  sys.setsockopt(left, sys.SOL_SOCKET, sys.SO_LINGER, linger);
  assert.deepEqual(sys.getsockopt(left, sys.SOL_SOCKET, sys.SO_LINGER, 8), linger);
});

const MISTAKES: [string, () => unknown, object][] = [
  [
    'a descriptor that is a string',
    () => sys.listen('3' as never, 1),
    { code: 'ERR_INVALID_ARG_TYPE', message: /"fd"/ },
  ],
  [
    'a backlog that is no whole number',
    () => sys.listen(3, 1.5),
    { code: 'ERR_OUT_OF_RANGE', message: /"backlog"/ },
  ],
  [
    'an address without a family',
    () => sys.bind(3, {} as never),
    { code: 'ERR_OUT_OF_RANGE', message: /"address\.family"/ },
  ],
  [
    'a host name for an address',
    () => sys.connect(3, { family: 'inet', address: 'localhost', port: 1 }),
    { name: 'RangeError', message: /"address\.address".*IPv4/ },
  ],
  [
    'a string to send',
    () => sys.send(3, 'text' as never, 0),
    { name: 'TypeError', message: /"buf"/ },
  ],
  [
    'a length that no option has',
    () => sys.getsockopt(3, sys.SOL_SOCKET, sys.SO_TYPE, -1),
    { name: 'RangeError', message: /"length"/ },
  ],
  [
    'an option that is a boolean',
    () => sys.setsockopt(3, sys.SOL_SOCKET, sys.SO_KEEPALIVE, true as never),
    { name: 'TypeError', message: /"value"/ },
  ],
  [
    'a refusal of Linux',
    () => sys.accept4(-1, 0),
    { code: 'EBADF', errno: -9, syscall: 'accept4', fd: -1 },
  ],
];
for (const [what, call, error] of MISTAKES) {
  test(`sys: ${what} is a clear error`, () => assert.throws(call, error));
}
