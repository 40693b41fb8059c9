import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { RingChannel, type RingReceiver, type RingSender } from '../../../src/index.js';
import { counter, start } from './peers.js';
import { same, seedOf, traffic } from './traffic.js';

const CAPACITY = 16_384;
const COUNT = 20_000;
const seed = seedOf();
const options = { timeout: 60_000 };

type End = RingChannel['senders'][number];

async function receiveAll(receiver: RingReceiver, longest: number): Promise<number> {
  const next = traffic(seed, longest);
  let index = 0;
  for (;;) {
    const peeked = index % 3 === 0 ? receiver.peek() : undefined;
    const message = peeked ?? (await receiver.receive());
    if (message === undefined) return index;
    same(message, next(), index++);
    if (peeked !== undefined) receiver.release();
  }
}

test(`ring: another process sends ${COUNT} messages, seed ${seed}`, options, async () => {
  const ring = RingChannel.create({ capacity: CAPACITY });
  const receiver = ring.receiver.open();
  const counted = counter();
  const [end] = ring.senders as [End];
  const { ended } = end.give((fds) => start(['write', seed, COUNT], [...fds, counted.fd]));
  assert.equal(await receiveAll(receiver, CAPACITY - 16), COUNT);
  assert.equal(await ended, 0);
  assert.equal(counted.count, COUNT);
  counted.close();
  receiver.close();
});

test(`ring: another process receives ${COUNT} messages, seed ${seed}`, options, async () => {
  const ring = RingChannel.create({ capacity: CAPACITY });
  const sender = (ring.senders[0] as End).open();
  const counted = counter();
  const { maxLength } = sender;
  const { ended } = ring.receiver.give((fds) =>
    start(['read', seed, maxLength], [...fds, counted.fd]),
  );
  const next = traffic(seed, maxLength);
  for (let index = 0; index < COUNT; index++) await sender.send(next());
  sender.close();
  assert.equal(await ended, 0);
  assert.equal(counted.count, COUNT);
  counted.close();
});

const { SLUICE_HAND_OFFS: HAND_OFFS = '10000' } = process.env;

for (const spin of [0, 30]) {
  test(`ring: ${HAND_OFFS} messages there and back, spin: ${spin}`, options, async () => {
    const there = RingChannel.create({ capacity: 4096 });
    const back = RingChannel.create({ capacity: 4096 });
    const sender = (there.senders[0] as End).open({ spin });
    const receiver = back.receiver.open({ spin });
    const { ended } = there.receiver.give((receiving) =>
      (back.senders[0] as End).give((sending) => start(['echo', spin], [...receiving, ...sending])),
    );
    await pingPong(sender, receiver, Number(HAND_OFFS));
    sender.close();
    assert.equal(await receiver.receive(), undefined);
    assert.equal(await ended, 0);
    receiver.close();
  });
}

async function pingPong(sender: RingSender, receiver: RingReceiver, rounds: number): Promise<void> {
  const next = traffic(seed, 500);
  for (let index = 0; index < rounds; index++) {
    const message = next();
    await sender.send(message);
    same((await receiver.receive()) as Uint8Array, message, index);
  }
}

const WORKER = new URL('./sending.worker.js', import.meta.url);

test('ring: three workers send at once, and close', options, async () => {
  const ring = RingChannel.create({ capacity: CAPACITY, producers: 3 });
  const receiver = ring.receiver.open();
  const rounds = 5000;
  for (const [index, end] of ring.senders.entries()) {
    end.giveToWorker((numbers) => new Worker(WORKER, { workerData: { numbers, index, rounds } }));
  }
  const counts = [0, 0, 0];
  for await (const batch of receiver.batches()) {
    for (const message of batch) {
      const [index, count] = new Uint32Array(message.buffer, message.byteOffset, 2);
      assert.equal(count, (counts[index as number] as number)++);
    }
  }
  assert.deepEqual(counts, [rounds, rounds, rounds]);
  receiver.close();
});

const INDEX = new URL('../../../src/index.js', import.meta.url).href;

test('ring: only who waits keeps the program alive', options, () => {
  const program = `
    import { RingChannel } from '${INDEX}';
    const ring = RingChannel.create({ capacity: 4096 });
    const receiver = ring.receiver.open();
    const sender = ring.senders[0].open();
    setTimeout(() => sender.send(new Uint8Array(100)), 50).unref();
    console.log((await receiver.receive()).length);
  `;
  const parameters = ['--input-type=module', '-e', program];
  const { status, stdout } = spawnSync(process.execPath, parameters, { encoding: 'utf8' });
  assert.deepEqual({ status, stdout }, { status: 0, stdout: '100\n' });
});
