/** copy(): what it can be asked. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fd } from '../../src/fd/fd.js';
import { copy } from '../../src/flow/copy.js';
import type { CopyOptions } from '../../src/flow/copy-options.js';
import * as f from '../../src/kernel/flags.js';
import { linux } from '../../src/kernel/linux.js';
import { realClock } from '../../src/node/clock.js';
import { pattern, succeeds } from '../helpers/claims.js';
import { VirtualClock } from '../helpers/clock.js';
import { runtimeOver } from '../helpers/flows.js';
import { turns, turnsUntil } from '../helpers/turns.js';
import {
  contentOf,
  device,
  diskFile,
  drain,
  endOf,
  memfd,
  pipe,
  runtime,
  tcp,
} from './copy/ends.js';

const { kernel } = runtime;
const CONTENT = pattern(600_001);
const EMPTY = new Uint8Array();

for (const [name, make] of Object.entries({ memfd, diskFile })) {
  test(`offset and limit of a ${name}: that part, and the file offset stays`, async (t) => {
    const source = make(t, CONTENT);
    for (const [offset, limit] of [
      [0, 1],
      [1, 4096],
      [4095, 2],
      [600_000, 1],
      [5, 500_000],
    ] as const) {
      for (const makeTarget of [memfd, diskFile]) {
        const target = makeTarget(t, EMPTY);
        const { bytes } = await copy(runtime, source, target, { offset, limit });
        assert.equal(bytes, limit);
        assert.ok(contentOf(target).equals(CONTENT.subarray(offset, offset + limit)));
      }
      const position = new BigInt64Array([9n]);
      succeeds(kernel.lseek(source, 0, f.SEEK_CUR, position), 0);
      assert.equal(position[0], 0n);
    }
  });
}

test('an offset beyond the end is an end, and where there are none it is ESPIPE', async (t) => {
  const { bytes } = await copy(runtime, diskFile(t, CONTENT), memfd(t, EMPTY), { offset: 1e9 });
  assert.equal(bytes, 0);
  const [reader] = pipe(t);
  const copying = copy(runtime, reader, memfd(t, EMPTY), { offset: 0 });
  await assert.rejects(copying, { code: 'ESPIPE', syscall: 'lseek' });
});

test('limit of a stream leaves the rest in it; limit 0 takes nothing', async (t) => {
  const [reader, writer] = pipe(t);
  succeeds(kernel.write(writer, CONTENT.subarray(0, 30_000)), 30_000);
  assert.equal((await copy(runtime, reader, memfd(t, EMPTY), { limit: 0 })).bytes, 0);
  for (const limit of [1, 9_999]) {
    assert.equal((await copy(runtime, reader, memfd(t, EMPTY), { limit })).bytes, limit);
  }
  endOf(writer);
  assert.equal((await copy(runtime, reader, memfd(t, EMPTY), { limit: 1e9 })).bytes, 20_000);
});

test('onProgress hears at most ten times a second, and the last', async (t) => {
  const clock = new VirtualClock();
  const virtual = runtimeOver(linux, clock);
  const [reader, writer] = pipe(t);
  const told: number[] = [];
  const onProgress = (bytes: number) => told.push(bytes);
  const copying = copy(virtual, reader, memfd(t, EMPTY), { onProgress });
  for (let n = 0; n < 5; n++) {
    succeeds(kernel.write(writer, CONTENT.subarray(0, 100)), 100);
    await turns(5);
  }
  assert.deepEqual(told, [100]);
  clock.advance(100);
  assert.deepEqual(told, [100, 500]);
  succeeds(kernel.write(writer, CONTENT.subarray(0, 7)), 7);
  endOf(writer);
  await copying;
  assert.deepEqual(told, [100, 500, 507]);
});

test('what onProgress throws ends the copy', async (t) => {
  const onProgress = () => {
    throw new RangeError('enough');
  };
  const copying = copy(runtime, memfd(t, CONTENT), memfd(t, EMPTY), { onProgress });
  await assert.rejects(copying, { name: 'RangeError', bytes: CONTENT.length });
});

test('idleTimeoutMs ends a copy whose bytes have stopped, not one that goes on', async (t) => {
  const clock = new VirtualClock();
  const virtual = runtimeOver(linux, clock);
  const [reader, writer] = pipe(t);
  const copying = copy(virtual, reader, memfd(t, EMPTY), { idleTimeoutMs: 1000 });
  const failing = assert.rejects(copying, { code: 'ERR_SLUICE_IDLE', bytes: 3 });
  for (let n = 0; n < 3; n++) {
    clock.advance(900);
    succeeds(kernel.write(writer, CONTENT.subarray(0, 1)), 1);
    await turns(5);
  }
  clock.advance(999);
  await turns(5);
  clock.advance(1);
  await failing;
});

test('minBytesPerSecond ends a copy that trickles', async (t) => {
  const clock = new VirtualClock();
  const virtual = runtimeOver(linux, clock);
  const [reader, writer] = pipe(t);
  const options = { idleTimeoutMs: 5000, minBytesPerSecond: 10 };
  const copying = copy(virtual, reader, memfd(t, EMPTY), options);
  const failing = assert.rejects(copying, { code: 'ERR_SLUICE_SLOW' });
  for (let n = 0; n < 11; n++) {
    clock.advance(1000);
    kernel.write(writer, CONTENT.subarray(0, 9));
    await turns(5);
  }
  await failing;
});

test('shutdown says the end to the peer, and the answer can still be read', async (t) => {
  const [client, server] = tcp(t);
  const received = drain(server);
  await copy(runtime, memfd(t, CONTENT), client, { shutdown: true });
  assert.equal((await received).length, CONTENT.length);
  succeeds(kernel.send(server, CONTENT.subarray(0, 5), 0), 5);
  await runtime.poller.wait(client, 1);
  assert.equal(kernel.read(client, new Uint8Array(9)), 5);
});

test('closeTarget closes, numbers and Fds, when it went well and when it did not', async (t) => {
  for (const limit of [CONTENT.length, CONTENT.length + 1]) {
    for (const own of [false, true]) {
      const fd = succeeds(kernel.memfd_create('target', f.MFD_CLOEXEC));
      const target = own ? new Fd(runtime, fd) : fd;
      const copying = copy(runtime, memfd(t, CONTENT), target, { limit, closeTarget: true });
      if (limit > CONTENT.length) await assert.rejects(copying, { bytes: CONTENT.length });
      else await copying;
      assert.ok(kernel.fcntl(fd, f.F_GETFD) < 0);
    }
  }
});

test('bytesPerTurn: a thousand flows share one loop, none ahead of another', async (t) => {
  const [zero, sink] = [device(t, '/dev/zero'), device(t, '/dev/null')];
  let ticks = 0;
  // So much time passes with each look at it that all progress is told.
  const shared = runtimeOver(linux, { ...realClock, now: () => (ticks += 100) });
  const [flows, pieces, bytesPerTurn] = [1000, 8, 16_384];
  const done = Array.from({ length: flows }, () => 0);
  const options = (flow: number): CopyOptions => ({
    limit: pieces * bytesPerTurn,
    bytesPerTurn,
    onProgress: (bytes) => {
      done[flow] = bytes;
      assert.ok(bytes - Math.min(...done) <= 2 * bytesPerTurn);
    },
  });
  const copying = Promise.all(done.map((_, flow) => copy(shared, zero, sink, options(flow))));
  assert.ok((await turnsUntil(copying)) >= pieces - 1);
  assert.ok(done.every((bytes) => bytes === pieces * bytesPerTurn));
});

test('options are checked by name', async (t) => {
  const wrong: [CopyOptions, string][] = [
    [{ offset: -1 }, 'ERR_OUT_OF_RANGE'],
    [{ offset: 1.5 }, 'ERR_OUT_OF_RANGE'],
    [{ limit: '5' as never }, 'ERR_INVALID_ARG_TYPE'],
    [{ limit: Number.NaN }, 'ERR_OUT_OF_RANGE'],
    [{ onProgress: 5 as never }, 'ERR_INVALID_ARG_TYPE'],
    [{ signal: {} as never }, 'ERR_INVALID_ARG_TYPE'],
    [{ shutdown: 1 as never }, 'ERR_INVALID_ARG_TYPE'],
    [{ closeTarget: 'yes' as never }, 'ERR_INVALID_ARG_TYPE'],
    [{ idleTimeoutMs: 0 }, 'ERR_OUT_OF_RANGE'],
    [{ minBytesPerSecond: -1 }, 'ERR_OUT_OF_RANGE'],
    [{ bytesPerTurn: '1' as never }, 'ERR_INVALID_ARG_TYPE'],
    [5 as never, 'ERR_INVALID_ARG_TYPE'],
  ];
  for (const [options, code] of wrong) {
    const name = Object.keys(options)[0] ?? 'options';
    const message = new RegExp(`"${name}"`);
    await assert.rejects(copy(runtime, memfd(t, CONTENT), 1, options), { code, message });
  }
});
