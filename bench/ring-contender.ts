/**
 * One way of sending messages to another process: `stream WAY COUNT SIZE` prints messages per
 * second, `trip WAY COUNT SIZE` microseconds there and back, as JSON. The other process is this
 * program again, with `child` before it.
 */
import { fork, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { RingChannel, RingReceiver, RingSender } from 'sluice';
import { check, messagesOf } from './ring-messages.js';

const [first = '', ...rest] = process.argv.slice(2);
const isChild = first === 'child';
const [task = '', way = '', countText = '', sizeText = '', port = ''] = isChild
  ? rest
  : [first, ...rest];
const count = Number(countText);
const size = Number(sizeText);
const messages = messagesOf(size);

/** Long enough that nobody sleeps while the other works. */
const SPIN = 100;
const WARM_UP = 2000;
/** process.send has no end of its queue that one could wait for; so many at once are let go. */
const UNANSWERED = 256;

function start(
  stdio: readonly unknown[] = [],
  serialization: 'json' | 'advanced' = 'json',
  more = '',
) {
  return fork(fileURLToPath(import.meta.url), ['child', task, way, countText, sizeText, more], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc', ...stdio] as StdioOptions,
    serialization,
  });
}

/* ---- many messages, one way ---- */

/** Counts and checks what comes; resolves with messages per second from the first to the last. */
class Meter {
  #received = 0;
  #begun = 0;
  #done: (rate: number) => void = () => undefined;
  readonly rate = new Promise<number>((resolve) => {
    this.#done = resolve;
  });

  bytes(message: Uint8Array): void {
    check(message, messages.bytes(this.#received));
    this.#count();
  }

  text(message: string): void {
    check(message, messages.text(this.#received));
    this.#count();
  }

  #count(): void {
    if (this.#received++ === 0) this.#begun = performance.now();
    if (this.#received < count) return;
    this.#done((1000 * (count - 1)) / (performance.now() - this.#begun));
  }
}

function ringFromChild(): RingReceiver {
  const ring = RingChannel.create();
  for (const end of ring.senders) end.give((fds) => start(fds));
  return ring.receiver.open();
}

async function receiveEach(meter: Meter): Promise<void> {
  using receiver = ringFromChild();
  for await (const message of receiver) meter.bytes(message);
}

async function receiveBatches(meter: Meter): Promise<void> {
  using receiver = ringFromChild();
  for await (const batch of receiver.batches()) for (const message of batch) meter.bytes(message);
}

async function peekRing(meter: Meter): Promise<void> {
  using receiver = ringFromChild();
  for (;;) {
    for (let message = receiver.peek(); message !== undefined; message = receiver.peek()) {
      meter.bytes(message);
      receiver.release();
    }
    const message = await receiver.receive();
    if (message === undefined) break;
    meter.bytes(message);
  }
}

async function receiveSent(meter: Meter, serialization: 'json' | 'advanced'): Promise<void> {
  const child = start([], serialization);
  child.on('message', (message: string | Uint8Array) => {
    if (typeof message === 'string') meter.text(message);
    else meter.bytes(message);
  });
  await once(child, 'exit');
}

async function sendRing(): Promise<void> {
  const sender = RingSender.open([4, 5]);
  for (let index = 0; index < count; index++) await sender.send(messages.bytes(index));
  sender.close();
}

async function trySendRing(): Promise<void> {
  const sender = RingSender.open([4, 5]);
  for (let index = 0; index < count; index++) {
    const message = messages.bytes(index);
    if (!sender.trySend(message)) await sender.send(message);
  }
  sender.close();
}

async function reserveRing(): Promise<void> {
  const sender = RingSender.open([4, 5]);
  for (let index = 0; index < count; index++) {
    const message = messages.bytes(index);
    const place = sender.reserve(size);
    if (place === undefined) {
      await sender.send(message);
    } else {
      place.set(message);
      sender.commit();
    }
  }
  sender.close();
}

async function sendAll(messageOf: (index: number) => string | Uint8Array): Promise<void> {
  for (let index = 0; index < count; index++) {
    const message = messageOf(index);
    const answer = index % UNANSWERED === 0 || index === count - 1;
    if (answer) await new Promise((resolve) => process.send?.(message, resolve));
    else process.send?.(message);
  }
}

/* ---- one message there and back ---- */

/** Sends message `index` and resolves with the answer. */
type Trip = (message: Uint8Array) => Promise<Uint8Array>;

function ringTrip(options: { spin?: number }): Trip {
  const there = RingChannel.create();
  const back = RingChannel.create();
  for (const end of back.senders) {
    end.give((sending) => there.receiver.give((receiving) => start([...receiving, ...sending])));
  }
  const sender = there.senders[0]?.open(options) as RingSender;
  const receiver = back.receiver.open(options);
  return async (message) => {
    await sender.send(message);
    return (await receiver.receive()) as Uint8Array;
  };
}

async function echoRing(options: { spin?: number }): Promise<void> {
  // The other end is not closed: the program just ends.
  const receiver = RingReceiver.open([4, 5], { ...options, onLost: () => undefined });
  const sender = RingSender.open([6, 7], options);
  for await (const message of receiver) await sender.send(message);
}

async function netTrip(path?: string): Promise<Trip> {
  const server = createServer({ noDelay: true }).listen(path ?? { port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  start([], 'json', path ?? `${(server.address() as AddressInfo).port}`);
  const [socket] = (await once(server, 'connection')) as [Socket];
  return answered(
    (listener) => socket.on('data', listener),
    (message) => socket.write(message),
  );
}

/** One answer at a time, in pieces of its size. */
function answered(
  listen: (listener: (data: Uint8Array) => void) => void,
  send: (message: Uint8Array) => unknown,
): Trip {
  let done: (answer: Uint8Array) => void = () => undefined;
  let pieces: Uint8Array[] = [];
  listen((data) => {
    pieces.push(data);
    const answer = pieces.length === 1 ? data : Buffer.concat(pieces);
    if (answer.length < size) return;
    pieces = [];
    done(answer);
  });
  return (message) =>
    new Promise((resolve) => {
      done = resolve;
      send(message);
    });
}

function sentTrip(): Trip {
  const child = start([], 'advanced');
  return answered(
    (listener) => child.on('message', listener),
    (message) => child.send(message),
  );
}

async function microseconds(trip: Trip): Promise<number> {
  let begun = 0;
  for (let index = -WARM_UP; index < count; index++) {
    if (index === 0) begun = performance.now();
    const message = messages.bytes(index + WARM_UP);
    check(await trip(message), message);
  }
  return (1000 * (performance.now() - begun)) / count;
}

/* ---- which ---- */

const STREAMS: Readonly<Record<string, (meter: Meter) => Promise<void>>> = {
  ring: receiveBatches,
  each: receiveEach,
  place: peekRing,
  json: (meter) => receiveSent(meter, 'json'),
  advanced: (meter) => receiveSent(meter, 'advanced'),
};

const TRIPS: Readonly<Record<string, () => Trip | Promise<Trip>>> = {
  ring: () => ringTrip({}),
  sleep: () => ringTrip({ spin: 0 }),
  spin: () => ringTrip({ spin: SPIN }),
  unix: () => netTrip(`/tmp/sluice-bench-${process.pid}`),
  tcp: () => netTrip(),
  advanced: sentTrip,
};

const CHILDREN: Readonly<Record<string, () => unknown>> = {
  'stream ring': trySendRing,
  'stream each': sendRing,
  'stream place': reserveRing,
  'stream json': () => sendAll(messages.text),
  'stream advanced': () => sendAll(messages.bytes),
  'trip ring': () => echoRing({}),
  'trip sleep': () => echoRing({ spin: 0 }),
  'trip spin': () => echoRing({ spin: SPIN }),
  'trip unix': () => connect(port).on('data', echo),
  'trip tcp': () => connect({ port: Number(port), noDelay: true }).on('data', echo),
  'trip advanced': () => process.on('message', (message) => process.send?.(message)),
};

function echo(this: Socket, data: Uint8Array): void {
  this.write(data);
}

async function measured(): Promise<number> {
  if (task === 'trip') return microseconds(await (TRIPS[way] as () => Trip)());
  const meter = new Meter();
  void STREAMS[way]?.(meter);
  return meter.rate;
}

if (isChild) {
  await CHILDREN[`${task} ${way}`]?.();
  if (task === 'stream') process.disconnect?.();
} else {
  console.log(JSON.stringify(await measured()));
  process.exit();
}
