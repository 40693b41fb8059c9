/** Ends of a ring in workers, which end as they like. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { closeSync, fstatSync, openSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { RingChannel, RingReceiver } from '../../../src/index.js';
import { node, onBothDoors, outcome, workers } from '../../helpers/doors.js';

const SENDING = new URL('./sending.worker.js', import.meta.url);
const RECEIVING = new URL('./receiving.worker.js', import.meta.url);
const FAILING = new URL('./failing.worker.js', import.meta.url);
const CREATING = new URL('./creating.worker.js', import.meta.url);
const gone = { code: 'ERR_SLUICE_PEER_GONE' };
const options = { timeout: 60_000 };

type End = RingChannel['senders'][number];

const descriptors = () => readdirSync('/proc/self/fd').length;

/** What waits for descriptors opens some of its own, once. */
function warmUp(): void {
  const ring = RingChannel.create();
  ring.receiver.open().close();
  ring[Symbol.dispose]();
}

test('S4: a worker that sends and is terminated is noticed', options, async () => {
  warmUp();
  const before = descriptors();
  for (let round = 0; round < 10; round++) {
    const ring = RingChannel.create({ capacity: 1 << 16 });
    const receiver = ring.receiver.open();
    const worker = (ring.senders[0] as End).giveToWorker(
      (numbers) => new Worker(SENDING, { workerData: { numbers, index: 0 } }),
    );
    const exited = once(worker, 'exit');
    const receive = async () => {
      for (let count = 0; ; count++) {
        const message = (await receiver.receive()) as Uint8Array;
        assert.equal(new Uint32Array(message.buffer, message.byteOffset, 2)[1], count);
        if (count === 100 * round) void worker.terminate();
      }
    };
    await assert.rejects(receive(), gone);
    await exited;
    receiver.close();
  }
  assert.equal(descriptors(), before);
});

test('S4: a worker that receives and is terminated is noticed', options, async () => {
  const ring = RingChannel.create({ capacity: 1 << 16 });
  const sender = (ring.senders[0] as End).open();
  const worker = ring.receiver.giveToWorker(
    (numbers) => new Worker(RECEIVING, { workerData: numbers }),
  );
  await once(worker, 'message');
  await worker.terminate();
  const send = async () => {
    for (;;) await sender.send(new Uint8Array(1000));
  };
  await assert.rejects(send(), gone);
  sender.close();
});

test('ring: an end stays where no worker was made of it', () => {
  const before = descriptors();
  const ring = RingChannel.create();
  const [end] = ring.senders as [End];
  const hand = () => {
    throw new Error('no worker');
  };
  assert.throws(() => end.giveToWorker(hand), /no worker/);
  assert.equal(end.gone, false);
  ring[Symbol.dispose]();
  assert.equal(descriptors(), before);
});

test('S4: a worker that ends before it has opened its end is noticed', options, async () => {
  const before = descriptors();
  const ring = RingChannel.create();
  const receiver = ring.receiver.open();
  (ring.senders[0] as End).giveToWorker(() => new Worker('', { eval: true }));
  await assert.rejects(receiver.receive(), /never opened the ring/);
  receiver.close();
  assert.equal(descriptors(), before);
});

test('F1: what a worker closed that could not open its end is closed once', options, async () => {
  const ring = RingChannel.create();
  const receiver = ring.receiver.open();
  let numbers: number[] = [];
  const worker = (ring.senders[0] as End).giveToWorker((given) => {
    numbers = given;
    return new Worker(FAILING, { workerData: given });
  });
  assert.match((await once(worker, 'message'))[0], /not the memory of a ring/);
  await assert.rejects(receiver.receive(), /never opened the ring/);
  const others = numbers.map(() => openSync('package.json', 'r'));
  assert.deepEqual(others.sort(), numbers.sort(), 'the numbers are free, and others get them');
  worker.postMessage('exit');
  await once(worker, 'exit');
  for (const fd of others) fstatSync(fd);
  for (const fd of others) closeSync(fd);
  receiver.close();
});

test(
  'S4: a worker that made a ring and is terminated is noticed by who got its ends',
  options,
  async () => {
    const worker = new Worker(CREATING);
    const [numbers] = await once(worker, 'message');
    const receiver = RingReceiver.open(numbers);
    assert.equal((await receiver.receive())?.length, 3);
    const lost = [1, 2].map(() => assert.rejects(receiver.receive(), gone));
    await worker.terminate();
    await Promise.all(lost);
    assert.equal(await receiver.receive(), undefined);
    receiver.close();
  },
);

onBothDoors('S4: workers that end with rings in use leave no descriptor', async (door) => {
  const child = node(workers(new URL('./leaving.worker.js', import.meta.url), 1), door);
  assert.deepEqual(await outcome(child), ['10 workers, 0 descriptors more\n', 0]);
});
