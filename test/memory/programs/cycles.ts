/**
 * Mappings that come and go. Afterwards areas, descriptors and memory are as before. Its
 * parameters: how they go, how many there are.
 */
import assert from 'node:assert/strict';
import { map, mirror, reserve } from '../../../src/index.js';
import * as sys from '../../../src/sys.js';
import { CONTENT, PAGE } from './content.js';
import { collected, descriptors, resident } from './garbage.js';

const [how, times] = [process.argv[2] as string, Number(process.argv[3])];
const BATCH = 500;
/** V8's heap may have grown by so much, whatever was mapped: 10^5 objects of 100 bytes are more. */
const BYTES = 2 ** 23;
/** That is so many of V8's pages, of 256 KiB, each an area at worst. */
const AREAS = BYTES / 2 ** 18;

const fd = sys.memfd_create('sluice-cycles', sys.MFD_CLOEXEC);
sys.write(fd, CONTENT);
let sum = 0;

const ways: Readonly<Record<string, () => void>> = {
  close() {
    const mapping = map(fd);
    sum += mapping.bytes[PAGE] as number;
    mapping.close();
  },
  'close after a fault': () => {
    const mapping = map(fd, { access: 'write' });
    sys.ftruncate(fd, PAGE);
    sum += mapping.bytes[PAGE] as number;
    mapping.close();
    sys.ftruncate(fd, CONTENT.length);
  },
  drop() {
    sum += map(fd).bytes[PAGE] as number;
  },
  mirror() {
    mirror(fd).close();
  },
  reserve() {
    const space = reserve(4 * CONTENT.length);
    const part = space.map(fd, 0, { access: 'write' });
    part.resize(PAGE);
    part.close();
    space.map(fd, CONTENT.length);
    space.close();
  },
  resize() {
    const mapping = map(fd, { length: PAGE, access: 'write' });
    mapping.resize(3 * PAGE);
    mapping.resize(1);
    mapping.close();
  },
};

async function cycle(count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    ways[how]?.();
    // V8 tells of what was collected in a turn of the event loop.
    if (index % BATCH === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

await cycle(Math.min(times, 20 * BATCH));
const before = [await collected(), descriptors(), resident()] as const;
await cycle(times);
const after = [await collected(), descriptors(), resident()] as const;
const [areas, numbers, bytes] = after.map((value, index) => value - (before[index] as number));
const told = `${areas} areas, ${numbers} descriptors, ${bytes} bytes more`;
assert.ok((areas as number) <= AREAS && numbers === 0 && (bytes as number) <= BYTES, told);
console.log(`${times} × ${how}: ${told}; ${sum}`);
