import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, truncateSync } from 'node:fs';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer, get as getHttps } from 'node:https';
import { type AddressInfo, connect, createServer as createNetServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Runtime } from '../../src/fd/runtime.js';
import * as e from '../../src/kernel/errno.js';
import { sendBody } from '../../src/node/response.js';
import { linuxRuntime } from '../../src/node/runtime.js';
import { pattern } from '../helpers/claims.js';
import { Client, RawClient } from './client.js';
import {
  counting,
  listenFor,
  makeFolder,
  openCount,
  sameTurn,
  startSite,
  until,
  withCalls,
} from './site.js';
import { SMUGGLING } from './smuggling.js';

const MIB = 1024 * 1024;

/** No duplicate of a connection can be had: bodies go through this process. */
const streaming: Runtime = withCalls({ fcntl: () => -e.EMFILE });

test('every body goes by sendfile, whatever its size', async (t) => {
  const sizes = [1, 100, 4096, 65_537, 5 * MIB];
  const files = Object.fromEntries(sizes.map((size) => [`${size}`, pattern(size, size)]));
  const { runtime, count } = counting();
  const { port } = await startSite(t, makeFolder(t, files), { runtime });
  const client = await Client.connect(port);
  t.after(() => client.close());
  for (const size of sizes) {
    const before = count('sendfile');
    const { body } = await client.ask('GET', `/${size}`).reply();
    assert.ok(body.equals(pattern(size, size)));
    assert.ok(count('sendfile') + count('offload sendfile') > before);
  }
});

const openssl = (() => {
  try {
    execFileSync('openssl', ['version']);
    return false;
  } catch {
    return 'needs openssl';
  }
})();

function makeCertificate(folder: string): { key: Buffer; cert: Buffer } {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-x509'];
  const files = ['-keyout', key, '-out', cert];
  execFileSync('openssl', ['req', ...curve, '-subj', '/CN=h', ...files], { stdio: 'ignore' });
  return { key: readFileSync(key), cert: readFileSync(cert) };
}

/** Passes a connection on and keeps what the server sent. */
async function startTap(t: TestContext, port: number): Promise<{ port: number; sent: Buffer[] }> {
  const sent: Buffer[] = [];
  const tap = createNetServer((client) => {
    const server = connect(port, '127.0.0.1');
    server.on('data', (piece: Buffer) => sent.push(piece));
    client.pipe(server).pipe(client);
    for (const socket of [client, server]) socket.on('error', () => {});
  });
  tap.listen(0, '127.0.0.1');
  await once(tap, 'listening');
  t.after(() => tap.close());
  return { port: (tap.address() as AddressInfo).port, sent };
}

test('Z1: over TLS no byte of a file is on the wire in clear', { skip: openssl }, async (t) => {
  const content = Buffer.from('in-the-clear '.repeat(100_000));
  const options = makeCertificate(makeFolder(t));
  const { runtime, count } = counting();
  const create = (listener: Parameters<typeof createHttpsServer>[1]) =>
    createHttpsServer(options, listener) as Server;
  const site = await startSite(t, makeFolder(t, { file: content }), { runtime, create });
  const tap = await startTap(t, site.port);
  const request = { host: '127.0.0.1', port: tap.port, path: '/file', rejectUnauthorized: false };
  const body = await new Promise<Buffer>((resolve, reject) => {
    getHttps({ ...request, agent: false }, (response) => {
      response.toArray().then((pieces) => resolve(Buffer.concat(pieces)), reject);
    }).on('error', reject);
  });
  assert.ok(body.equals(content));
  assert.equal(Buffer.concat(tap.sent).includes('in-the-clear'), false);
  assert.ok(Buffer.concat(tap.sent).length > content.length);
  assert.equal(count('sendfile') + count('offload sendfile'), 0);
});

test('Z2: requests that come before, during and after a body are all answered', async (t) => {
  const file = pattern(8 * MIB);
  const { runtime, count } = counting();
  const { port } = await startSite(t, makeFolder(t, { file, small: 'small' }), { runtime });
  const client = await Client.connect(port);
  t.after(() => client.close());
  client.socket.pause();
  client.ask('GET', '/file').ask('GET', '/small');
  await until(() => count('sendfile') > 0);
  client.ask('GET', '/small');
  client.socket.resume();
  assert.ok((await client.reply()).body.equals(file));
  assert.equal((await client.reply()).body.toString(), 'small');
  assert.equal((await client.reply()).body.toString(), 'small');
  assert.equal((await client.ask('GET', '/small').reply()).body.toString(), 'small');
});

/** A server of our own making: `respond` writes the head and perhaps more, the rest is the file. */
async function startCustom(
  t: TestContext,
  file: Uint8Array,
  respond: (response: import('node:http').ServerResponse) => void,
): Promise<Client> {
  const path = join(makeFolder(t, { file }), 'file');
  const server = createHttpServer((_request, response) => {
    const fd = openSync(path, 'r');
    respond(response);
    sendBody(linuxRuntime, response, fd, { offset: 0, length: file.length })
      .catch(() => {})
      .finally(() => closeSync(fd));
  });
  const client = await Client.connect(await listenFor(t, server));
  t.after(() => client.close());
  client.socket.pause();
  return client;
}

/** Reads little by little, with turns of the server in between. */
async function readSlowly(client: Client): Promise<void> {
  while (!client.socket.destroyed) {
    client.socket.resume();
    await new Promise((resolve) => setImmediate(resolve));
    client.socket.pause();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('Z3: behind 8 MiB of a first part, to a slow reader, every byte in its place', async (t) => {
  const [first, file] = [pattern(8 * MIB, 2), pattern(3 * MIB, 3)];
  const length = first.length + file.length;
  const client = await startCustom(t, file, (response) => {
    response.writeHead(200, { 'content-length': length });
    response.write(first);
  });
  client.ask('GET', '/');
  const reading = readSlowly(client);
  const { body } = await client.reply();
  client.close();
  await reading;
  assert.ok(body.equals(Buffer.concat([first, file])));
});

test('Z3: behind a head of 8 MiB as well', async (t) => {
  const file = pattern(MIB, 3);
  const client = await startCustom(t, file, (response) => {
    response.writeHead(200, { 'content-length': file.length, 'x-pad': 'x'.repeat(8 * MIB) });
  });
  client.ask('GET', '/');
  const reading = readSlowly(client);
  const { headers, body } = await client.reply();
  client.close();
  await reading;
  assert.equal(headers.get('x-pad')?.length, 8 * MIB);
  assert.ok(body.equals(file));
});

test('a body without a length is chunked by Node, not sent raw', async (t) => {
  const file = pattern(100_000);
  const client = await startCustom(t, file, (response) => response.writeHead(200));
  client.socket.resume();
  client.ask('GET', '/', { connection: 'close' });
  const all = (await client.rest()).toString('latin1');
  assert.match(all, /transfer-encoding: chunked/i);
  assert.ok(all.endsWith('\r\n0\r\n\r\n'));
});

test('Z4: 10 000 pipelined requests of all sorts are answered in order', async (t) => {
  const big = pattern(200_000);
  const { port } = await startSite(t, makeFolder(t, { small: 'small', big }));
  const client = await Client.connect(port);
  t.after(() => client.close());
  const sorts: readonly [string, string, Record<string, string>, number, Uint8Array][] = [
    ['GET', '/small', {}, 200, Buffer.from('small')],
    ['HEAD', '/big', {}, 200, new Uint8Array()],
    ['GET', '/big', { range: 'bytes=1000-1999' }, 206, big.subarray(1000, 2000)],
    ['GET', '/none', {}, 404, Buffer.from('404 Not Found\n')],
    ['GET', '/small', { 'if-none-match': '*' }, 304, new Uint8Array()],
    ['HEAD', '/none', {}, 404, new Uint8Array()],
    ['GET', '/big', { range: 'bytes=300000-' }, 416, new Uint8Array()],
    ['POST', '/small', { 'content-length': '0' }, 405, Buffer.from('405 Method Not Allowed\n')],
    ['GET', '/big', {}, 200, big],
  ];
  let state = 1;
  const order = Array.from({ length: 10_000 }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    // The big one is one in a hundred: 20 MB are enough.
    return (state >>> 8) % 100 === 0 ? 8 : (state >>> 16) % 8;
  });
  for (const sort of order) {
    const [method, target, headers] = sorts[sort] as (typeof sorts)[0];
    client.ask(method, target, headers);
  }
  for (const [index, sort] of order.entries()) {
    const [method, target, , status, body] = sorts[sort] as (typeof sorts)[0];
    const reply = await client.reply(method);
    assert.equal(reply.status, status, `${index}: ${method} ${target}`);
    assert.ok(reply.body.equals(body), `${index}: ${method} ${target}`);
  }
});

test('Z4: pipelined requests that wait hold no file', async (t) => {
  const { runtime, count } = counting();
  const { port } = await startSite(t, makeFolder(t, { big: pattern(16 * MIB) }), { runtime });
  const client = await Client.connect(port);
  client.socket.pause();
  const before = openCount();
  for (let index = 0; index < 200; index++) client.ask('GET', '/big');
  await until(() => count('sendfile') > 0 && count('wait') > 0);
  assert.ok(openCount() - before < 10, `${openCount() - before} more descriptors`);
  client.close();
  await until(() => openCount() < before);
});

test('Z10: a file that shrinks under way is an error at the client, every time', async (t) => {
  const size = 24 * MIB;
  const folder = makeFolder(t, { file: '' });
  const path = join(folder, 'file');
  const { runtime, count } = counting();
  const { port, reports } = await startSite(t, folder, { runtime });
  for (let round = 0; round < 20; round++) {
    truncateSync(path, size);
    const client = await RawClient.connect(port);
    const before = count('wait');
    client.ask('/file');
    await until(() => count('wait') > before);
    truncateSync(path, Math.floor((size / 20) * round));
    const { bytes, end } = await client.drain();
    assert.equal(end, -e.ECONNRESET, `round ${round}`);
    assert.ok(bytes < size, `round ${round}`);
  }
  await until(() => reports.length === 20);
  assert.deepEqual(new Set(reports), new Set(['ERR_SLUICE_SOURCE_TRUNCATED']));
});

test('Z10: by the stream too', async (t) => {
  const size = 24 * MIB;
  const folder = makeFolder(t, { file: '' });
  const path = join(folder, 'file');
  truncateSync(path, size);
  const { runtime, count } = counting(streaming);
  const { port } = await startSite(t, folder, { runtime });
  const client = await RawClient.connect(port);
  client.ask('/file');
  await until(() => count('offload pread') > 10);
  truncateSync(path, 0);
  assert.equal((await client.drain()).end, -e.ECONNRESET);
});

test('Z10: a file that grows is cut at what was promised', async (t) => {
  const folder = makeFolder(t, { file: '' });
  const path = join(folder, 'file');
  truncateSync(path, 16 * MIB);
  const { runtime, count } = counting();
  const { port } = await startSite(t, folder, { runtime });
  const client = await Client.connect(port);
  t.after(() => client.close());
  client.socket.pause();
  client.ask('GET', '/file');
  await until(() => count('wait') > 0);
  truncateSync(path, 32 * MIB);
  client.socket.resume();
  assert.equal((await client.reply()).body.length, 16 * MIB);
  assert.equal((await client.ask('HEAD', '/file').reply('HEAD')).status, 200);
});

for (const [what, base] of Object.entries({ sendfile: linuxRuntime, stream: streaming })) {
  test(`a client that goes away leaves nothing behind (${what})`, async (t) => {
    const { runtime, count } = counting(base);
    const site = await startSite(t, makeFolder(t, { big: pattern(32 * MIB) }), { runtime });
    const before = openCount();
    for (const end of ['destroy', 'resetAndDestroy'] as const) {
      const client = await Client.connect(site.port);
      client.socket.pause();
      const calls = count('sendfile') + count('offload pread');
      client.ask('GET', '/big');
      await until(() => count('sendfile') + count('offload pread') > calls);
      client.socket[end]();
      await until(() => openCount() === before);
    }
    assert.deepEqual(site.reports, []);
  });
}

test('Z11: what is not in memory is sent from another thread', async (t) => {
  const file = pattern(5 * MIB);
  const { runtime, count } = counting(withCalls({ preadv2: () => -e.EAGAIN }));
  const { port } = await startSite(t, makeFolder(t, { file }), { runtime });
  const client = await Client.connect(port);
  t.after(() => client.close());
  assert.ok((await client.ask('GET', '/file').reply()).body.equals(file));
  assert.equal(count('sendfile'), 0);
  assert.ok(count('offload sendfile') > 0);
});

test('Z11: a file system in memory needs no other thread', async (t) => {
  const preadv2 = () => -e.EOPNOTSUPP;
  const fstatfs = (_fd: number, statfs: BigInt64Array) => {
    statfs[0] = 0x01021994n;
    return 0;
  };
  const { runtime, count } = counting(withCalls({ preadv2, fstatfs }));
  const { port } = await startSite(t, makeFolder(t, { file: 'warm' }), { runtime });
  const client = await Client.connect(port);
  t.after(() => client.close());
  assert.equal((await client.ask('GET', '/file').reply()).body.toString(), 'warm');
  assert.deepEqual([count('sendfile'), count('offload sendfile')], [1, 0]);
});

/** All that comes back, with the clock taken out. */
async function answerTo(port: number, bytes: string): Promise<string> {
  const client = await Client.connect(port);
  client.send(bytes);
  client.socket.end();
  const all = (await client.rest()).toString('latin1');
  return all.replace(/^date: .*$/gim, 'date:');
}

test('H8: the smuggling corpus is answered alike with sendfile and without', async (t) => {
  const folder = makeFolder(t, { a: 'the file a', b: 'the file b' });
  const raw = await startSite(t, folder);
  const copied = await startSite(t, folder, { runtime: sameTurn(streaming) });
  for (const [what, bytes] of Object.entries(SMUGGLING)) {
    const answer = await answerTo(raw.port, bytes);
    assert.equal(answer, await answerTo(copied.port, bytes), what);
    assert.match(answer, /^HTTP\/1\.1 \d{3} /, what);
  }
});

test('H8: after a raw error the connection is never used again', async (t) => {
  const sendfile = () => -e.EIO;
  const folder = makeFolder(t, { a: 'a', b: 'b' });
  const { port, reports } = await startSite(t, folder, { runtime: withCalls({ sendfile }) });
  const client = await RawClient.connect(port);
  client.ask('/a');
  client.ask('/b');
  assert.equal((await client.drain()).end, -e.ECONNRESET);
  assert.deepEqual(reports, ['EIO']);
});
