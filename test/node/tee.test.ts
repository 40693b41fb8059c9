import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { open as openHandle, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { pipe, type TeeFailure, tee } from '../../src/index.js';
import { pattern } from '../helpers/claims.js';
import { drain, openFiles, sourceOf } from '../helpers/flows.js';

const BYTES = pattern(300_000);
const folder = mkdtempSync(join(tmpdir(), 'sluice-node-tee-'));
after(() => rmSync(folder, { recursive: true }));

async function connection(): Promise<[Socket, Socket]> {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const near = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [far] = (await once(server, 'connection')) as [Socket];
  server.close();
  return [near, far];
}

test('files, sockets, children and streams are sources and targets', async () => {
  const path = join(folder, 'source');
  await writeFile(path, BYTES);
  const sources = {
    'a file stream': () => createReadStream(path),
    'a part of a file': () => createReadStream(path, { start: 0 }),
    "a child's output": () => spawn('cat', [path], { stdio: ['ignore', 'pipe', 'inherit'] }).stdout,
    'a stream': () => Readable.from([BYTES.subarray(0, 5), BYTES.subarray(5)]),
    'a web stream': () => new Blob([Buffer.from(BYTES)]).stream(),
  };
  for (const [name, make] of Object.entries(sources)) {
    const handle = await openHandle(join(folder, 'handle'), 'w');
    const stream = createWriteStream(join(folder, 'stream'));
    const [near, far] = await connection();
    const received = buffer(far);
    const through = new PassThrough();
    const passed = buffer(through);
    const result = await tee(make(), [handle, stream, near, through]);
    await handle.close();
    near.end();
    through.end();
    stream.end();
    assert.equal(result.bytes, BYTES.length, name);
    assert.deepEqual(
      result.targets.map(({ method, bytes }) => `${method} ${bytes}`),
      ['splice', 'splice', 'splice', 'stream'].map((method) => `${method} ${BYTES.length}`),
    );
    for (const read of [await received, await passed]) {
      assert.equal(Buffer.compare(read, BYTES), 0, name);
    }
    for (const file of ['handle', 'stream']) {
      assert.equal(Buffer.compare(readFileSync(join(folder, file)), BYTES), 0);
    }
    const closing = near.closed ? undefined : once(near, 'close');
    far.destroy();
    await closing;
  }
});

test('a stream that fails is left out with its own error', async () => {
  const before = openFiles();
  const broken = () =>
    new Writable({ write: (_chunk, _encoding, done) => done(new Error('broken')) });
  const { reader, writer } = pipe({ capacity: 1 << 20 });
  const asked: string[] = [];
  const onTargetError = (error: Error, at: number) => {
    asked.push(`${at}: ${error.message}`);
    return 'drop' as const;
  };
  const source = sourceOf(BYTES);
  const { targets } = await tee(source, [broken(), writer], { onTargetError });
  assert.equal(targets[0]?.error?.message, 'broken');
  assert.deepEqual(targets[1], { bytes: BYTES.length, method: 'tee' });
  assert.deepEqual(asked, ['0: broken']);
  writer.close();
  assert.equal((await drain(reader)).length, BYTES.length);
  source.close();
  const alone = sourceOf(BYTES);
  await assert.rejects(tee(alone, [broken()]), { message: 'broken' });
  alone.close();
  assert.deepEqual(openFiles(), before);
});

test('a source that fails rejects when its targets have what came before', async () => {
  const before = openFiles();
  const source = Readable.from(
    (async function* () {
      yield BYTES.subarray(0, 1000);
      throw new Error('no more');
    })(),
  );
  const { reader, writer } = pipe();
  await assert.rejects(tee(source, [writer]), (error: TeeFailure) => {
    assert.equal(error.message, 'no more');
    assert.equal(error.bytes, 1000);
    return true;
  });
  writer.close();
  assert.equal((await drain(reader)).length, 1000);
  assert.deepEqual(openFiles(), before);
});

test('limit leaves the rest of a socket to Node', async () => {
  const [near, far] = await connection();
  near.end(BYTES);
  const { reader, writer } = pipe();
  const reading = drain(reader);
  assert.equal((await tee(far, [writer], { limit: 100_000 })).bytes, 100_000);
  writer.close();
  assert.equal(Buffer.compare(await reading, BYTES.subarray(0, 100_000)), 0);
  assert.equal(Buffer.compare(await buffer(far), BYTES.subarray(100_000)), 0);
});

test('an abort ends what streams wait for', async () => {
  const before = openFiles();
  const controller = new AbortController();
  const { reader, writer } = pipe();
  const never = new Readable({ read() {} });
  const teeing = tee(never, [writer, new PassThrough()], { signal: controller.signal });
  setImmediate(() => controller.abort('enough'));
  await assert.rejects(teeing, { name: 'AbortError', cause: 'enough' });
  for (const fd of [reader, writer]) fd.close();
  assert.deepEqual(openFiles(), before);
});
