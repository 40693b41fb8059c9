import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import {
  type Fd,
  pipe,
  RingChannel,
  RingReceiver,
  RingSender,
  socketPair,
} from '../../../src/index.js';
import { pattern, string, text } from '../../helpers/claims.js';

const CAPACITY = 4096;
const LONGEST = CAPACITY - 16;

function ends(options = {}): { sender: RingSender; receiver: RingReceiver } {
  const ring = RingChannel.create({ capacity: CAPACITY, ...options });
  return { receiver: ring.receiver.open(), sender: (ring.senders[0] as Sender).open() };
}

const descriptors = () => readdirSync('/proc/self/fd').length;

function pipeEnd(): number {
  const { reader, writer } = pipe();
  writer.close();
  return reader.release();
}

type Sender = RingChannel['senders'][number];

const gone = { code: 'ERR_SLUICE_PEER_GONE' };
const closed = { code: 'ERR_SLUICE_CLOSED' };
const aborted = { name: 'AbortError' };
const misused = { code: 'ERR_SLUICE_RING' };
const outOfRange = { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' };

test('ring: messages come in order, and then the end', async () => {
  const { sender, receiver } = ends();
  for (const word of ['one', 'two', '']) await sender.send(text(word));
  sender.close();
  assert.equal(receiver.ended, false);
  const words: string[] = [];
  for await (const message of receiver) words.push(string(message));
  assert.deepEqual(words, ['one', 'two', '']);
  assert.equal(receiver.ended, true);
  assert.equal(await receiver.receive(), undefined);
  receiver.close();
});

test('ring: pieces become one message, and any kind of bytes is taken', async () => {
  const { sender, receiver } = ends();
  assert.ok(sender.trySend([text('a'), new Uint16Array([0x6262]), text('c').buffer]));
  assert.ok(sender.trySend(new Uint16Array([0x6464])));
  assert.ok(sender.trySend([]));
  assert.equal(string((await receiver.receive()) as Uint8Array), 'abbc');
  assert.equal(string((await receiver.receive()) as Uint8Array), 'dd');
  assert.equal((await receiver.receive())?.length, 0);
  sender.close();
  receiver.close();
});

test('ring: who receives first waits; who sends to a full ring waits, in order', async () => {
  const { sender, receiver } = ends();
  const first = receiver.receive();
  const second = receiver.receive();
  await sender.send(text('1'));
  await sender.send(text('2'));
  assert.deepEqual(
    (await Promise.all([first, second])).map((m) => string(m as Uint8Array)),
    ['1', '2'],
  );
  const sending = Array.from({ length: 40 }, (_, index) => sender.send(pattern(1000, index + 1)));
  assert.equal(sender.trySend(text('late')), false, 'others wait');
  assert.equal(sender.reserve(1), undefined);
  for (let index = 0; index < 40; index++) {
    assert.deepEqual({ ...(await receiver.receive()) }, { ...pattern(1000, index + 1) });
  }
  await Promise.all(sending);
  assert.ok(sender.trySend(text('now')));
  sender.close();
  receiver.close();
});

test('ring: the longest message fills the ring, and a longer one is a RangeError', async () => {
  const { sender, receiver } = ends();
  assert.equal(sender.maxLength, LONGEST);
  assert.ok(sender.trySend(pattern(LONGEST)));
  assert.equal(sender.trySend(text('')), false);
  assert.deepEqual(await receiver.receive(), pattern(LONGEST));
  assert.throws(() => sender.trySend(pattern(LONGEST + 1)), outOfRange);
  assert.throws(() => sender.trySend([pattern(LONGEST), pattern(1)]), /at most 4080 bytes/);
  assert.throws(() => sender.reserve(LONGEST + 1), outOfRange);
  await assert.rejects(sender.send(pattern(LONGEST + 1)), outOfRange);
  sender.close();
  receiver.close();
});

test('ring: a message that is detached or grows while it waits is refused', async () => {
  const { sender, receiver } = ends();
  assert.ok(sender.trySend(pattern(LONGEST)));
  const detached = pattern(10);
  const growing: ArrayBuffer & { resize?(length: number): void } = Reflect.construct(ArrayBuffer, [
    8,
    { maxByteLength: LONGEST },
  ]);
  const sending = [detached, new Uint8Array(growing), text('good')].map((one) => sender.send(one));
  structuredClone(detached.buffer, { transfer: [detached.buffer as ArrayBuffer] });
  growing.resize?.(LONGEST);
  await receiver.receive();
  const [first, second, third] = await Promise.allSettled(sending);
  for (const one of [first, second]) {
    assert.equal(one?.status === 'rejected' && one.reason.code, 'ERR_OUT_OF_RANGE');
  }
  assert.equal(third?.status, 'fulfilled');
  assert.equal(string((await receiver.receive()) as Uint8Array), 'good');
  sender.close();
  receiver.close();
});

test('ring: peek shows the message in the ring until release', () => {
  const { sender, receiver } = ends();
  assert.equal(receiver.peek(), undefined);
  assert.throws(() => receiver.release(), misused);
  for (const word of ['one', 'two', 'three']) sender.trySend(text(word));
  assert.equal(string(receiver.peek() as Uint8Array), 'one');
  assert.equal(string(receiver.peek() as Uint8Array), 'one');
  receiver.release();
  assert.equal(string(receiver.peek() as Uint8Array), 'two');
  assert.equal(string(receiver.tryReceive() as Uint8Array), 'two');
  assert.throws(() => receiver.release(), misused);
  const kept = receiver.peek() as Uint8Array;
  receiver.close();
  assert.equal(kept.length, 0);
  sender.close();
});

test('ring: a reserved place is sent by commit, whole or its beginning', () => {
  const { sender, receiver } = ends();
  const place = sender.reserve(10) as Uint8Array;
  place.set(text('abcdefghij'));
  assert.equal(receiver.tryReceive(), undefined);
  sender.commit();
  (sender.reserve(10) as Uint8Array).set(text('xyz'));
  assert.throws(() => sender.commit(11), outOfRange);
  sender.commit(3);
  assert.equal(string(receiver.tryReceive() as Uint8Array), 'abcdefghij');
  assert.equal(string(receiver.tryReceive() as Uint8Array), 'xyz');
  assert.throws(() => sender.commit(), misused);
  sender.reserve(1);
  sender.trySend(text('instead'));
  assert.throws(() => sender.commit(), misused);
  sender.reserve(LONGEST - 100);
  assert.equal(sender.reserve(LONGEST), undefined, 'there is no room');
  assert.throws(() => sender.commit(), misused);
  sender.close();
  receiver.close();
});

test('ring: an abort ends a wait, and a message that waited is not sent', async () => {
  const { sender, receiver } = ends();
  const waiting = new AbortController();
  const receiving = receiver.receive({ signal: waiting.signal });
  waiting.abort();
  await assert.rejects(receiving, aborted);
  await sender.send(pattern(LONGEST));
  const sending = new AbortController();
  const late = sender.send(text('late'), { signal: sending.signal });
  const next = sender.send(text('next'));
  sending.abort();
  await assert.rejects(late, aborted);
  assert.equal((await receiver.receive())?.length, LONGEST);
  await next;
  assert.equal(string((await receiver.receive()) as Uint8Array), 'next');
  await assert.rejects(sender.send(text('x'), { signal: sending.signal }), aborted);
  await assert.rejects(receiver.receive({ signal: sending.signal }), aborted);
  sender.close();
  receiver.close();
});

test('ring: a closed end says so, and closing again is fine', async () => {
  const { sender, receiver } = ends();
  const receiving = receiver.receive();
  receiver.close();
  receiver.close();
  await assert.rejects(receiving, closed);
  await assert.rejects(receiver.receive(), closed);
  for (const use of ['tryReceive', 'peek', 'release'] as const) {
    assert.throws(() => receiver[use](), closed);
  }
  sender.close();
  sender.close();
  assert.throws(() => sender.trySend(text('x')), closed);
  await assert.rejects(sender.send(text('x')), closed);
  assert.throws(() => sender.reserve(1), closed);
  assert.throws(() => sender.commit(), closed);
});

test('ring: sends that wait reject when their sender is closed', async () => {
  const { sender, receiver } = ends();
  await sender.send(pattern(LONGEST));
  const waiting = sender.send(text('waits'));
  sender.close();
  await assert.rejects(waiting, closed);
  assert.equal((await receiver.receive())?.length, LONGEST);
  assert.equal(await receiver.receive(), undefined);
  receiver.close();
});

test('ring: a sender is told that its receiver has closed, waiting or not', async () => {
  const { sender, receiver } = ends();
  await sender.send(pattern(LONGEST));
  const waiting = sender.send(text('waits'));
  receiver.close();
  await assert.rejects(waiting, gone);
  await assert.rejects(sender.send(text('x')), /the receiver has closed the ring/);
  assert.throws(() => sender.trySend(text('x')), gone);
  assert.throws(() => sender.reserve(1), gone);
  sender.close();
});

test('ring: several senders take turns, and the end comes when all have closed', async () => {
  const ring = RingChannel.create({ capacity: 1 << 16, producers: 3 });
  const receiver = ring.receiver.open();
  const senders = ring.senders.map((end) => end.open());
  for (const [index, sender] of senders.entries()) {
    for (let count = 0; count < 200; count++) sender.trySend(Uint8Array.of(index, count));
  }
  const seen: number[] = [];
  const counts = [0, 0, 0];
  for (let at = 0; at < 600; at++) {
    const [index, count] = receiver.tryReceive() as unknown as [number, number];
    assert.equal(count, counts[index]);
    (counts[index] as number)++;
    seen.push(index);
  }
  assert.deepEqual(new Set(seen.slice(0, 192)), new Set([0, 1, 2]), 'nobody has to wait for long');
  for (const sender of senders.slice(1)) sender.close();
  const receiving = receiver.receive();
  await senders[0]?.send(text('last'));
  assert.equal(string((await receiving) as Uint8Array), 'last');
  const end = receiver.receive();
  senders[0]?.close();
  assert.equal(await end, undefined);
  receiver.close();
});

test('ring: batches give what has come by now', async () => {
  const { sender, receiver } = ends();
  for (let index = 0; index < 5; index++) sender.trySend(Uint8Array.of(index));
  sender.close();
  const sizes: number[] = [];
  for await (const batch of receiver.batches({ most: 3 })) sizes.push(batch.length);
  assert.deepEqual(sizes, [3, 2]);
  receiver.close();
});

test('ring: batches of several senders are fair', async () => {
  const ring = RingChannel.create({ producers: 2 });
  const receiver = ring.receiver.open();
  const [one, two] = ring.senders.map((end) => end.open()) as [RingSender, RingSender];
  for (let count = 0; count < 5000; count++) one.trySend(Uint8Array.of(1));
  for (let count = 0; count < 10; count++) two.trySend(Uint8Array.of(2));
  one.close();
  two.close();
  const seen: (number | undefined)[] = [];
  for await (const batch of receiver.batches()) seen.push(...batch.map(([index]) => index));
  assert.equal(seen.length, 5010);
  assert.ok(seen.lastIndexOf(2) < 1000);
  receiver.close();
});

test('ring: a loop over messages lets the event loop turn', async () => {
  const { sender, receiver } = ends();
  let turned = false;
  setImmediate(() => {
    turned = true;
  });
  for (let count = 0; !turned; count++) {
    assert.ok(count < 1e6);
    await sender.send(text('again'));
    await receiver.receive();
  }
  sender.close();
  receiver.close();
});

test('ring: an end that nobody opened is closed, well for the other end', async () => {
  const ring = RingChannel.create();
  const receiver = ring.receiver.open();
  ring[Symbol.dispose]();
  assert.equal(await receiver.receive(), undefined);
  receiver.close();
});

test('ring: an end that is gone cannot be used again', () => {
  const ring = RingChannel.create();
  const [end] = ring.senders as [Sender];
  assert.equal(end.gone, false);
  assert.throws(() =>
    end.give(() => {
      throw new Error('not spawned');
    }),
  );
  assert.equal(end.gone, false, 'it was not given');
  end.open().close();
  assert.equal(end.gone, true);
  assert.throws(() => end.open(), misused);
  assert.throws(() => end.give(() => 1), misused);
  end.close();
  ring[Symbol.dispose]();
});

test('ring: each end is opened once, wherever', () => {
  const ring = RingChannel.create();
  const [end] = ring.senders as [Sender];
  const copy = (fds: readonly Fd[]) => fds.map((fd) => fd.dup().release());
  const [one, two] = end.give((fds) => [copy(fds), copy(fds)] as const);
  RingSender.open(one).close();
  assert.throws(() => RingSender.open(two), /opened before/);
  ring[Symbol.dispose]();
});

test('ring: descriptors that are no end of a ring are refused, and closed', () => {
  const before = descriptors();
  assert.throws(() => RingSender.open([]), misused);
  assert.throws(() => RingSender.open([pipeEnd(), pipeEnd()]), misused);
  const ring = RingChannel.create();
  ring.senders[0]?.give(([memory]) => {
    const copies = [1, 2].map(() => (memory as Fd).dup().release());
    assert.throws(() => RingSender.open(copies), misused);
  });
  assert.throws(() => RingReceiver.open([]), misused);
  assert.throws(() => RingReceiver.open([pipeEnd(), pipeEnd()]), misused);
  ring[Symbol.dispose]();
  assert.equal(descriptors(), before);
});

test('ring: options out of range are refused by their name, and nothing is left open', () => {
  const before = descriptors();
  const opened = (options: object) => {
    using ring = RingChannel.create();
    ring.receiver.open(options);
  };
  assert.throws(() => opened({ spin: -1 }), /"spin"/);
  assert.throws(() => opened({ spin: 1e6 }), /"spin"/);
  assert.throws(() => opened({ onLost: 1 }), /"onLost"/);
  assert.throws(() => RingSender.open(3 as never), /"descriptors"/);
  assert.throws(() => RingChannel.create({ capacity: 0 }), /"capacity"/);
  assert.throws(() => RingChannel.create({ capacity: 2 ** 31 }), /"capacity"/);
  assert.throws(() => RingChannel.create({ producers: 0 }), /"producers"/);
  assert.throws(() => RingChannel.create({ producers: 5000 }), /"producers"/);
  assert.equal(descriptors(), before);
});

test('ring: no descriptor is left', async () => {
  const before = descriptors();
  for (const producers of [1, 2, 3]) {
    const ring = RingChannel.create({ producers });
    const receiver = ring.receiver.open();
    const sender = (ring.senders[0] as Sender).open();
    await sender.send(text('x'));
    await receiver.receive();
    sender.close();
    receiver.close();
    ring[Symbol.dispose]();
  }
  assert.equal(descriptors(), before);
});

test('ring: an end that spins finds what comes while it looks, and sleeps afterwards', async () => {
  const ring = RingChannel.create({ capacity: CAPACITY });
  const eager = ring.receiver.open({ spin: 50 });
  const other = (ring.senders[0] as Sender).open({ spin: 50 });
  for (let count = 0; count < 200; count++) {
    const receiving = eager.receive();
    await other.send(Uint8Array.of(count));
    assert.equal((await receiving)?.[0], count);
  }
  await other.send(pattern(LONGEST));
  const sending = other.send(text('when there is room'));
  assert.equal((await eager.receive())?.length, LONGEST);
  await sending;
  eager.close();
  other.close();
});

test('ring: an end goes over a Unix socket', async () => {
  const ring = RingChannel.create();
  const [left, right] = socketPair();
  await ring.receiver.give((fds) => left.sendFds(fds));
  const { fds } = await right.recvFds();
  using receiver = RingReceiver.open(fds.map((fd) => fd.release()));
  const sender = (ring.senders[0] as Sender).open();
  await sender.send(text('hello'));
  assert.equal(string((await receiver.receive()) as Uint8Array), 'hello');
  sender.close();
  assert.equal(await receiver.receive(), undefined);
  const again = RingChannel.create();
  left.close();
  await assert.rejects(again.receiver.give((some) => left.sendFds(some)));
  assert.equal(again.receiver.gone, false, 'it was not sent');
  again[Symbol.dispose]();
  right.close();
});

test('ring: who waits behind a long message is sent when that is called off', async () => {
  const { sender, receiver } = ends();
  await sender.send(pattern(CAPACITY / 4));
  const controller = new AbortController();
  const long = sender.send(pattern(LONGEST), { signal: controller.signal });
  const short = sender.send(text('short'));
  controller.abort();
  await assert.rejects(long, aborted);
  await short;
  assert.equal((await receiver.receive())?.length, CAPACITY / 4);
  assert.equal(string((await receiver.receive()) as Uint8Array), 'short');
  sender.close();
  receiver.close();
});

test('ring: the end is heard, whoever else still has the descriptor', async () => {
  const ring = RingChannel.create({ capacity: CAPACITY });
  const receiver = ring.receiver.open();
  const [copy, numbers] = (ring.senders[0] as Sender).give(
    ([memory, socket]) =>
      [(socket as Fd).dup(), [memory, socket].map((fd) => (fd as Fd).dup().release())] as const,
  );
  RingSender.open(numbers).close();
  assert.equal(await receiver.receive(), undefined);
  copy.close();
});

test('ring: a signal that was waited with keeps no listener', async () => {
  const { sender, receiver } = ends();
  const { signal } = new AbortController();
  const receiving = receiver.receive({ signal });
  await sender.send(pattern(LONGEST), { signal });
  await receiving;
  await sender.send(pattern(LONGEST), { signal });
  const sending = sender.send(text('waits'), { signal });
  await receiver.receive({ signal });
  await sending;
  const late = [receiver.receive(), receiver.receive({ signal })];
  receiver.close();
  await Promise.allSettled(late);
  assert.deepEqual(getEventListeners(signal, 'abort'), []);
  sender.close();
});
