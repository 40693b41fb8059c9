/**
 * A mapping that is closed while `node:http2` waits for its peer to take the bytes: no request is
 * under way then. The rest comes as zeros, not as bytes of what is mapped next, and the addresses
 * are given back when the write is over.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { map } from '../../../src/index.js';
import { linux } from '../../../src/kernel/linux.js';
import * as sys from '../../../src/sys.js';
import { collected } from './garbage.js';

const LENGTH = 2 ** 20;
const [OLD, FOREIGN] = [1, 2];

function file(value: number): number {
  const fd = sys.memfd_create('sluice-held', sys.MFD_CLOEXEC);
  sys.write(fd, new Uint8Array(LENGTH).fill(value));
  return fd;
}

const unmapped = new Set<unknown>();
const { munmap } = linux;
linux.munmap = (address, length) => {
  unmapped.add(address);
  return munmap(address, length);
};

const server = http2.createServer();
await once(server.listen(0, '127.0.0.1'), 'listening');
const client = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
const request = client.request();
const [stream] = (await once(server, 'stream')) as [http2.ServerHttp2Stream];
stream.respond();

/** Closed with the peer's window full; answers the address. */
async function overtaken(): Promise<number> {
  const mapping = map(file(OLD));
  const address = linux.address_of(mapping.buffer);
  stream.end(mapping.bytes);
  const full = () => stream.session?.state.remoteWindowSize === 0;
  while (!full() || linux.requests() > 0) await turn();
  mapping.close();
  return address;
}

const address = await overtaken();
for (let rounds = 0; rounds < 3; rounds++) await collected();
const foreign = file(FOREIGN);
const others = Array.from({ length: 3 }, () => map(foreign, { populate: true }));
const received = Buffer.concat(await request.toArray());
const zeros = received.indexOf(0);
assert.ok(zeros > 0);
assert.ok(Buffer.alloc(LENGTH).fill(OLD, 0, zeros).equals(received), 'foreign bytes came');
for (const other of others) other.close();

assert.equal(unmapped.has(address), false);
client.close();
server.close();
await once(server, 'close');
while (!unmapped.has(address)) {
  await collected();
  map(foreign).close();
}
console.log('alive');
