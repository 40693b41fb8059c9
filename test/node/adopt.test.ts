import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, createWriteStream, openSync } from 'node:fs';
import { open as openHandle } from 'node:fs/promises';
import { createServer as createHttpServer, get } from 'node:http';
import { connect, createServer, type Server, Socket } from 'node:net';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { adopt, type Fd, pipe, socketPair } from '../../src/index.js';
import { F_GETFD, FD_CLOEXEC, STAT_FIELDS, STAT_INO } from '../../src/kernel/flags.js';
import { linux } from '../../src/kernel/linux.js';
import { pattern, string, text } from '../helpers/claims.js';
import { securePair } from '../helpers/tls.js';
import { turns } from '../helpers/turns.js';

const REFUSED = { name: 'SluiceError', code: 'ERR_SLUICE_ADOPT' };

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as { port: number }).port;
}

/** A connection over loopback: both of its sockets in Node's hands. */
async function connection(pauseOnConnect: boolean) {
  const server = createServer({ pauseOnConnect });
  const client = connect(await listen(server), '127.0.0.1');
  const [[served]] = (await Promise.all([once(server, 'connection'), once(client, 'connect')])) as [
    [Socket],
    unknown,
  ];
  server.close();
  return { client, served };
}

async function readAll(fd: Fd): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for (;;) {
    const buffer = Buffer.alloc(1 << 16);
    const count = await fd.read(buffer);
    if (count === 0) return Buffer.concat(pieces);
    pieces.push(buffer.subarray(0, count));
  }
}

test('adopt() takes a number over, and children do not get it', () => {
  const number = openSync('/dev/null', 'r');
  const plain = linux.dup(number);
  using first = adopt(number);
  using second = adopt(plain);
  assert.equal(second.fd, plain);
  assert.equal(linux.fcntl(plain, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  assert.equal(first.fd, number);
});

test('adopt() leaves an object its own descriptor', async () => {
  const handle = await openHandle('package.json');
  const fd = adopt(handle);
  await handle.close();
  const buffer = new Uint8Array(1);
  assert.equal(await fd.read(buffer), 1);
  fd.close();
  using output = adopt({ fd: 1 });
  assert.notEqual(output.fd, 1);
});

test('adopt() of a child stdout reads what the child says', async () => {
  const child = spawn('echo', ['said']);
  using fd = adopt(child.stdout);
  assert.equal(string(await readAll(fd)), 'said\n');
});

test('adopt() names what it is given wrongly', () => {
  for (const wrong of ['1', null, undefined, {}, () => 1] as unknown as number[]) {
    assert.throws(() => adopt(wrong), { code: 'ERR_INVALID_ARG_TYPE', message: /"source"/ });
  }
  assert.throws(() => adopt(1.5), { code: 'ERR_OUT_OF_RANGE', message: /"source"/ });
  assert.throws(() => adopt(-1), { code: 'EBADF' });
  assert.throws(() => adopt({ fd: 99_999 }), { code: 'EBADF' });
});

test('adopt() refuses streams that have no descriptor, or not yet, or not any more', async () => {
  assert.throws(() => adopt(Readable.from(['x'])), { ...REFUSED, message: /descriptor/ });
  const file = createWriteStream('/dev/null');
  assert.throws(() => adopt(file), { ...REFUSED, message: /not connected or open yet/ });
  await once(file, 'open');
  adopt(file).close();
  file.destroy();
  assert.throws(() => adopt(file), { ...REFUSED, message: /destroyed/ });
  const { client, served } = await connection(true);
  served.destroy();
  client.destroy();
  assert.throws(() => adopt(served), { ...REFUSED, message: /destroyed/ });
});

test('adopt() refuses a connection that is still being made', async () => {
  const server = createServer((socket) => socket.destroy());
  const client = connect(await listen(server), '127.0.0.1');
  assert.throws(() => adopt(client), { ...REFUSED, message: /not connected/ });
  await once(client, 'connect');
  client.destroy();
  server.close();
});

test('adopt() refuses a file stream that has begun to read', async () => {
  const file = createReadStream('package.json', { highWaterMark: 10 });
  await once(file, 'readable');
  assert.throws(() => adopt(file), { ...REFUSED, message: /begun to read/ });
  file.destroy();
});

test("adopt() refuses a socket in the hands of Node's HTTP parser", async () => {
  const refused: unknown[] = [];
  const server = createHttpServer((request, response) => {
    try {
      adopt(request.socket).close();
    } catch (error) {
      refused.push(error);
    }
    response.end();
  });
  const port = await listen(server);
  const [response] = await once(get({ port, host: '127.0.0.1', agent: false }), 'response');
  response.resume();
  await once(response, 'end');
  server.close();
  assert.equal((refused[0] as { code: string }).code, 'ERR_SLUICE_ADOPT');
});

test('F2: ten thousand adoptions race with destroy, and nothing else is closed', async () => {
  const stat = new BigInt64Array(STAT_FIELDS);
  const identity = (fd: number) => (linux.fstat(fd, stat) === 0 ? stat[STAT_INO] : 'closed');
  let foreign = 0;
  for (let round = 0; round < 100; round++) {
    const watched: Fd[] = [];
    const files: unknown[] = [];
    for (let count = 0; count < 100; count++) {
      const [left, right] = socketPair();
      const socket = new Socket({ fd: left.release() });
      const fd = adopt(socket);
      if (count % 3 === 0) socket.destroy();
      if (count % 2 === 0) fd.close();
      const p = pipe();
      socket.destroy();
      fd.close();
      right.close();
      p.reader.close();
      watched.push(p.writer);
      files.push(identity(p.writer.fd));
    }
    await turns(2);
    for (const [index, fd] of watched.entries()) {
      if (identity(fd.fd) !== files[index]) foreign++;
      fd.close();
    }
  }
  assert.equal(foreign, 0);
});

test('F3: shutdown() ends the connection for the peer, whoever else holds it', async () => {
  const { client, served } = await connection(true);
  client.resume();
  const fd = adopt(served);
  const end = once(client, 'end');
  served.destroy();
  await turns(5);
  assert.equal(client.readableEnded, false);
  fd.shutdown();
  await end;
  fd.close();
  client.destroy();
});

test('Z1: a TLS socket is refused on either side, and goes on working', async () => {
  const [client, served] = await securePair();
  for (const socket of [served, client]) {
    assert.throws(() => adopt(socket), { ...REFUSED, message: /TLS/ });
  }
  served.end('secret');
  const [data] = await once(client, 'data');
  assert.equal(String(data), 'secret');
  client.destroy();
});

test('Z2: pauseOnConnect leaves everything to the adopted descriptor', async () => {
  const { client, served } = await connection(true);
  client.end('hello');
  await once(client, 'finish');
  const fd = adopt(served);
  assert.equal(fd.buffered, 0);
  assert.equal(string(await readAll(fd)), 'hello');
  fd.close();
  served.destroy();
  client.destroy();
});

test('Z2: what Node has read comes first, and keeps the number back', async () => {
  const { client, served } = await connection(false);
  client.write('read by Node, ');
  await once(served, 'readable');
  const fd = adopt(served);
  assert.equal(fd.buffered, 14);
  assert.throws(() => fd.fd, { ...REFUSED, message: /14 bytes/ });
  assert.throws(() => fd.release(), REFUSED);
  assert.throws(() => fd.dup(), REFUSED);
  assert.throws(() => fd.dup2(1), REFUSED);
  client.end('read by us');
  await once(client, 'finish');
  await turns(5);
  assert.equal(served.readableLength, 0);
  const [head, tail] = [Buffer.alloc(4), Buffer.alloc(5)];
  assert.equal(await fd.readv([head, tail]), 9);
  assert.equal(`${head}${tail}`, 'read by N');
  assert.equal(string(await readAll(fd)), 'ode, read by us');
  assert.ok(fd.fd > 2);
  fd.close();
  served.destroy();
  client.destroy();
});

test('Z2: 10,000 clients that send before, at and after adoption: every byte once', async () => {
  for (let round = 0; round < 10_000; round++) {
    // Some have more than a socket holds at once.
    const sent = pattern(round % 40 === 0 ? 30_000 : 300, round + 1);
    const third = Math.floor((sent.length / 3) * ((round % 11) / 10));
    const [left, right] = socketPair();
    const served = new Socket({ fd: left.release() });
    if (round % 3 === 0) served.on('readable', () => {});
    await right.write(sent.subarray(0, third));
    await turns(round % 4);
    await right.write(sent.subarray(third, 2 * third));
    const fd = adopt(served);
    const received = readAll(fd);
    await right.write(sent.subarray(2 * third));
    right.close();
    assert.ok(Buffer.from(await received).equals(sent), `round ${round}`);
    fd.close();
    served.destroy();
  }
});

test('Z2: a socket that decodes text is refused: its bytes are gone', async () => {
  const { client, served } = await connection(true);
  served.setEncoding('utf8');
  assert.throws(() => adopt(served), { ...REFUSED, message: /setEncoding/ });
  served.destroy();
  client.destroy();
});

test('Z3: a socket with queued writes is refused until they are written', async () => {
  const { client, served } = await connection(true);
  const first = Buffer.alloc(8 << 20, 'a');
  const written = once(served, 'drain');
  served.write(first);
  assert.throws(() => adopt(served), { ...REFUSED, message: /still writing \d+ bytes/ });
  const pieces: Buffer[] = [];
  client.on('data', (piece: Buffer) => pieces.push(piece));
  await written;
  using fd = adopt(served);
  assert.equal(await fd.write(text('BODY')), 4);
  fd.shutdown('write');
  await once(client, 'end');
  const received = Buffer.concat(pieces);
  assert.equal(received.length, first.length + 4);
  assert.equal(received.indexOf('BODY'), first.length);
  served.destroy();
  client.destroy();
});

test('Z3: a corked socket is refused as well', async () => {
  const { client, served } = await connection(true);
  served.cork();
  served.write('later');
  assert.throws(() => adopt(served), REFUSED);
  served.destroy();
  client.destroy();
});

test('F7: no child has a descriptor of ours', async () => {
  using p = pipe();
  using pair = socketPair();
  using twin = p.reader.dup();
  using taken = adopt(linux.dup(p.writer.fd));
  const waiting = p.reader.read(new Uint8Array(1));
  const listing = execFileSync('ls', ['-l', '/proc/self/fd'], { encoding: 'utf8' });
  const ours = [p.reader, p.writer, ...pair, twin, taken].map(({ fd }) => {
    linux.fstat(fd, stat);
    return String(stat[STAT_INO]);
  });
  for (const inode of ours) assert.ok(!listing.includes(`[${inode}]`), listing);
  assert.ok(!listing.includes('eventpoll'), listing);
  p.reader.close();
  await assert.rejects(waiting);
});

const stat = new BigInt64Array(STAT_FIELDS);

test('F6: writing to dead peers by every call is EPIPE, never a death', async () => {
  for (const make of [() => pipe(), () => pairAsPipe()]) {
    using p = make();
    p.reader.close();
    for (let count = 0; count < 10; count++) {
      await assert.rejects(p.writer.write(text('x')), { code: 'EPIPE', syscall: 'write' });
      await assert.rejects(p.writer.writev([text('x')]), { code: 'EPIPE', syscall: 'writev' });
    }
  }
});

function pairAsPipe() {
  const [reader, writer] = socketPair();
  return { reader, writer, [Symbol.dispose]: () => writer.close() };
}

test('adopt() of a child stdin writes to the child', async () => {
  const child = spawn('cat', { stdio: ['pipe', 'pipe', 'inherit'] });
  const fd = adopt(child.stdin);
  await fd.write(text('to the child'));
  fd.close();
  child.stdin.destroy();
  const [said] = await once(child.stdout, 'data');
  assert.equal(String(said), 'to the child');
});
