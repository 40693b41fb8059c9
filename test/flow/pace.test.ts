/** The limits in time, the same for every flow. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fd } from '../../src/fd/fd.js';
import { pipe, socketPair } from '../../src/fd/pipe.js';
import type { Runtime } from '../../src/fd/runtime.js';
import { copy } from '../../src/flow/copy.js';
import { relay } from '../../src/flow/relay.js';
import { tee } from '../../src/flow/tee.js';
import { SluiceError } from '../../src/kernel/error.js';
import { linux } from '../../src/kernel/linux.js';
import { pattern } from '../helpers/claims.js';
import { VirtualClock } from '../helpers/clock.js';
import { runtimeOver } from '../helpers/flows.js';
import { turns } from '../helpers/turns.js';

interface Limits {
  readonly idleTimeoutMs?: number;
  readonly minBytesPerSecond?: number;
}

/** A flow whose source is written to by hand; its targets have room for everything. */
interface Running {
  readonly writer: Fd;
  readonly done: Promise<unknown>;
  readonly ends: readonly Disposable[];
}

const FLOWS: Record<string, (runtime: Runtime, limits: Limits) => Running> = {
  copy(runtime, limits) {
    const [from, to] = [pipe(runtime), pipe(runtime)];
    return {
      writer: from.writer,
      done: copy(runtime, from.reader, to.writer, limits),
      ends: [from, to],
    };
  },
  tee(runtime, limits) {
    const [from, ...to] = [pipe(runtime), pipe(runtime), pipe(runtime)];
    const targets = to.map(({ writer }) => writer);
    return {
      writer: from.writer,
      done: tee(runtime, from.reader, targets, limits),
      ends: [from, ...to],
    };
  },
  relay(runtime, limits) {
    const [from, to] = [socketPair(runtime), socketPair(runtime)];
    return { writer: from[0], done: relay(runtime, from[1], to[0], limits), ends: [from, to] };
  },
};

async function write(writer: Fd, count: number): Promise<void> {
  assert.equal(await writer.write(pattern(count)), count);
  await turns(5);
}

for (const [name, start] of Object.entries(FLOWS)) {
  test(`${name}: minBytesPerSecond is judged over ten seconds, with its own error`, async () => {
    const clock = new VirtualClock();
    const { writer, done, ends } = start(runtimeOver(linux, clock), { minBytesPerSecond: 10 });
    const failing = assert.rejects(done, (error: SluiceError) => {
      assert.ok(error instanceof SluiceError);
      assert.equal(error.code, 'ERR_SLUICE_SLOW');
      assert.match(error.message, /9\.9 bytes a second moved, fewer than 10$/);
      return true;
    });
    await turns(5);
    for (const count of [100, 1, 99, 99]) {
      await write(writer, count);
      clock.advance(count === 1 ? 0 : 10_000);
      await turns(5);
    }
    await failing;
    assert.equal(clock.timers, 0);
    for (const end of ends) end[Symbol.dispose]();
  });

  test(`${name}: idleTimeoutMs counts from the last byte`, async () => {
    const clock = new VirtualClock();
    const { writer, done, ends } = start(runtimeOver(linux, clock), { idleTimeoutMs: 1000 });
    const failing = assert.rejects(done, { code: 'ERR_SLUICE_IDLE' });
    await turns(5);
    for (let n = 0; n < 3; n++) {
      clock.advance(900);
      await write(writer, 1);
    }
    clock.advance(999);
    assert.equal(clock.timers, 1);
    clock.advance(1);
    await failing;
    assert.equal(clock.timers, 0);
    for (const end of ends) end[Symbol.dispose]();
  });
}

test('tee: a slow target that takes a little now and then is not idle', async () => {
  const clock = new VirtualClock();
  const runtime = runtimeOver(linux, clock);
  using from = pipe(runtime);
  using slow = pipe(runtime, { capacity: 4096 });
  using swift = pipe(runtime);
  const done = tee(runtime, from.reader, [slow.writer, swift.writer], { idleTimeoutMs: 1000 });
  assert.equal(await from.writer.write(pattern(32_768)), 32_768);
  from.writer.close();
  for (let taken = 0; taken < 32_768; ) {
    clock.advance(900);
    taken += await slow.reader.read(new Uint8Array(4096));
    await turns(5);
  }
  assert.equal((await done).bytes, 32_768);
});
