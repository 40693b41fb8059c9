// The flows over the sim kernel, in virtual time: many orders of events, each from a seed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fd } from '../../src/fd/fd.js';
import * as f from '../../src/kernel/flags.js';
import { createRuntime, Scheduler, SimKernel } from '../../src/sim.js';
import { pattern, succeeds } from '../helpers/claims.js';
import { tcpPair } from '../helpers/sockets.js';

const SEEDS = Array.from({ length: 40 }, (_, index) => index + 1);
const BYTES = pattern(300_000);

/** A machine, its time and the flows on it. */
function world(seed: number) {
  const scheduler = new Scheduler({ seed });
  const { clock } = scheduler;
  const kernel = new SimKernel(scheduler);
  return { kernel, scheduler, clock, ...createRuntime({ kernel, clock }) };
}

async function feed(writer: Fd, bytes = BYTES): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += await writer.write(bytes.subarray(at, at + 50_000));
}

async function drain(reader: Fd): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const bytes = new Uint8Array(30_000);
    const count = await reader.read(bytes);
    if (count === 0) return Buffer.concat(pieces);
    pieces.push(bytes.subarray(0, count));
  }
}

/** Nothing but what the poller keeps is open, and no page is in use. */
function assertEmpty(kernel: SimKernel): void {
  const { objects, pagesInUse } = kernel.inspect();
  const kinds = objects.map(({ kind }) => kind);
  assert.deepEqual([kinds.filter((kind) => kind !== 'eventpoll'), pagesInUse], [[], 0]);
}

test('sim: a copy from pipe to pipe passes every byte, in any order of events', async () => {
  for (const seed of SEEDS) {
    const { kernel, scheduler, pipe, copy } = world(seed);
    const [source, target] = [pipe(), pipe()];
    const feeding = feed(source.writer).then(() => source.writer.close());
    const copying = copy(source.reader, target.writer).finally(() => target.writer.close());
    const received = await scheduler.run(drain(target.reader));
    const result = await scheduler.run(copying);
    await feeding;
    assert.equal(result.bytes, BYTES.length);
    assert.deepEqual(received, Buffer.from(BYTES), `seed ${seed}`);
    for (const fd of [source.reader, target.reader]) fd.close();
    assertEmpty(kernel);
  }
});

test('sim: a relay between two socket pairs carries both ways and both ends', async () => {
  for (const seed of SEEDS) {
    const { kernel, scheduler, socketPair, relay } = world(seed);
    const [client, near] = socketPair();
    const [far, server] = socketPair();
    const answer = BYTES.subarray(0, 70_000);
    const relaying = relay(near, far);
    const asking = feed(client).then(() => client.shutdown('write'));
    const answering = feed(server, answer).then(() => server.shutdown('write'));
    const [request, response] = await scheduler.run(Promise.all([drain(server), drain(client)]));
    const result = await scheduler.run(relaying);
    await scheduler.run(Promise.all([asking, answering]));
    assert.deepEqual(result, { sent: BYTES.length, received: answer.length, reset: false });
    assert.deepEqual([request, response], [Buffer.from(BYTES), Buffer.from(answer)]);
    for (const fd of [client, server]) fd.close();
    assertEmpty(kernel);
  }
});

test('sim: a relay between two TCP connections splices, and carries both ends', async () => {
  for (const seed of SEEDS) {
    const { kernel, scheduler, adopt, relay } = world(seed);
    const [client, near] = tcpPair(kernel).map((fd) => adopt(fd)) as [Fd, Fd];
    const [far, server] = tcpPair(kernel).map((fd) => adopt(fd)) as [Fd, Fd];
    const relaying = relay(near, far);
    const asking = feed(client).then(() => client.shutdown('write'));
    const request = await scheduler.run(drain(server));
    await scheduler.run(Promise.all([asking, feed(server, BYTES.subarray(0, 9))]));
    server.close();
    const response = await scheduler.run(drain(client));
    const result = await scheduler.run(relaying);
    assert.deepEqual(result, { sent: BYTES.length, received: 9, reset: false });
    assert.deepEqual([request, response], [Buffer.from(BYTES), Buffer.from(BYTES.subarray(0, 9))]);
    const { splice } = kernel.inspect().counters;
    assert.equal(splice?.bytesCopied, 0);
    client.close();
    assertEmpty(kernel);
  }
});

test('sim: a relay over TCP shows a reset as a reset', async () => {
  for (const seed of SEEDS) {
    const { kernel, scheduler, adopt, relay } = world(seed);
    const [client, near] = tcpPair(kernel).map((fd) => adopt(fd)) as [Fd, Fd];
    const [far, server] = tcpPair(kernel).map((fd) => adopt(fd)) as [Fd, Fd];
    const relaying = relay(near, far);
    succeeds(kernel.connect(server.fd, new Uint8Array(16)), 0);
    await assert.rejects(scheduler.run(drain(client)), { code: 'ECONNRESET' });
    const result = await scheduler.run(relaying);
    assert.deepEqual(result, { sent: 0, received: 0, reset: true });
    for (const fd of [client, server]) fd.close();
    assertEmpty(kernel);
  }
});

test('sim: a tee gives every target every byte', async () => {
  for (const seed of SEEDS) {
    const { kernel, scheduler, pipe, tee } = world(seed);
    const source = pipe();
    const targets = [pipe(), pipe(), pipe()];
    const feeding = feed(source.writer).then(() => source.writer.close());
    const writers = targets.map(({ writer }) => writer);
    const teeing = tee(source.reader, writers).finally(() => {
      for (const writer of writers) writer.close();
    });
    const received = await scheduler.run(Promise.all(targets.map(({ reader }) => drain(reader))));
    const { bytes } = await scheduler.run(teeing);
    await feeding;
    assert.equal(bytes, BYTES.length);
    for (const each of received) assert.deepEqual(each, Buffer.from(BYTES), `seed ${seed}`);
    for (const fd of [source.reader, ...targets.map(({ reader }) => reader)]) fd.close();
    assertEmpty(kernel);
  }
});

test('sim: a relay that is idle for an hour ends after an hour, which takes no time', async () => {
  const { clock, scheduler, socketPair, relay } = world(1);
  const [client, near] = socketPair();
  const [far, server] = socketPair();
  const relaying = relay(near, far, { idleTimeoutMs: 3_600_000 });
  await assert.rejects(scheduler.run(relaying), { code: 'ERR_SLUICE_IDLE' });
  assert.ok(clock.now() >= 3_600_000 && clock.now() < 2 * 3_600_000);
  for (const fd of [client, server]) fd.close();
});

test('sim: F6: a copy is refused while SIGPIPE would end the process', async () => {
  const { kernel, scheduler, pipe, copy } = world(1);
  kernel.sigaction(f.SIGPIPE, 'default');
  using source = pipe();
  using target = pipe();
  const copying = scheduler.run(copy(source.reader, target.writer));
  await assert.rejects(copying, { code: 'ERR_SLUICE_SIGPIPE' });
});
