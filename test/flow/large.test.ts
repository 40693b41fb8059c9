/** Z13: beyond 2 GiB and 4 GiB, where counts and offsets have had their edges; in every flow. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { tee } from '../../src/flow/tee.js';
import { copy, type Fd, pipe, relay } from '../../src/index.js';
import * as f from '../../src/kernel/flags.js';
import { linux } from '../../src/kernel/linux.js';
import { linuxRuntime as runtime } from '../../src/node/runtime.js';
import { pattern, succeeds } from '../helpers/claims.js';
import { relayed } from '../helpers/connections.js';
import { device, diskFile, drain, endOf, pipe as makePipe, memfd, sockets } from './copy/ends.js';

const EDGES = [2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 32 + 1];
const SIZE = 2 ** 32 + 2 ** 21 + 3;
const MARK_EVERY = 2 ** 24 + 4099;

/** Holes, with a mark of its own every 16 MiB and around each edge: nothing can be left out. */
function sparse(fd: number): number {
  succeeds(linux.ftruncate(fd, SIZE), 0);
  const marks = Array.from({ length: Math.floor(SIZE / MARK_EVERY) }, (_, n) => n * MARK_EVERY);
  for (const [n, at] of [...marks, ...EDGES.map((edge) => edge - 32), SIZE - 64].entries()) {
    succeeds(linux.pwrite(fd, pattern(64, n + 1), at), 64);
  }
  return fd;
}

/** Reads to the end, each byte compared with that of the file; answers how many there were. */
async function compared(reader: Fd, file: number): Promise<number> {
  const [buffer, expected] = [Buffer.alloc(1 << 20), Buffer.alloc(1 << 20)];
  for (let at = 0; ; ) {
    const count = await reader.read(buffer);
    if (count === 0) return at;
    succeeds(linux.pread(file, expected.subarray(0, count), at), count);
    assert.ok(buffer.subarray(0, count).equals(expected.subarray(0, count)), `after ${at} bytes`);
    at += count;
  }
}

test('Z13: more than 4 GiB by copy into a connection and on through a relay', async (t) => {
  const file = sparse(memfd(t, new Uint8Array()));
  const { client, server, result } = relayed({ relay });
  const arriving = compared(server, file);
  const { bytes, method } = await copy(file, client, { shutdown: true });
  assert.deepEqual([bytes, method], [SIZE, 'sendfile']);
  assert.equal(await arriving, SIZE);
  server.close();
  assert.deepEqual(await result, { sent: SIZE, received: 0, reset: false });
  client.close();
});

test('Z13: more than 4 GiB by tee, and on from pipe to nowhere', async (t) => {
  const file = sparse(memfd(t, new Uint8Array()));
  const [checked, dropped] = [pipe({ capacity: 1 << 20 }), pipe({ capacity: 1 << 20 })];
  const arriving = compared(checked.reader, file);
  const copying = copy(dropped.reader, device(t, '/dev/null'));
  const { bytes, targets } = await tee(runtime, file, [checked.writer, dropped.writer]);
  for (const { writer } of [checked, dropped]) writer.close();
  assert.deepEqual([bytes, ...targets.map((one) => one.bytes)], [SIZE, SIZE, SIZE]);
  assert.equal(await arriving, SIZE);
  const { bytes: copied, method } = await copying;
  assert.deepEqual([copied, method], [SIZE, 'splice']);
  for (const { reader } of [checked, dropped]) reader.close();
});

for (const [name, make] of Object.entries({ memfd, diskFile })) {
  test(`Z13: parts of a ${name} around 2^31 and 2^32 are exact, to each kind`, async (t) => {
    const source = sparse(make(t, new Uint8Array()));
    for (const edge of EDGES) {
      const [offset, limit] = [edge - 100_000, 200_000];
      const expected = partOf(source, offset, limit);
      for (const makeTarget of [memfd, diskFile]) {
        const target = makeTarget(t, new Uint8Array());
        assert.equal((await copy(source, target, { offset, limit })).bytes, limit);
        assert.ok(partOf(target, 0, limit).equals(expected));
      }
      const [socket, reader] = sockets(t);
      const received = drain(reader);
      await copy(source, socket, { offset, limit });
      endOf(socket);
      assert.ok((await received).equals(expected));
    }
  });

  test(`Z13: a ${name} takes bytes on both sides of 2^31 and 2^32, from each kind`, async (t) => {
    const content = pattern(200_000);
    for (const edge of EDGES) {
      for (const makeSource of [memfd, diskFile, filledPipe]) {
        const targets = [make(t, new Uint8Array()), make(t, new Uint8Array())];
        const [copied, teed] = targets as [number, number];
        for (const fd of targets) seek(fd, edge - 100_000);
        await copy(makeSource(t, content), copied);
        await tee(runtime, makeSource(t, content), [teed]);
        for (const fd of targets) {
          assert.ok(partOf(fd, edge - 100_000, content.length).equals(content));
          assert.equal(seek(fd, 0, f.SEEK_CUR), edge + 100_000);
        }
      }
    }
  });
}

function partOf(file: number, at: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  succeeds(linux.pread(file, bytes, at), length);
  return bytes;
}

function seek(file: number, offset: number, whence: number = f.SEEK_SET): number {
  const position = new BigInt64Array(1);
  succeeds(linux.lseek(file, offset, whence, position), 0);
  return Number(position[0]);
}

function filledPipe(t: TestContext, content: Uint8Array): number {
  const [reader, writer] = makePipe(t);
  succeeds(linux.fcntl(writer, f.F_SETPIPE_SZ, 1 << 20));
  succeeds(linux.write(writer, content), content.length);
  endOf(writer);
  return reader;
}

test('Z13: more than 4 GiB by read and write; the offset is where it came to', async (t) => {
  const source = sparse(diskFile(t, new Uint8Array()));
  seek(source, SIZE - 2 ** 20);
  assert.equal((await copy(source, memfd(t, new Uint8Array()))).bytes, 2 ** 20);
  assert.equal(seek(source, 0, f.SEEK_CUR), SIZE);
  const [zero, nothing] = [device(t, '/dev/zero'), device(t, '/dev/null')];
  const { bytes } = await copy(zero, nothing, { limit: SIZE, bytesPerTurn: 2 ** 26 });
  assert.equal(bytes, SIZE);
});
