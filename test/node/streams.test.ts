import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex, Readable, Writable } from 'node:stream';
import { buffer, text as textOf } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { after, test } from 'node:test';
import { duplex, type Fd, open, pipe, readable, socketPair, writable } from '../../src/index.js';
import { pattern } from '../helpers/claims.js';
import { turns } from '../helpers/turns.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-streams-'));
after(() => rmSync(folder, { recursive: true }));

test('readable() and writable() carry every byte and close the Fd', async () => {
  const p = pipe();
  const sent = pattern(3_000_000);
  const stream = writable(p.writer);
  for (let at = 0; at < sent.length; at += 70_001) stream.write(sent.subarray(at, at + 70_001));
  stream.end();
  assert.deepEqual(new Uint8Array(await buffer(readable(p.reader))), sent);
  assert.equal(p.reader.closed, true);
  assert.equal(p.writer.closed, true);
});

test('readable() reads no further ahead than highWaterMark', async () => {
  const p = pipe();
  await p.writer.write(pattern(50_000));
  const stream = readable(p.reader, { highWaterMark: 1000 });
  await once(stream, 'readable');
  await turns(10);
  assert.ok(stream.readableLength <= 2000, `${stream.readableLength}`);
  p.writer.close();
  assert.equal((await buffer(stream)).length, 50_000);
});

test('a highWaterMark is a whole number of bytes, and never 0: that would be the end', () => {
  using p = pipe();
  for (const make of [readable, writable, duplex]) {
    for (const highWaterMark of [0, -1, 1.5, Number.NaN, 2 ** 40]) {
      assert.throws(() => make(p.reader, { highWaterMark }), { code: 'ERR_OUT_OF_RANGE' });
    }
    const highWaterMark = '9' as unknown as number;
    assert.throws(() => make(p.reader, { highWaterMark }), { code: 'ERR_INVALID_ARG_TYPE' });
  }
});

test('writable() asks for patience while the reader is slow', async () => {
  const p = pipe({ capacity: 4096 });
  const stream = writable(p.writer, { highWaterMark: 1000 });
  let drained = false;
  stream.on('drain', () => {
    drained = true;
  });
  assert.equal(stream.write(pattern(10_000)), false);
  await turns(10);
  assert.equal(drained, false);
  stream.end();
  assert.equal((await buffer(readable(p.reader))).length, 10_000);
});

test('writable() fails with EPIPE when nobody reads any more', async () => {
  const p = pipe();
  const stream = writable(p.writer);
  p.reader.close();
  stream.write('x');
  const [error] = await once(stream, 'error');
  assert.equal(error.code, 'EPIPE');
  assert.equal(error.syscall, 'writev');
  assert.equal(p.writer.closed, true);
});

test('destroy closes the Fd, while a read waits as well', async () => {
  const p = pipe();
  const stream = readable(p.reader);
  stream.resume();
  await turns(2);
  stream.destroy();
  await once(stream, 'close');
  assert.equal(p.reader.closed, true);
  assert.equal(stream.errored, null);
  p.writer.close();
});

test('closing the Fd ends the stream with ERR_SLUICE_CLOSED', async () => {
  const p = pipe();
  const stream = readable(p.reader);
  stream.resume();
  p.reader.close();
  const [error] = await once(stream, 'error');
  assert.equal(error.code, 'ERR_SLUICE_CLOSED');
  p.writer.close();
});

test('an error of read destroys the stream', async () => {
  const stream = readable(await open(folder));
  stream.resume();
  const [error] = await once(stream, 'error');
  assert.equal(error.code, 'EISDIR');
});

test('pipeline() from a file into a file', async () => {
  const sent = pattern(1_000_000);
  writeFileSync(join(folder, 'from'), sent);
  const target = await open(join(folder, 'to'), 'wx');
  await pipeline(readable(await open(join(folder, 'from'))), writable(target));
  assert.deepEqual(new Uint8Array(readFileSync(join(folder, 'to'))), sent);
});

test('more chunks than an iovec takes are written in order', async () => {
  const p = pipe();
  const stream = writable(p.writer);
  stream.cork();
  const lines = Array.from({ length: 3000 }, (_, index) => `${index}\n`);
  for (const line of lines) stream.write(line);
  stream.uncork();
  stream.end();
  assert.equal(await textOf(readable(p.reader)), lines.join(''));
});

test('duplex() ends one direction and still hears the other', async () => {
  const [left, right] = socketPair();
  const [asker, answerer] = [duplex(left), duplex(right)];
  asker.end('question');
  answerer.once('data', (question) => answerer.end(`${question}? answer`)).resume();
  assert.equal(await textOf(asker), 'question? answer');
  await turns(2);
  assert.deepEqual([left.closed, right.closed], [true, true]);
});

test('duplex() over a pipe end has no direction to end', async () => {
  const p = pipe();
  const stream = duplex(p.writer);
  stream.on('error', () => {});
  stream.end('x');
  assert.equal(await p.reader.read(new Uint8Array(9)), 1);
  stream.destroy();
  p.reader.close();
});

test('toWeb() makes web streams of them', async () => {
  const p = pipe();
  const [left, right] = socketPair();
  const writer = Writable.toWeb(writable(p.writer)).getWriter();
  void writer.write('over the web').then(() => writer.close());
  const pieces: Uint8Array[] = [];
  for await (const piece of Readable.toWeb(readable(p.reader))) pieces.push(piece as Uint8Array);
  assert.equal(String(Buffer.concat(pieces)), 'over the web');
  const web = Duplex.toWeb(duplex(left));
  const sending = web.writable.getWriter();
  await sending.write('both ways');
  const bytes = Buffer.alloc(9);
  await right.read(bytes);
  assert.equal(String(bytes), 'both ways');
  await right.write(bytes);
  const reader = web.readable.getReader();
  const { value } = await reader.read();
  assert.equal(String(Buffer.from(value as Uint8Array)), 'both ways');
  const closing = sending.close();
  assert.equal(await right.read(bytes), 0);
  right.close();
  assert.equal((await reader.read()).done, true);
  await closing;
});

test('the streams take an Fd and nothing else', () => {
  for (const wrong of [1, null, { fd: 1 }] as unknown as Fd[]) {
    for (const make of [readable, writable, duplex]) {
      assert.throws(() => make(wrong), { code: 'ERR_INVALID_ARG_TYPE', message: /"fd"/ });
    }
  }
});
