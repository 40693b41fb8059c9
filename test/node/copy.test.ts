import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { getEventListeners, once } from 'node:events';
import { createReadStream, createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { open as openHandle, writeFile } from 'node:fs/promises';
import { createServer as createHttp, get } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer as allOf } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { adopt, copy, open, pipe } from '../../src/index.js';
import { pattern } from '../helpers/claims.js';
import { securePair } from '../helpers/tls.js';

const CONTENT = Buffer.from(pattern(700_001));
const folder = mkdtempSync(join(tmpdir(), 'sluice-copy-'));
const SOURCE = join(folder, 'source');
await writeFile(SOURCE, CONTENT);
test.after(() => rmSync(folder, { recursive: true }));

let files = 0;
const newFile = () => join(folder, `target-${files++}`);

async function listening<S extends Server>(t: TestContext, server: S): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as { port: number }).port;
}

async function connection(t: TestContext, options = {}): Promise<[client: Socket, server: Socket]> {
  const server = createServer(options);
  const port = await listening(t, server);
  const accepted = once(server, 'connection');
  const client = connect(port, '127.0.0.1');
  const [socket] = (await accepted) as [Socket];
  if (client.connecting) await once(client, 'connect');
  t.after(() => {
    client.destroy();
    socket.destroy();
  });
  return [client, socket];
}

test('copy() takes FileHandles, which stay open', async () => {
  const [from, path] = [await openHandle(SOURCE), newFile()];
  const to = await openHandle(path, 'w');
  const { bytes } = await copy(from, to);
  assert.equal(bytes, CONTENT.length);
  assert.equal((await from.stat()).size, CONTENT.length);
  await from.close();
  await to.close();
  assert.ok(readFileSync(path).equals(CONTENT));
});

test('copy() takes file streams that have not begun, and ends the one it read', async () => {
  const path = newFile();
  const [from, to] = [createReadStream(SOURCE), createWriteStream(path)];
  const ended = once(from, 'close');
  const { bytes, method } = await copy(from, to, { closeTarget: true });
  assert.deepEqual([bytes, method === 'stream'], [CONTENT.length, false]);
  await ended;
  assert.ok(to.writableFinished);
  assert.ok(readFileSync(path).equals(CONTENT));
});

test('copy() takes a part of a file stream as it is', async () => {
  const path = newFile();
  const { method } = await copy(
    createReadStream(SOURCE, { start: 10, end: 19 }),
    createWriteStream(path),
  );
  assert.equal(method, 'stream');
  assert.ok(readFileSync(path).equals(CONTENT.subarray(10, 20)));
});

test('Z2: copy() from a socket passes on what Node had read, and the socket ends', async (t) => {
  const [client, socket] = await connection(t);
  const ended = once(socket, 'end');
  socket.once('data', () => socket.pause()).pause();
  client.write(CONTENT.subarray(0, 1000));
  socket.resume();
  const [first] = (await once(socket, 'data')) as [Buffer];
  socket.unshift(first);
  client.end(CONTENT.subarray(1000));
  const path = newFile();
  const { bytes, method } = await copy(socket, createWriteStream(path));
  assert.deepEqual([bytes, method], [CONTENT.length, 'splice-pipe']);
  assert.ok(readFileSync(path).equals(CONTENT));
  await ended;
});

test('copy() from a socket with a limit leaves the rest to Node', async (t) => {
  const [client, socket] = await connection(t, { pauseOnConnect: true });
  const path = newFile();
  const copying = copy(socket, createWriteStream(path), { limit: 100_000 });
  client.end(CONTENT);
  assert.equal((await copying).bytes, 100_000);
  const rest = await allOf(socket);
  assert.ok(Buffer.concat([readFileSync(path), rest]).equals(CONTENT));
});

test('Z3: copy() to a socket keeps its place among other writes', async (t) => {
  const [client, socket] = await connection(t);
  const received = allOf(client);
  const before = Buffer.alloc(4_000_000, 'a');
  socket.write(before);
  using file = await open(SOURCE);
  const { method } = await copy(file, socket);
  assert.equal(method, 'sendfile');
  socket.end('after');
  assert.ok((await received).equals(Buffer.concat([before, CONTENT, Buffer.from('after')])));
});

test('copy() to a socket leaves its input to Node', async (t) => {
  const [client, socket] = await connection(t, { allowHalfOpen: true });
  client.end('question');
  using file = await open(SOURCE);
  await copy(file, socket, { shutdown: true });
  assert.equal((await allOf(socket)).toString(), 'question');
  assert.ok((await allOf(client)).equals(CONTENT));
});

test('copy() joins a child and a file, both ways', async () => {
  const path = newFile();
  const child = spawn('cat', { stdio: ['pipe', 'pipe', 'inherit'] });
  using file = await open(SOURCE);
  const writing = copy(file, child.stdin, { closeTarget: true });
  const reading = copy(child.stdout, createWriteStream(path), { closeTarget: true });
  const [written, read] = await Promise.all([writing, reading]);
  assert.deepEqual([written.bytes, read.bytes], [CONTENT.length, CONTENT.length]);
  assert.deepEqual([written.method, read.method], ['sendfile', 'splice-pipe']);
  assert.ok(readFileSync(path).equals(CONTENT));
  if (child.exitCode === null) await once(child, 'exit');
});

test('copy() to a response of HTTP, and from one, goes by streams', async (t) => {
  const server = createHttp(async (_request, response) => {
    await copy(file, response, { offset: 0, closeTarget: true });
  });
  using file = await open(SOURCE);
  const port = await listening(t, server);
  const [response] = await once(get({ port, host: '127.0.0.1', agent: false }), 'response');
  const path = newFile();
  const { bytes, methods } = await copy(response, createWriteStream(path));
  assert.equal(bytes, CONTENT.length);
  assert.deepEqual(methods, { stream: CONTENT.length });
  assert.ok(readFileSync(path).equals(CONTENT));
});

test('Z1: copy() to a socket of TLS, and from one, goes by streams', async () => {
  const [client, served] = await securePair();
  using file = await open(SOURCE);
  const target = newFile();
  const receiving = copy(client, createWriteStream(target), { closeTarget: true });
  const { bytes, method } = await copy(file, served, { closeTarget: true });
  assert.deepEqual([bytes, method], [CONTENT.length, 'stream']);
  assert.equal((await receiving).method, 'stream');
  assert.ok(readFileSync(target).equals(CONTENT));
  client.destroy();
  served.destroy();
});

test('copy() takes streams of the web, and of Node without a descriptor', async () => {
  const through = new TransformStream<Uint8Array, Uint8Array>();
  using file = await open(SOURCE);
  const copying = copy(file, through.writable, { closeTarget: true });
  const sink = new PassThrough();
  const received = allOf(sink);
  const { bytes, method } = await copy(through.readable, sink, { closeTarget: true });
  assert.deepEqual([bytes, method], [CONTENT.length, 'stream']);
  assert.equal((await copying).bytes, CONTENT.length);
  assert.ok((await received).equals(CONTENT));
});

test('copy() of a stream with a limit gives back what it did not use', async () => {
  const source = Readable.from([Buffer.from('hello '), Buffer.from('world')], {
    objectMode: false,
  });
  const sink = new PassThrough();
  assert.equal((await copy(source, sink, { limit: 3 })).bytes, 3);
  assert.equal((await allOf(source)).toString(), 'lo world');
});

test('copy() of a stream that breaks fails with its error, and how far it came', async () => {
  const source = Readable.from(
    (async function* () {
      yield Buffer.from('12345');
      throw new Error('broken');
    })(),
    { objectMode: false },
  );
  await assert.rejects(copy(source, new PassThrough()), { message: 'broken', bytes: 5 });
});

test('copy() to a destroyed stream fails, and to a stuck one ends by its signal', async () => {
  const gone = new PassThrough();
  gone.destroy();
  using file = await open(SOURCE);
  await assert.rejects(copy(file, gone), { code: 'ERR_SLUICE_CLOSED', bytes: 0 });
  const stuck = new PassThrough({ highWaterMark: 1 });
  const controller = new AbortController();
  const copying = copy(file, stuck, controller);
  setImmediate(() => controller.abort());
  await assert.rejects(copying, { name: 'AbortError' });
});

test('copy() behind writes that nobody reads ends by its signal', async (t) => {
  const [, socket] = await connection(t);
  // More than the buffers of both sides hold, so the rest stays with Node.
  socket.write(Buffer.alloc(64 << 20));
  socket.on('error', () => {});
  using file = await open(SOURCE);
  const controller = new AbortController();
  const copying = copy(file, socket, controller);
  setImmediate(() => controller.abort('enough'));
  await assert.rejects(copying, { name: 'AbortError', cause: 'enough', bytes: 0 });
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
  await assert.rejects(copy(file, socket, controller), { name: 'AbortError', bytes: 0 });
});

test('copy() with closeTarget resets a TCP peer where it fails', async (t) => {
  const [client, socket] = await connection(t);
  // By its descriptor: Node itself may tell data and a reset at once as an end.
  using peer = adopt(client);
  using file = await open(SOURCE);
  const limit = CONTENT.length + 1;
  const copying = copy(file, socket, { limit, closeTarget: true });
  const code = 'ERR_SLUICE_SOURCE_TRUNCATED';
  const failing = assert.rejects(copying, { code, bytes: CONTENT.length });
  const reading = (async () => {
    const buffer = Buffer.alloc(65536);
    while ((await peer.read(buffer)) > 0);
  })();
  await assert.rejects(reading, { code: 'ECONNRESET' });
  await failing;
});

test('copy() refuses what is no end, and names it', async () => {
  using p = pipe();
  const code = 'ERR_INVALID_ARG_TYPE';
  for (const wrong of [null, 'text', {}, []] as never[]) {
    await assert.rejects(copy(wrong, p.writer), { code, message: /"source"/ });
    await assert.rejects(copy(p.reader, wrong), { code, message: /"target"/ });
  }
  const stream = new PassThrough();
  await assert.rejects(copy(stream, p.writer, { offset: 1 }), { code: 'ESPIPE' });
});
