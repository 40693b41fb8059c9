/** The channels `sluice:copy`, `sluice:relay`, `sluice:tee`. */
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { tracingChannel } from 'node:diagnostics_channel';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import {
  type CopyTrace,
  copy,
  open,
  pipe,
  type RelayTrace,
  relay,
  socketPair,
  type TeeTrace,
  tee,
} from '../../src/index.js';
import { linux } from '../../src/kernel/linux.js';
import { realClock } from '../../src/node/clock.js';
import { createRuntime, type Tracer, trace } from '../../src/sim.js';

interface Heard {
  readonly events: string[];
  readonly traces: object[];
  /** As each was when its flow began. */
  readonly begun: object[];
}

/** What the subscribers of the channel hear, until the test is over. */
function listen(t: TestContext, name: string): Heard {
  const heard: Heard = { events: [], traces: [], begun: [] };
  const note = (event: string) => (message: unknown) => {
    heard.events.push(event);
    heard.traces.push(message as object);
    if (event === 'start') heard.begun.push({ ...(message as object) });
  };
  const subscribers = {
    start: note('start'),
    end: note('end'),
    asyncStart: note('asyncStart'),
    asyncEnd: note('asyncEnd'),
    error: note('error'),
  };
  const channel = tracingChannel(name);
  channel.subscribe(subscribers);
  t.after(() => channel.unsubscribe(subscribers));
  return heard;
}

test('copy: one object from start to end, with kinds, options and result', async (t) => {
  const { events, traces, begun } = listen(t, 'sluice:copy');
  using file = await open('package.json');
  using made = pipe();
  const options = { offset: 0, limit: 20 };
  const result = await copy(file, made.writer, options);
  assert.deepEqual(begun, [{ source: 'file', target: 'pipe', options }]);
  assert.deepEqual(events, ['start', 'end', 'asyncStart', 'asyncEnd']);
  const told = traces[0] as CopyTrace;
  assert.ok(traces.every((other) => other === told));
  assert.equal(told.result, result);
  assert.ok((told.durationMs as number) >= result.durationMs);
});

test('copy: a failure is an event, and the same error for both', async (t) => {
  const { events, traces } = listen(t, 'sluice:copy');
  using made = pipe();
  const error = await copy(made.writer, made.writer).catch((thrown) => thrown);
  assert.equal(error.code, 'EBADF');
  assert.deepEqual(events, ['start', 'end', 'error', 'asyncStart', 'asyncEnd']);
  const told = traces[0] as CopyTrace;
  assert.equal(told.error, error);
  assert.equal(typeof told.durationMs, 'number');
  assert.equal(told.result, undefined);
});

test('copy: what has no descriptor is a stream; what cannot be told is other', async (t) => {
  const { events, traces } = listen(t, 'sluice:copy');
  using nothing = await open('/dev/null', 'w');
  await copy(Readable.from([Buffer.from('abc')]), nothing);
  const { source, target, result } = traces[0] as CopyTrace;
  assert.deepEqual(
    [source, target, result?.method, events.length],
    ['stream', 'device', 'stream', 4],
  );
  nothing.close();
  await assert.rejects(copy(nothing, -1), { code: 'ERR_SLUICE_CLOSED' });
  const other = traces[4] as CopyTrace;
  assert.deepEqual([other.source, other.target], ['other', 'other']);
});

test('tee: kinds of all targets, and the result', async (t) => {
  const { events, traces } = listen(t, 'sluice:tee');
  const source = pipe();
  using target = pipe();
  using nothing = await open('/dev/null', 'w');
  await source.writer.write(Buffer.from('twice'));
  source.writer.close();
  const result = await tee(source.reader, [target.writer, nothing]);
  source.reader.close();
  assert.deepEqual(events, ['start', 'end', 'asyncStart', 'asyncEnd']);
  const { durationMs, ...told } = traces[0] as TeeTrace;
  const targets = ['pipe', 'device'];
  assert.deepEqual({ ...told }, { source: 'pipe', targets, options: {}, result });
  assert.equal(typeof durationMs, 'number');
});

test('relay: from start to end, and an abort is an error', async (t) => {
  const { events, traces } = listen(t, 'sluice:relay');
  const controller = new AbortController();
  for (const options of [{}, { signal: controller.signal }]) {
    const [client, front] = socketPair();
    const [back, server] = socketPair();
    const relaying = relay(front, back, options).catch((thrown) => thrown);
    await client.write(Buffer.from('abc'));
    await server.read(new Uint8Array(3));
    if (options.signal) controller.abort();
    for (const end of [client, server]) end.close();
    const outcome = await relaying;
    const { durationMs, ...told } = traces.at(-1) as RelayTrace;
    assert.equal(typeof durationMs, 'number');
    const expected = options.signal ? { error: outcome } : { result: outcome };
    assert.deepEqual({ ...told }, { a: 'unix', b: 'unix', options, ...expected });
    assert.equal(outcome.sent, 3);
  }
  const once = ['start', 'end', 'asyncStart', 'asyncEnd'];
  assert.deepEqual(events, [...once, 'start', 'end', 'error', 'asyncStart', 'asyncEnd']);
});

test('what is refused for its arguments is no flow', async (t) => {
  const { events } = listen(t, 'sluice:copy');
  await assert.rejects(copy(0, 1, { limit: -1 }), RangeError);
  assert.deepEqual(events, []);
});

test('a store bound to the channel is there during the flow', async (t) => {
  const storage = new AsyncLocalStorage<string>();
  const { start } = tracingChannel('sluice:copy');
  start.bindStore(storage, () => 'inside');
  t.after(() => start.unbindStore(storage));
  using made = pipe();
  await made.writer.write(Buffer.from('x'));
  using nothing = await open('/dev/null', 'w');
  const seen: (string | undefined)[] = [];
  const onProgress = () => seen.push(storage.getStore());
  await copy(made.reader, nothing, { limit: 1, onProgress });
  assert.deepEqual([seen, storage.getStore()], [['inside'], undefined]);
});

test('where nobody listens a flow makes no call for it', async () => {
  const calls = async (tracer: Tracer | undefined) => {
    const lines: string[] = [];
    const kernel = trace(linux, (line) => lines.push(line.replace(/\(.*/s, '')));
    const runtime = createRuntime({ kernel, clock: realClock, tracer });
    const nothing = await runtime.open('/dev/null', 'r+');
    lines.length = 0;
    await runtime.copy(nothing, nothing);
    await runtime.tee(nothing, [nothing]);
    nothing.close();
    return lines;
  };
  const asked: string[] = [];
  const deaf: Tracer = {
    listens: (name) => asked.push(name) < 0,
    trace: () => assert.fail('nobody listens'),
  };
  assert.deepEqual(await calls(deaf), await calls(undefined));
  assert.deepEqual(asked, ['copy', 'tee']);
});

test('a tracer of another runtime gets flow, description and promise', async () => {
  const told: unknown[] = [];
  const tracer: Tracer = {
    listens: () => true,
    trace(name, { ...description }, run) {
      told.push(name, description);
      return run();
    },
  };
  const runtime = createRuntime({ kernel: linux, clock: realClock, tracer });
  const nothing = await runtime.open('/dev/null', 'r+');
  assert.equal((await runtime.copy(nothing, nothing)).bytes, 0);
  nothing.close();
  assert.deepEqual(told, ['copy', { source: 'device', target: 'device', options: {} }]);
});
