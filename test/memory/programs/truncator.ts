/**
 * Another process, which changes the length of a file: for each byte of descriptor 3 once, some
 * moments after it. 'o': it becomes shorter; 'b': and as it was again. Then it counts in a file of
 * shared memory. Its parameters: the file, the counter's, a seed.
 */
import { readSync, truncateSync, writeFileSync } from 'node:fs';
import { map } from '../../../src/index.js';
import { Random } from '../../fuzz/arguments/random.js';
import { CONTENT } from './content.js';

const [path, counter, seed] = process.argv.slice(2) as [string, string, string];
const done = new Int32Array(map(counter, { access: 'write' }).buffer);
const random = new Random(Number(seed));
const ORDERS = 3;
const order = Buffer.alloc(1);
let idle = 0;
while (readSync(ORDERS, order) === 1) {
  for (let moments = random.below(200_000); moments > 0; moments--) idle += moments & 1;
  truncateSync(path, random.below(CONTENT.length));
  if (order.toString() === 'b') writeFileSync(path, CONTENT, { flag: 'r+' });
  Atomics.add(done, 0, 1);
}
process.exitCode = idle < 0 ? 1 : 0;
