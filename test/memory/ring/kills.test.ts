/**
 * kill -9 at moments of chance. SLUICE_KILLS=1000 does it that often, SLUICE_SEED=N repeats what
 * was printed.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RingChannel, type RingReceiver } from '../../../src/index.js';
import { mulberry32 } from '../../../src/kernel/random.js';
import { counter, start } from './peers.js';
import { same, seedOf, traffic } from './traffic.js';

const { SLUICE_KILLS: KILLS = '200' } = process.env;
const AT_ONCE = 4;
const CAPACITY = 16_384;
const LONGEST = CAPACITY - 16;
/** How many messages a writer may send before it is killed, at most. */
const MOST_MESSAGES = 1000;
const gone = { code: 'ERR_SLUICE_PEER_GONE' };

type End = RingChannel['senders'][number];

/** Receives the traffic of a seed and kills its writer on the way; answers how many came. */
async function receiveAndKill(receiver: RingReceiver, seed: number, kill: () => void) {
  const random = mulberry32(seed + 2);
  const next = traffic(seed, LONGEST);
  const last = Math.floor(random() * MOST_MESSAGES);
  let received = 0;
  const take = async () => {
    for (;;) {
      if (received === last) setTimeout(kill, random() * 3);
      const message = await receiver.receive();
      same(message as Uint8Array, next(), received++);
      // Sometimes the ring is full when it happens, and its writer asleep.
      if (random() < 0.001) await new Promise((resolve) => setTimeout(resolve, random() * 4));
    }
  };
  await assert.rejects(take(), gone);
  return received;
}

/** One writer and its death; answers how many messages came. */
async function oneKill(seed: number): Promise<number> {
  const ring = RingChannel.create({ capacity: CAPACITY });
  const receiver = ring.receiver.open();
  const counted = counter();
  const [end] = ring.senders as [End];
  const { child, ended } = end.give((fds) => start(['write', seed, 1e9], [...fds, counted.fd]));
  const received = await receiveAndKill(receiver, seed, () => child.kill('SIGKILL'));
  assert.equal(await ended, 'SIGKILL');
  const committed = counted.count;
  // It may have died between the message and its count.
  assert.ok(received === committed || received === committed + 1, `${received} of ${committed}`);
  assert.equal(receiver.ended, true);
  counted.close();
  receiver.close();
  return received;
}

const first = seedOf();

test(`S4: ${KILLS} writers killed, seed ${first}: 0 torn, 0 repeated, 0 lost, 0 stuck`, {
  timeout: 3 * 60_000 + Number(KILLS) * 1000,
}, async (t) => {
  let next = 0;
  let messages = 0;
  const line = async () => {
    while (next < Number(KILLS)) {
      const received = await oneKill(first + next++);
      messages += received;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, line));
  t.diagnostic(`${KILLS} kills, ${messages} messages`);
});

test(`S4: a killed receiver is told to its sender, seed ${first}`, {
  timeout: 60_000,
}, async () => {
  const random = mulberry32(first);
  for (let round = 0; round < 10; round++) {
    const ring = RingChannel.create({ capacity: CAPACITY });
    const sender = (ring.senders[0] as End).open();
    const counted = counter();
    const parameters = ['read', first, LONGEST];
    const { child, ended } = ring.receiver.give((fds) => start(parameters, [...fds, counted.fd]));
    const next = traffic(first, LONGEST);
    const last = Math.floor(random() * MOST_MESSAGES);
    const send = async () => {
      for (let sent = 0; ; sent++) {
        if (sent === last) child.kill('SIGKILL');
        await sender.send(next());
      }
    };
    await assert.rejects(send(), gone);
    await assert.rejects(
      sender.send(next()),
      /is gone (without having closed|and had never opened)/,
    );
    assert.equal(await ended, 'SIGKILL');
    counted.close();
    sender.close();
  }
});

test(`S4: three senders are killed one after the other, seed ${first}`, {
  timeout: 60_000,
}, async () => {
  const producers = 3;
  const lost: (number | undefined)[] = [];
  const ring = RingChannel.create({ capacity: CAPACITY, producers });
  const receiver = ring.receiver.open({ onLost: ({ lane }) => lost.push(lane) });
  const counted = counter();
  const peers = ring.senders.map((end) =>
    end.give((fds) => start(['count', ring.senders.indexOf(end)], [...fds, counted.fd])),
  );
  const counts = [0, 0, 0];
  const from = async (index: number, rounds: number) => {
    for (let round = 0; round < rounds; ) {
      const [sender, count] = (await receiver.receive()) as unknown as [number, number];
      assert.equal(count, (counts[sender] as number)++ % 256);
      if (sender === index) round++;
    }
  };
  for (const [index, { child, ended }] of peers.entries()) {
    await from(index, 500);
    child.kill('SIGKILL');
    assert.equal(await ended, 'SIGKILL');
    if (index < 2) await from(index + 1, 500);
  }
  while ((await receiver.receive()) !== undefined);
  assert.deepEqual(lost.sort(), [0, 1, 2]);
  counted.close();
  receiver.close();
});
