/** What is no end of a ring, and what goes wrong while one is opened or used. */
import assert from 'node:assert/strict';
import { openSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { RingChannel, RingReceiver, RingSender, SharedMemory } from '../../../src/index.js';
import { ENOSPC } from '../../../src/kernel/errno.js';
import { linux } from '../../../src/kernel/linux.js';
import { openReceiverLanes, openSenderLane, owning } from '../../../src/memory/ring/create.js';
import { Receiver } from '../../../src/memory/ring/receiver.js';
import { Sender } from '../../../src/memory/ring/sender.js';
import { linuxRuntime } from '../../../src/node/runtime.js';
import { close } from '../../../src/sys.js';
import { turns } from '../../helpers/turns.js';

type End = RingChannel['senders'][number] | RingChannel['receiver'];

const descriptors = () => readdirSync('/proc/self/fd').length;
const numbersOf = (end: End) => end.give((fds) => fds.map((fd) => fd.dup().release()));
const sender = ({ senders }: RingChannel) => numbersOf(senders[0] as End) as [number, number];
const file = () => openSync('package.json', 'r');
const misused = { code: 'ERR_SLUICE_RING' };

/** Opens an end of a new ring, which fails, and looks whether every descriptor is closed. */
function refused(open: (ring: RingChannel) => unknown, error: assert.AssertPredicate): void {
  const before = descriptors();
  const ring = RingChannel.create({ capacity: 1, producers: 2 });
  assert.throws(() => open(ring), error);
  ring[Symbol.dispose]();
  assert.equal(descriptors(), before, String(open));
}

/** Ends of two senders, the first of which is gone without a word. */
function oneLost(options: object): { ring: RingChannel; receiver: RingReceiver } {
  const ring = RingChannel.create({ producers: 2 });
  const receiver = ring.receiver.open(options);
  for (const fd of sender(ring)) close(fd);
  return { ring, receiver };
}

test('ring: an end that cannot be opened closes its descriptors, whatever is wrong', () => {
  refused((ring) => RingSender.open([...sender(ring), file()]), misused);
  refused(() => RingSender.open([file()]), misused);
  refused((ring) => RingSender.open([999_999, ...sender(ring)]), { code: 'EBADF' });
  refused((ring) => RingSender.open([...sender(ring), 999_999]), { code: 'EBADF' });
  refused((ring) => RingReceiver.open([...numbersOf(ring.receiver), file()]), misused);
  refused(() => RingSender.open([file(), file()]), misused);
  refused((ring) => RingSender.open(sender(ring), { spin: -1 }), /"spin"/);
  refused((ring) => RingSender.open(sender(ring), null as never), /"options"/);
  refused((ring) => RingReceiver.open(numbersOf(ring.receiver), { onLost: 1 as never }), /onLost/);
});

test('ring: descriptors in another order, or of something else, are named', () => {
  refused((ring) => RingSender.open(sender(ring).reverse()), /not the memory of a ring: .* order/);
  refused((ring) => RingReceiver.open(numbersOf(ring.receiver).reverse()), /in the order/);
  using shared = SharedMemory.create(8192);
  refused(() => RingSender.open([shared.fd.dup().release(), file()]), /its first page/);
  refused((ring) => {
    const [ours, socket] = sender(ring);
    close(socket);
    return RingSender.open([ours, file()]);
  }, /not the socket of a ring/);
  for (const wrong of [undefined, null, 3, '34', ['3', '4'], { fd: 3 }]) {
    assert.throws(() => RingSender.open(wrong as never), { code: 'ERR_INVALID_ARG_TYPE' });
    assert.throws(() => RingReceiver.open(wrong as never), { code: 'ERR_INVALID_ARG_TYPE' });
  }
});

test('ring: an end that cannot be watched is not opened, and leaves nothing', () => {
  for (const good of [0, 1]) {
    let times = 0;
    const { watch } = linux;
    const counted = (...parameters: Parameters<typeof watch>) =>
      times++ < good ? watch(...parameters) : -ENOSPC;
    const runtime = {
      ...linuxRuntime,
      kernel: Object.create(linux, { watch: { value: counted } }),
    };
    refused(
      (ring) => {
        const lanes = openReceiverLanes(runtime, numbersOf(ring.receiver));
        return owning(lanes, () => new Receiver(runtime, lanes));
      },
      { code: 'ENOSPC' },
    );
  }
});

test('ring: a promise of a worker is none', () => {
  const ring = RingChannel.create();
  const [end] = ring.senders as [RingChannel['senders'][number]];
  const hand = () => Promise.resolve() as never;
  assert.throws(() => end.giveToWorker(hand), /"hand" .* a worker\. Received .* Promise/);
  assert.equal(end.gone, false);
  ring[Symbol.dispose]();
});

test('ring: what onLost throws is thrown once, by who receives', async () => {
  let told = 0;
  const { ring, receiver } = oneLost({
    onLost: ({ lane }: { lane: number }) => {
      told++;
      throw new Error(`lost ${lane}`);
    },
  });
  await assert.rejects(receiver.receive(), /lost 0/);
  ring[Symbol.dispose]();
  assert.equal(await receiver.receive(), undefined);
  assert.equal(told, 1);
  receiver.close();
});

test('ring: onLost may close the receiver, and may receive', async () => {
  const closing = oneLost({ onLost: () => closing.receiver.close() });
  await assert.rejects(closing.receiver.receive(), { code: 'ERR_SLUICE_CLOSED' });
  closing.ring[Symbol.dispose]();
  const seen: number[] = [];
  let told = false;
  const take = (message: Uint8Array | undefined) => seen.push(message?.[0] as number);
  const receiving = oneLost({
    onLost: () => {
      told = true;
      take(receiving.receiver.tryReceive());
    },
  });
  const { receiver, ring } = receiving;
  const other = (ring.senders[1] as RingChannel['senders'][number]).open();
  let sent = 0;
  for (; !told; take(await receiver.receive())) {
    for (let times = 0; times < 2; times++) other.trySend(Uint8Array.of(sent++));
  }
  other.close();
  for await (const message of receiver) take(message);
  assert.deepEqual(
    seen,
    Array.from({ length: sent }, (_, index) => index % 256),
  );
  receiver.close();
  ring[Symbol.dispose]();
});

test('ring: a sender is told of a receiver that was never opened', async () => {
  const ring = RingChannel.create({ capacity: 1 });
  const [end] = ring.senders as [RingChannel['senders'][number]];
  const sending = end.open();
  for (const fd of numbersOf(ring.receiver)) close(fd);
  const send = async () => {
    for (;;) await sending.send(new Uint8Array(1000));
  };
  await assert.rejects(send(), { code: 'ERR_SLUICE_PEER_GONE', message: /never opened the ring/ });
  sending.close();
});

test('ring: onLost may end the wait, and no message is lost by it', async () => {
  const controller = new AbortController();
  const { ring, receiver } = oneLost({
    onLost: () => {
      other.trySend(Uint8Array.of(7));
      controller.abort();
    },
  });
  const other = (ring.senders[1] as RingChannel['senders'][number]).open();
  await assert.rejects(receiver.receive({ signal: controller.signal }), { name: 'AbortError' });
  assert.deepEqual(receiver.tryReceive(), Uint8Array.of(7));
  for (const one of [receiver, other, ring]) one[Symbol.dispose]();
});

test('ring: onLost may end the wait before it has begun', async () => {
  const controller = new AbortController();
  const { ring, receiver } = oneLost({ onLost: () => controller.abort() });
  await turns(4);
  await assert.rejects(receiver.receive({ signal: controller.signal }), { name: 'AbortError' });
  for (const one of [receiver, ring]) one[Symbol.dispose]();
});

test('ring: an end that nobody uses is at rest when the other is gone', async () => {
  let calls = 0;
  const recv = (...parameters: Parameters<typeof linux.recv>) => {
    calls++;
    return linux.recv(...parameters);
  };
  const kernel = Object.create(linux, { recv: { value: recv } });
  const runtime = { ...linuxRuntime, kernel };
  const ring = RingChannel.create({ capacity: 1 });
  const { memory, socket } = openSenderLane(runtime, sender(ring));
  const idle = new Sender(runtime, memory, socket);
  ring.receiver.open().close();
  await turns(30);
  assert.ok(calls > 0 && calls < 4, `${calls} calls`);
  assert.throws(() => idle.trySend(Uint8Array.of(1)), { code: 'ERR_SLUICE_PEER_GONE' });
  idle.close();
});
