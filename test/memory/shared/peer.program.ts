/**
 * Another process that shares memory, by its first argument. Descriptor 3 is the memory, 4 the
 * doorbell.
 *
 * - `add COUNT`: adds 1 to word 0 so often, by `Atomics.add`, and to word 1 by `++`
 * - `hand END REMAINDER`: adds 1 to word 0 whenever it has this remainder by 2, until it is END
 * - `hold`: takes the lock of word 0 again and again, and for that time has words 1 and 2 differ;
 *   says in word 3 that it has begun
 */
import process from 'node:process';
import { SharedMemory } from 'sluice';

const [way = '', first = '0', second = '0'] = process.argv.slice(2);
const shared = SharedMemory.open(3, { doorbell: 4 });
const words = new Int32Array(shared.buffer);

const WAYS: Readonly<Record<string, () => Promise<void>>> = { add, hand, hold };

async function add(): Promise<void> {
  for (let times = Number(first); times > 0; times--) {
    Atomics.add(words, 0, 1);
    words[1] = (words[1] as number) + 1;
  }
}

async function hand(): Promise<void> {
  for (;;) {
    const value = Atomics.load(words, 0);
    if (value >= Number(first)) return;
    if (value % 2 !== Number(second)) await shared.wait(0, value);
    else {
      Atomics.store(words, 0, value + 1);
      shared.notify();
    }
  }
}

async function hold(): Promise<void> {
  for (;;) {
    using _held = await shared.lock(0);
    words[1] = (words[1] as number) + 1;
    for (let times = 0; times < 1000; times++) Atomics.load(words, 1);
    words[2] = words[1] as number;
    if (Atomics.exchange(words, 3, process.pid) === 0) shared.notify();
  }
}

await WAYS[way]?.();
shared.close();
