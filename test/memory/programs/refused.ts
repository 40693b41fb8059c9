/** Every way to a mapping where ArrayBuffers over memory of others are forbidden. */
import assert from 'node:assert/strict';
import { type MapOptions, map, mirror, reserve } from '../../../src/index.js';
import * as sys from '../../../src/sys.js';
import { CONTENT, PAGE } from './content.js';
import { collected, descriptors } from './garbage.js';

const TIMES = 10_000;
const fd = sys.memfd_create('sluice-refused', sys.MFD_CLOEXEC);
sys.write(fd, CONTENT);
const ways = [
  ...[{}, { access: 'write' }, { access: 'private' }].map(
    (options) => () => map(fd, options as MapOptions),
  ),
  () => map(null, { length: PAGE }),
  () => mirror(fd),
  () => reserve(2 ** 30),
];
const refused = { code: 'ERR_SLUICE_UNSUPPORTED', message: /Electron.*fs\.read/ };
/** In bytes: less than one object for each refusal. */
const HEAP = 40 * TIMES;

for (const way of ways) assert.throws(way, refused);

async function refuse(times: number): Promise<[number, number, number]> {
  let count = 0;
  for (let index = 0; index < times; index++) {
    try {
      ways[index % ways.length]?.();
    } catch {
      count++;
    }
  }
  assert.equal(count, times);
  return [await collected(), descriptors(), process.memoryUsage().heapUsed];
}

await refuse(TIMES);
const before = await refuse(TIMES);
const after = await refuse(TIMES);
const [more, numbers, heap] = after.map((value, index) => value - (before[index] as number));
const told = `${more} areas, ${numbers} descriptors, ${heap} bytes of heap more`;
assert.ok((more as number) < 32 && numbers === 0 && (heap as number) < HEAP, told);
console.log(`${TIMES} refused: ${told}`);
