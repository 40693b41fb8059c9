/** Messages that both ends can make: of any size, each other than those around it, from a seed. */
import assert from 'node:assert/strict';
import { MAP_SHARED, mmap, PROT_READ, PROT_WRITE } from 'sluice/sys';
import { mulberry32 } from '../../../src/kernel/random.js';
import { pattern } from '../../helpers/claims.js';

const POOL = pattern(1 << 17, 77);
/** One in so many is as long as the ring allows, and one is empty. */
const RARE = 50;

/** The messages in their order. */
export function traffic(seed: number, longest: number): () => Uint8Array {
  const random = mulberry32(seed);
  const most = Math.min(longest, POOL.length / 2);
  return () => {
    const at = Math.floor((random() * POOL.length) / 2);
    const kind = Math.floor(random() * RARE);
    const length = kind === 0 ? most : kind === 1 ? 0 : Math.floor(random() ** 4 * most);
    return POOL.subarray(at, at + length);
  };
}

export function same(actual: Uint8Array, expected: Uint8Array, index: number): void {
  const equal = Buffer.compare(actual, expected) === 0;
  assert.ok(equal, `message ${index}: ${actual.length} bytes are not the ${expected.length} sent`);
}

/** Words that two processes have: a memfd. */
export function sharedWords(fd: number): Int32Array {
  return new Int32Array(mmap(null, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
}

/** A seed that the failing run prints; SLUICE_SEED repeats it. */
export function seedOf(): number {
  const { SLUICE_SEED: given } = process.env;
  return given === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(given);
}
