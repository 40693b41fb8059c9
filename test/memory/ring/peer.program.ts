/**
 * A process at the other end of a ring, by its first argument. Descriptors 3 and 4 are the end of
 * the ring, 5 is memory in which it counts.
 *
 * - `write SEED COUNT`: sends so many messages of that traffic in every way there is, and closes
 * - `read SEED`: receives that traffic and compares it; counts what it has
 * - `count INDEX`: sends [INDEX, 0], [INDEX, 1], … for ever
 * - `echo SPIN`: 5 and 6 are the sending end of a second ring: sends back what it gets
 */
import { RingReceiver, RingSender } from 'sluice';
import { mulberry32 } from '../../../src/kernel/random.js';
import { same, sharedWords, traffic } from './traffic.js';

const [way = '', seed = '0', most = '0'] = process.argv.slice(2);

const WAYS: Readonly<Record<string, () => Promise<void>>> = { write, read, count, echo };

async function write(): Promise<void> {
  const counter = sharedWords(5);
  const sender = RingSender.open([3, 4]);
  const next = traffic(Number(seed), sender.maxLength);
  const random = mulberry32(Number(seed) + 1);
  for (let index = 0; index < Number(most); index++) {
    await put(sender, next(), random());
    Atomics.store(counter, 0, index + 1);
  }
  sender.close();
}

async function put(sender: RingSender, bytes: Uint8Array, choice: number): Promise<void> {
  const half = bytes.length >> 1;
  if (choice < 0.3) return sender.send([bytes.subarray(0, half), bytes.subarray(half)]);
  if (choice < 0.6) {
    const place = sender.reserve(bytes.length);
    place?.set(bytes);
    if (place !== undefined) return sender.commit();
  }
  if (!sender.trySend(bytes)) await sender.send(bytes);
}

async function read(): Promise<void> {
  const counter = sharedWords(5);
  const receiver = RingReceiver.open([3, 4]);
  const next = traffic(Number(seed), Number(most));
  let index = 0;
  for await (const message of receiver) {
    same(message, next(), index);
    Atomics.store(counter, 0, ++index);
  }
  receiver.close();
}

async function count(): Promise<void> {
  const sender = RingSender.open([3, 4]);
  for (let sent = 0; ; sent++) await sender.send(Uint8Array.of(Number(seed), sent));
}

async function echo(): Promise<void> {
  const receiver = RingReceiver.open([3, 4], { spin: Number(seed) });
  const sender = RingSender.open([5, 6], { spin: Number(seed) });
  for await (const message of receiver) await sender.send(message);
  sender.close();
  receiver.close();
}

await WAYS[way]?.();
