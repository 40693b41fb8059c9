import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Fate, TeeFailure, TeeOptions, TeeTargetResult } from '../../src/flow/tee/options.js';
import { tee } from '../../src/flow/tee.js';
import { Fd, open, pipe, socketPair } from '../../src/index.js';
import { EMFILE, ENOSYS } from '../../src/kernel/errno.js';
import { linux } from '../../src/kernel/linux.js';
import { mulberry32 } from '../../src/kernel/random.js';
import { linuxRuntime as runtime } from '../../src/node/runtime.js';
import { pattern, text } from '../helpers/claims.js';
import { VirtualClock } from '../helpers/clock.js';
import { drain, feed, openFiles, runtimeOver, sourceOf } from '../helpers/flows.js';
import { turns } from '../helpers/turns.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-tee-'));
after(() => rmSync(folder, { recursive: true }));

const BYTES = pattern(100_000);

const codeOf = (target?: TeeTargetResult) =>
  (target?.error as NodeJS.ErrnoException | undefined)?.code;

/** Eight targets of all sizes, each read at its own random speed. */
async function eight(seed: number, victim: number, offset: number, all = BYTES): Promise<void> {
  const random = mulberry32(seed);
  const source = pipe({ capacity: 4096 << Math.floor(random() * 5) });
  const targets = Array.from({ length: 8 }, () =>
    pipe({ capacity: 4096 << Math.floor(random() * 5) }),
  );
  const feeding = feed(source.writer, all);
  const reading = targets.map(({ reader }, index) => {
    const slowness = random() * 4;
    const next = () =>
      [1 + Math.floor(random() * 20_000), Math.floor(random() * slowness)] as const;
    return drain(reader, index === victim ? { until: offset, next } : { next });
  });
  const result = await tee(
    runtime,
    source.reader.fd,
    targets.map(({ writer }) => writer.fd),
  );
  for (const { writer } of targets) writer.close();
  source.reader.close();
  await feeding;
  assert.equal(result.bytes, all.length);
  for (const [index, read] of (await Promise.all(reading)).entries()) {
    const expected = index === victim ? all.subarray(0, offset) : all;
    assert.ok(expected.length === read.length && Buffer.compare(expected, read) === 0);
    const { bytes, method, error } = result.targets[index] as (typeof result.targets)[0];
    assert.equal(method, 'tee');
    if (index !== victim) assert.deepEqual([bytes, error], [all.length, undefined]);
    else assert.ok(bytes >= offset && bytes <= all.length);
  }
}

test('Z15 eight targets at random speeds have every byte, whichever dies wherever', async () => {
  const before = openFiles();
  for (let seed = 1; seed <= 24; seed++) {
    await eight(seed, seed % 8, Math.floor((BYTES.length * (seed - 1)) / 23));
  }
  assert.deepEqual(openFiles(), before);
});

test('Z15 one of eight targets dies at each offset, and the others have every byte', async () => {
  const few = BYTES.subarray(0, 500);
  for (let offset = 0; offset <= few.length; offset++) {
    await eight(offset + 1, offset % 8, offset, few);
  }
});

test('Z15 what a target has is not given to it again; consumed is what all have', async () => {
  const source = sourceOf(BYTES.subarray(0, 10_000));
  const [wide, narrow] = [pipe(), pipe({ capacity: 4096 })];
  const calls: string[] = [];
  const watched = runtimeOver({
    ...linux,
    tee(from, to, length, flags) {
      const count = linux.tee(from, to, length, flags);
      if (length > 0) calls.push(`${to === wide.writer.fd ? 'wide' : 'narrow'} ${length} ${count}`);
      return count;
    },
    splice(...parameters) {
      const count = linux.splice(...parameters);
      calls.push(`consume ${parameters[4]} ${count}`);
      return count;
    },
  });
  const reading = [drain(wide.reader), drain(narrow.reader)];
  const result = await tee(watched, source.fd, [wide.writer.fd, narrow.writer.fd]);
  for (const { writer } of [wide, narrow]) writer.close();
  source.close();
  assert.deepEqual(
    calls.filter((call) => !call.endsWith('-11')),
    [
      'wide 10000 10000',
      'narrow 10000 4096',
      'consume 4096 4096',
      'narrow 5904 4096',
      'consume 4096 4096',
      'narrow 1808 1808',
      'consume 1808 1808',
    ],
  );
  assert.deepEqual(result.targets, Array(2).fill({ bytes: 10_000, method: 'tee' }));
  for (const read of await Promise.all(reading)) {
    assert.equal(Buffer.compare(read, BYTES.subarray(0, 10_000)), 0);
  }
});

test('a source of every kind goes to targets of every kind', async () => {
  const path = join(folder, 'source');
  writeFileSync(path, BYTES);
  const sources = {
    pipe: async () => sourceOf(BYTES),
    file: () => open(path),
    socket: async () => {
      const [left, right] = socketPair();
      void feed(left, BYTES);
      return right;
    },
    'blocking socket': async () => {
      const [left, right] = socketPair();
      right.nonBlocking = false;
      void feed(left, BYTES);
      return right;
    },
  };
  for (const [kind, make] of Object.entries(sources)) {
    const before = openFiles();
    using source = await make();
    using file = await open(join(folder, 'file'), 'w');
    using appended = await open(join(folder, 'appended'), 'a');
    using nothing = await open('/dev/null', 'w');
    const [near, far] = socketPair();
    const [slow, distant] = socketPair();
    slow.nonBlocking = false;
    using p = pipe();
    const reading = [far, distant, p.reader].map((reader) => drain(reader));
    const targets = [file, appended, nothing, near, slow, p.writer];
    const result = await tee(
      runtime,
      source.fd,
      targets.map(({ fd }) => fd),
    );
    for (const target of targets) target.close();
    assert.deepEqual(
      result.targets.map(({ method, bytes }) => `${method} ${bytes}`),
      ['splice', 'read-write', 'splice', 'splice', 'splice', 'tee'].map((m) => `${m} 100000`),
      kind,
    );
    for (const read of await Promise.all(reading)) assert.equal(Buffer.compare(read, BYTES), 0);
    for (const name of ['file', 'appended']) {
      assert.equal(Buffer.compare(readFileSync(join(folder, name)), BYTES), 0);
      rmSync(join(folder, name));
    }
    source.close();
    assert.deepEqual(openFiles(), before);
  }
});

test('a target that is full is lost, and the others are not harmed', async () => {
  using source = sourceOf(BYTES);
  using full = await open('/dev/full', 'w');
  using file = await open(join(folder, 'kept'), 'w');
  const result = await tee(runtime, source.fd, [full.fd, file.fd]);
  const [lost, kept] = result.targets;
  assert.deepEqual([lost?.bytes, lost?.method], [0, 'read-write']);
  assert.equal(codeOf(lost), 'ENOSPC');
  assert.deepEqual(kept, { bytes: BYTES.length, method: 'splice' });
  assert.equal(Buffer.compare(readFileSync(join(folder, 'kept')), BYTES), 0);
});

test('a target that may not fail ends everything, and the error tells how far it was', async () => {
  const fates: (Fate | (() => Fate))[] = ['abort', () => 'abort'];
  for (const onTargetError of fates) {
    using source = sourceOf(BYTES);
    using full = await open('/dev/full', 'w');
    using quiet = pipe({ capacity: 4096 });
    const teeing = tee(runtime, source.fd, [full.fd, quiet.writer.fd], { onTargetError });
    await assert.rejects(teeing, (error: TeeFailure) => {
      assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
      assert.equal(error.result.targets[1]?.bytes, 4096);
      return true;
    });
  }
});

test('the last target that is lost rejects', async () => {
  using source = sourceOf(BYTES);
  const [left, right] = [pipe(), pipe()];
  left.reader.close();
  right.reader.close();
  const asked: number[] = [];
  const onTargetError = (_error: Error, target: number) => {
    asked.push(target);
    return 'drop' as const;
  };
  const teeing = tee(runtime, source.fd, [left.writer.fd, right.writer.fd], { onTargetError });
  await assert.rejects(teeing, { code: 'EPIPE', syscall: 'tee', fd: right.writer.fd });
  assert.deepEqual(asked, [0, 1]);
  left.writer.close();
  right.writer.close();
});

test('a target too slow is dropped when its time is over', async () => {
  using source = sourceOf(BYTES);
  const [stuck, swift] = [pipe({ capacity: 4096 }), pipe()];
  const clock = new VirtualClock();
  const reading = drain(swift.reader);
  const options = { onSlowTarget: 'drop', slowTargetTimeoutMs: 250 } as const;
  const targets = [stuck.writer.fd, swift.writer.fd];
  const teeing = tee(runtimeOver(linux, clock), source.fd, targets, options);
  await turns(5);
  clock.advance(249);
  await turns(5);
  clock.advance(1);
  const result = await teeing;
  swift.writer.close();
  const [lost, kept] = result.targets;
  assert.equal(codeOf(lost), 'ERR_SLUICE_SLOW');
  assert.deepEqual([lost?.bytes, kept?.bytes], [4096, BYTES.length]);
  assert.equal(Buffer.compare(await reading, BYTES), 0);
  assert.equal(clock.timers, 0);
  stuck[Symbol.dispose]();
});

test('a file in memory is written by this thread, when the source is free again', async () => {
  const memory = linux.memfd_create('target', 0);
  const [source, p] = [sourceOf(BYTES), pipe({ capacity: 1 << 20 })];
  const calls: string[] = [];
  const watched = runtimeOver({
    ...linux,
    splice(...parameters) {
      calls.push(parameters[2] === memory ? 'file' : 'free');
      return linux.splice(...parameters);
    },
    offload: () => assert.fail('a thread'),
  });
  await tee(watched, source, [memory, p.writer]);
  assert.deepEqual(calls, ['free', 'file']);
  const written = new Uint8Array(BYTES.length + 1);
  assert.equal(linux.pread(memory, written, 0), BYTES.length);
  assert.equal(Buffer.compare(written.subarray(0, BYTES.length), BYTES), 0);
  linux.close(memory);
  for (const one of [source, p.reader, p.writer]) one.close();
});

test("nobody's bytes wait for a target that has no room", async () => {
  const memory = linux.memfd_create('target', 0);
  const [source, full] = [sourceOf(BYTES), pipe({ capacity: 4096 })];
  assert.equal(linux.write(full.writer.fd, BYTES.subarray(0, 4096)), 4096);
  const teeing = tee(runtime, source, [memory, full.writer]);
  const written = new Uint8Array(BYTES.length);
  for (let has = 0; has < BYTES.length; await turns(1)) has = linux.pread(memory, written, 0);
  assert.equal(Buffer.compare(written, BYTES), 0);
  full.reader.close();
  const [whole, gone] = (await teeing).targets;
  assert.deepEqual([whole?.bytes, codeOf(gone)], [BYTES.length, 'EPIPE']);
  linux.close(memory);
  for (const one of [source, full.writer]) one.close();
});

test('without pipes or tee(2) the bytes go through memory', async () => {
  for (const replaced of [{ pipe2: () => -EMFILE }, { tee: () => -ENOSYS }]) {
    const before = openFiles();
    using source = sourceOf(BYTES);
    using file = await open(join(folder, 'memory'), 'w');
    const p = pipe();
    const reading = drain(p.reader);
    const memory = runtimeOver({ ...linux, ...replaced });
    const result = await tee(memory, source.fd, [file.fd, p.writer.fd], { limit: 90_000 });
    p.writer.close();
    assert.deepEqual(result.targets, Array(2).fill({ bytes: 90_000, method: 'read-write' }));
    assert.equal(Buffer.compare(await reading, BYTES.subarray(0, 90_000)), 0);
    source.close();
    file.close();
    assert.deepEqual(openFiles(), before);
  }
});

test('bytes that were read before come first', async () => {
  const [left, right] = socketPair();
  await left.write(BYTES.subarray(70_000));
  left.close();
  const source = new Fd(runtime, right.release(), { buffered: BYTES.subarray(0, 70_000) });
  const p = pipe({ capacity: 1 << 20 });
  assert.equal((await tee(runtime, source, [p.writer], { limit: 30_000 })).bytes, 30_000);
  assert.equal((await tee(runtime, source, [p.writer])).bytes, 70_000);
  p.writer.close();
  assert.equal(Buffer.compare(await drain(p.reader), BYTES), 0);
  source.close();
});

test('a source that is closed ends everything, a target only itself', async () => {
  const [source, kept, closed] = [pipe(), pipe(), pipe({ capacity: 4096 })];
  const teeing = tee(runtime, source.reader, [kept.writer, closed.writer]);
  await source.writer.write(BYTES.subarray(0, 5000));
  await turns(5);
  closed.writer.close();
  assert.throws(() => closed.writer.fd, { code: 'ERR_SLUICE_CLOSED' });
  await turns(5);
  source.reader.close();
  await assert.rejects(teeing, (error: TeeFailure) => {
    assert.equal((error as NodeJS.ErrnoException).code, 'ERR_SLUICE_CLOSED');
    assert.deepEqual(
      error.result.targets.map((target) => [target.bytes, codeOf(target)]),
      [
        [5000, undefined],
        [4096, 'ERR_SLUICE_CLOSED'],
      ],
    );
    return true;
  });
  for (const made of [source, kept, closed]) made[Symbol.dispose]();
});

test('limit leaves the rest in the source', async () => {
  using source = sourceOf(BYTES);
  using p = pipe({ capacity: 1 << 20 });
  assert.equal((await tee(runtime, source.fd, [p.writer.fd], { limit: 5000 })).bytes, 5000);
  assert.equal((await tee(runtime, source.fd, [p.writer.fd], { limit: 0 })).bytes, 0);
  assert.equal((await tee(runtime, source.fd, [p.writer.fd])).bytes, BYTES.length - 5000);
  p.writer.close();
  assert.equal(Buffer.compare(await drain(p.reader), BYTES), 0);
});

test('an abort ends every wait with the reason', async () => {
  const before = openFiles();
  for (const blocked of ['source', 'target', 'socket that blocks']) {
    const source = blocked === 'source' ? pipe() : undefined;
    const reader = source?.reader ?? sourceOf(BYTES);
    const [stuck, other] = socketPair();
    stuck.nonBlocking = blocked !== 'socket that blocks';
    linux.setsockopt(stuck.fd, 1, 7, new Uint8Array(Int32Array.of(4096).buffer));
    const controller = new AbortController();
    const teeing = tee(runtime, reader.fd, [stuck.fd], { signal: controller.signal });
    await turns(10);
    controller.abort('enough');
    await assert.rejects(teeing, { name: 'AbortError', cause: 'enough' });
    for (const fd of [reader, stuck, other, source?.writer]) fd?.close();
  }
  assert.deepEqual(openFiles(), before);
});

test('an abort is heard from the first moment on', async () => {
  using source = pipe();
  using target = pipe();
  const controller = new AbortController();
  const { signal } = controller;
  const teeing = tee(runtime, source.reader, [target.writer], { signal });
  controller.abort('at once');
  const deaf = turns(100).then(() => source.writer.close());
  await assert.rejects(teeing, { name: 'AbortError', cause: 'at once' });
  await deaf;
});

test('progress is told ten times a second at most, and at the end', async () => {
  const told: number[] = [];
  const clock = new VirtualClock();
  using p = pipe({ capacity: 4096 });
  using target = pipe({ capacity: 1 << 20 });
  const onProgress = (bytes: number) => told.push(bytes);
  const teeing = tee(runtimeOver(linux, clock), p.reader.fd, [target.writer.fd], { onProgress });
  for (const step of [0, 50, 50, 10]) {
    await p.writer.write(text('x'));
    await turns(5);
    clock.advance(step);
  }
  p.writer.close();
  await teeing;
  assert.deepEqual(told, [1, 3, 4]);
});

test('a source or target that is not open, or cannot be read, is refused', async () => {
  using p = pipe();
  await assert.rejects(tee(runtime, 1 << 20, [p.writer.fd]), { code: 'EBADF' });
  await assert.rejects(tee(runtime, p.reader.fd, [1 << 20]), { code: 'EBADF' });
  await assert.rejects(tee(runtime, p.writer.fd, [p.writer.fd]), { code: 'EBADF' });
  await assert.rejects(tee(runtime, sourceOf(text('x')).fd, [p.reader.fd]), { code: 'EBADF' });
});

test('where a target is refused, bytes that were read before are still there', async () => {
  using p = pipe();
  using source = new Fd(runtime, p.reader.release(), { buffered: BYTES.subarray(0, 1000) });
  await assert.rejects(tee(runtime, source, [1 << 20]), { code: 'EBADF' });
  assert.equal(source.buffered, 1000);
});

test('arguments that make no sense are named', async () => {
  using p = pipe();
  const wrong: [unknown, unknown, unknown, RegExp][] = [
    ['x', [p.writer], {}, /"source"/],
    [p.reader, p.writer, {}, /"targets"/],
    [p.reader, [], {}, /"targets"/],
    [p.reader, [p.writer, null], {}, /"targets\[1\]"/],
    [p.reader, [p.writer], { limit: -1 }, /"limit"/],
    [p.reader, [p.writer], { onTargetError: 'ignore' }, /"onTargetError"/],
    [p.reader, [p.writer], { onSlowTarget: 'abort' }, /"onSlowTarget"/],
    [p.reader, [p.writer], { slowTargetTimeoutMs: '1s' }, /"slowTargetTimeoutMs"/],
    [p.reader, [p.writer], { onProgress: 1 }, /"onProgress"/],
    [p.reader, [p.writer], { signal: 1 }, /"signal"/],
  ];
  for (const [source, targets, options, message] of wrong) {
    const teeing = tee(runtime, source as Fd, targets as Fd[], options as TeeOptions);
    await assert.rejects(teeing, { code: /^ERR_(INVALID_ARG_TYPE|OUT_OF_RANGE)$/, message });
  }
});
