import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { Connector } from '../../src/cli/relay/connector.js';
import type { Place } from '../../src/cli/relay/target.js';
import type { Runtime } from '../../src/fd/runtime.js';
import { encodeAddress } from '../../src/kernel/address.js';
import { EINPROGRESS, ENOSPC, ENOTCONN } from '../../src/kernel/errno.js';
import { linux } from '../../src/kernel/linux.js';
import { linuxRuntime } from '../../src/node/runtime.js';
import { VirtualClock } from '../helpers/clock.js';

function place(port: number): Place {
  const address = { family: 'inet', address: '127.0.0.1', port } as const;
  return { address, bytes: encodeAddress(address) };
}

/** A port that nobody listens at. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function connect(runtime: Runtime, places: readonly Place[]): Promise<number> {
  return new Promise((resolve, reject) => {
    new Connector(runtime, places, 1000, { connected: resolve, refused: reject }).next();
  });
}

test('a connector tries all addresses in turn', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const fd = await connect(linuxRuntime, [place(await closedPort()), place(port)]);
  assert.ok(fd > 2);
  linux.close(fd);
  server.close();
});

test('where none answers the first refusal is the error', async () => {
  const places = [place(await closedPort()), place(await closedPort())];
  const code = 'ECONNREFUSED';
  await assert.rejects(connect(linuxRuntime, places), { code, syscall: 'connect' });
  await assert.rejects(connect(linuxRuntime, []), /no address/);
});

test('an address that does not answer is left after the timeout', async () => {
  const clock = new VirtualClock();
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  let attempts = 0;
  const kernel = {
    ...linux,
    connect: (fd: number, address: Uint8Array) =>
      attempts++ === 0 ? -EINPROGRESS : linux.connect(fd, address),
    getpeername: (fd: number, address: Uint8Array) =>
      attempts === 1 ? -ENOTCONN : linux.getpeername(fd, address),
  };
  const connecting = connect({ ...linuxRuntime, clock, kernel }, [place(port), place(port)]);
  clock.advance(999);
  assert.equal(attempts, 1);
  clock.advance(1);
  linux.close(await connecting);
  assert.equal(clock.timers, 0);
  server.close();
});

test('an address that cannot be waited for is refused at once', async () => {
  const kernel = { ...linux, connect: () => -EINPROGRESS, getpeername: () => -ENOTCONN };
  const poller = { watch: () => -ENOSPC, forget: () => {} } as unknown as Runtime['poller'];
  const clock = new VirtualClock();
  const connecting = connect({ ...linuxRuntime, clock, kernel, poller }, [place(1), place(2)]);
  await assert.rejects(connecting, { code: 'ENOSPC', syscall: 'epoll_ctl' });
  assert.equal(clock.timers, 0);
});
