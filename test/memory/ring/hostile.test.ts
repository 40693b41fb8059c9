/** The memory of a ring in the hands of a peer that writes what it likes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { type Fd, RingChannel, RingError } from '../../../src/index.js';
import { mulberry32 } from '../../../src/kernel/random.js';
import * as l from '../../../src/memory/ring/layout.js';
import { mapLane } from '../../../src/memory/ring/memory.js';
import { LaneReader, NONE } from '../../../src/memory/ring/reader.js';
import { LaneWriter } from '../../../src/memory/ring/writer.js';
import { linuxRuntime } from '../../../src/node/runtime.js';
import { pattern } from '../../helpers/claims.js';
import { lane, type TestLane } from './lane.js';
import { seedOf, sharedWords } from './traffic.js';

const CAPACITY = 4096;
const ROUNDS = 20_000;
const seed = seedOf();

/** Numbers that have hurt others. */
const NASTY = [0, 1, -1, 4, 8, 15, 16, 4095, 4096, 4097, 8192, 2 ** 31 - 1, -(2 ** 31), 1 << 30];

type Chance = () => number;

function word(random: Chance): number {
  const nasty = NASTY[Math.floor(random() * NASTY.length * 2)];
  return nasty ?? Math.floor(random() * 2 ** 32) | 0;
}

/** A header that is right but for one thing, or random words. */
function forge({ words, geometry, control }: TestLane, random: Chance): void {
  const head = control[l.HEAD] as number;
  const near = random() < 0.5 ? head : (control[l.TAIL] as number);
  const position = near + 8 * Math.floor(random() * 4);
  const at = (position & (CAPACITY - 1)) >>> 2;
  const length = word(random);
  const sequence = random() < 0.5 ? Math.floor(random() * 4) : word(random);
  words[at] = length;
  if (random() < 0.8) words[at + 1] = sequence;
  if (random() < 0.8) words[at + 2] = l.checkOf(length, sequence, position, geometry.salt);
  control[l.HEAD] = random() < 0.5 ? (position + 16 + word(random)) | 0 : position + 64;
}

const TARGETS = [l.HEAD, l.TAIL, l.WAKE_TAIL, l.SENDER_SLEEPS, l.RECEIVER_SLEEPS, l.SENDER_STATE];

function harm(memory: TestLane, random: Chance): void {
  const kind = random();
  if (kind < 0.4) forge(memory, random);
  else if (kind < 0.6) {
    memory.control[TARGETS[Math.floor(random() * TARGETS.length)] as number] = word(random);
  } else memory.words[Math.floor(random() * memory.words.length)] = word(random);
}

/** Whether it threw the one error that it may throw. */
function throwsCorrupt(use: () => void): boolean {
  try {
    use();
    return false;
  } catch (error) {
    assert.ok(error instanceof RingError, `${error}`);
    assert.equal(error.code, 'ERR_SLUICE_RING_CORRUPT');
    return true;
  }
}

test(`S5: a mad sender: ${ROUNDS} rings, only typed errors, seed ${seed}`, (t) => {
  const random = mulberry32(seed);
  const memory = lane(CAPACITY);
  const fresh = l.formatted(memory.geometry);
  let refused = 0;
  let taken = 0;
  for (let round = 0; round < ROUNDS; round++) {
    memory.control.set(fresh);
    const writer = new LaneWriter(memory);
    const reader = new LaneReader(memory);
    for (let step = 0; step < 6; step++) {
      throwsCorrupt(() => writer.write(pattern(Math.floor(random() * 300), step)));
      if (random() < 0.4) harm(memory, random);
      const bad = throwsCorrupt(() => {
        const length = reader.next();
        if (length === NONE) return void reader.sleep();
        assert.ok(length >= 0 && length <= CAPACITY - l.HEADER_BYTES);
        if (random() < 0.3) {
          if (random() < 0.3) harm(memory, random);
          const many: Uint8Array[] = [];
          assert.ok(reader.takeMany(many, 5) <= CAPACITY);
          taken += many.length;
          return;
        }
        assert.equal(reader.view().length, length);
        assert.equal(reader.copy().length, length);
        reader.release();
        reader.takeSleeper();
        taken++;
      });
      if (bad) refused++;
    }
  }
  memory.unmap();
  t.diagnostic(`${taken} messages taken, ${refused} times refused`);
  assert.ok(refused > ROUNDS / 10 && taken > ROUNDS);
});

test(`S5: a mad receiver: only typed errors, seed ${seed}`, () => {
  const random = mulberry32(seed);
  const memory = lane(CAPACITY);
  const fresh = l.formatted(memory.geometry);
  let refused = 0;
  for (let round = 0; round < ROUNDS; round++) {
    memory.control.set(fresh);
    const writer = new LaneWriter(memory);
    for (let step = 0; step < 6; step++) {
      if (random() < 0.2) memory.control[l.TAIL] = word(random);
      if (random() < 0.2) harm(memory, random);
      const length = Math.floor(random() * writer.maxLength);
      const bad = throwsCorrupt(() => {
        const place = writer.reserve(length);
        if (place === undefined) return void writer.sleep(length);
        assert.equal(place.length, length);
        writer.commit(Math.floor(random() * length));
        writer.takeSleeper();
      });
      if (bad) refused++;
    }
  }
  memory.unmap();
  assert.ok(refused > ROUNDS / 10);
});

test('S5: a receiver cuts a sender off that writes nonsense, and goes on with others', async () => {
  const ring = RingChannel.create({ capacity: CAPACITY, producers: 2 });
  const receiver = ring.receiver.open();
  const [bad, good] = ring.senders as [Sender, Sender];
  const words = bad.give(([memory]) => sharedWords((memory as Fd).fd));
  words[l.HEAD] = 12;
  words[l.SENDER_STATE] = l.OPEN;
  const sender = good.open();
  await sender.send(pattern(10));
  const messages = [receiver.receive(), receiver.receive()];
  const [outcome] = (await Promise.allSettled(messages)).filter((one) => one.status === 'rejected');
  assert.equal(outcome?.reason.code, 'ERR_SLUICE_RING_CORRUPT');
  assert.equal(outcome?.reason.lane, 0);
  await sender.send(pattern(20));
  assert.equal((await receiver.receive())?.length, 20);
  sender.close();
  assert.equal(await receiver.receive(), undefined);
  receiver.close();
});

test('S5: batches give what was sent before the nonsense, and then say so', async () => {
  const ring = RingChannel.create({ capacity: CAPACITY });
  const receiver = ring.receiver.open();
  const sizes: number[] = [];
  (ring.senders[0] as Sender).give(([memory]) => {
    const mad = mapLane(linuxRuntime, (memory as Fd).fd);
    const writer = new LaneWriter(mad);
    for (let count = 0; count < 4; count++) writer.write(pattern(100));
    mad.words[(3 * l.frameBytes(100)) / 4] = 99;
    mad.unmap();
  });
  const take = async () => {
    for await (const batch of receiver.batches()) sizes.push(batch.length);
  };
  await assert.rejects(take(), { code: 'ERR_SLUICE_RING_CORRUPT' });
  assert.deepEqual(sizes, [3]);
  receiver.close();
});

test('S5: who is told of a lost sender may close the receiver', async () => {
  const ring = RingChannel.create({ capacity: CAPACITY, producers: 3 });
  const receiver = ring.receiver.open({ onLost: () => receiver.close() });
  for (const end of ring.senders.slice(0, 2)) {
    end.give(([memory]) => {
      sharedWords((memory as Fd).fd)[l.HEAD] = 12;
    });
  }
  assert.equal(await receiver.receive(), undefined);
  await assert.rejects(receiver.receive(), { code: 'ERR_SLUICE_CLOSED' });
  ring[Symbol.dispose]();
});

type Sender = RingChannel['senders'][number];

const SCRIBBLER = new URL('./scribbling.worker.js', import.meta.url);

test(`S5: a thread scribbles over rings while they are read, seed ${seed}`, {
  timeout: 60_000,
}, async (t) => {
  const rings = 400;
  const worker = new Worker(SCRIBBLER, { workerData: { seed } });
  const outcomes = { corrupt: 0, gone: 0, messages: 0 };
  for (let round = 0; round < rings; round++) await readScribbled(worker, outcomes);
  await worker.terminate();
  t.diagnostic(JSON.stringify(outcomes));
  assert.equal(outcomes.corrupt + outcomes.gone, rings);
  assert.ok(outcomes.corrupt > 0);
});

async function readScribbled(
  worker: Worker,
  outcomes: { corrupt: number; gone: number; messages: number },
): Promise<void> {
  const ring = RingChannel.create({ capacity: CAPACITY });
  const receiver = ring.receiver.open();
  (ring.senders[0] as Sender).give((fds) =>
    worker.postMessage(fds.map((fd) => fd.dup().release())),
  );
  try {
    for await (const message of receiver) outcomes.messages += Math.min(message.length, 1);
    assert.fail('it never closes');
  } catch (error) {
    assert.ok(error instanceof RingError, `${error}`);
    outcomes[error.code === 'ERR_SLUICE_RING_CORRUPT' ? 'corrupt' : 'gone']++;
  }
  receiver.close();
}
