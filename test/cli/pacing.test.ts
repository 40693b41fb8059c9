import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bindTo, openSocket } from '../../src/cli/connect.js';
import { isLoopback } from '../../src/cli/pacing.js';
import { SOCKADDR_BYTES, type SocketAddress } from '../../src/kernel/address.js';
import { IPPROTO_TCP, TCP_CONGESTION } from '../../src/kernel/flags.js';
import { linux } from '../../src/kernel/linux.js';
import { linuxRuntime } from '../../src/node/runtime.js';
import { succeeds } from '../helpers/claims.js';

const HERE: SocketAddress = { family: 'inet', address: '127.0.0.1', port: 0 };
const ELSEWHERE: SocketAddress = { family: 'inet', address: '192.0.2.1', port: 80 };

function algorithmOf(fd: number): string {
  const name = new Uint8Array(16);
  const length = succeeds(linux.getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name));
  return new TextDecoder().decode(name.subarray(0, length)).replaceAll('\0', '');
}

test('a socket for loopback does not pace, any other is left as the system has it', (t) => {
  const [here, elsewhere] = [HERE, ELSEWHERE].map((address) => {
    const fd = openSocket(linuxRuntime, address);
    t.after(() => linux.close(fd));
    return fd;
  }) as [number, number];
  const untouched = linux.socket(2, 1, 0);
  t.after(() => linux.close(untouched));
  assert.equal(algorithmOf(here), 'reno');
  assert.equal(algorithmOf(elsewhere), algorithmOf(untouched));
});

test('what a listener of loopback accepts does not pace', (t) => {
  const listener = bindTo(linuxRuntime, HERE, 1);
  t.after(() => linux.close(listener));
  const address = new Uint8Array(SOCKADDR_BYTES);
  const length = succeeds(linux.getsockname(listener, address));
  const client = openSocket(linuxRuntime, ELSEWHERE);
  t.after(() => linux.close(client));
  succeeds(linux.connect(client, address.subarray(0, length)), 0);
  const accepted = succeeds(linux.accept4(listener, 0, null));
  t.after(() => linux.close(accepted));
  assert.equal(algorithmOf(accepted), 'reno');
});

test('loopback is 127.0.0.0/8, ::1 and the first written as IPv6', () => {
  const is = (address: string) =>
    isLoopback({ family: address.includes(':') ? 'inet6' : 'inet', address, port: 1 });
  for (const address of ['127.0.0.1', '127.255.0.9', '::1', '::ffff:127.0.0.1']) {
    assert.equal(is(address), true, address);
  }
  for (const address of ['0.0.0.0', '12.7.0.1', '10.0.0.127', '::', '::2', '1::1', '::127.0.0.1']) {
    assert.equal(is(address), false, address);
  }
  assert.equal(isLoopback({ family: 'unix', path: '/127.0.0.1' }), false);
});
