import assert from 'node:assert/strict';
import { errnoName } from '../../src/kernel/errno.js';

/** The call answered n ≥ 0 (exactly `n`, when given); answers it. */
export function succeeds(result: number, n?: number): number {
  if (result < 0)
    assert.fail(`expected ${n ?? 'n ≥ 0'}, the call failed with ${errnoName(-result)}`);
  if (n !== undefined) assert.equal(result, n);
  return result;
}

/** The call failed with just this errno. */
export function failsWith(result: number, errno: number): void {
  const actual = result < 0 ? errnoName(-result) : `success (${result})`;
  assert.equal(actual, errnoName(errno));
}

/** The call failed with one of these. */
export function failsWithOneOf(result: number, ...errnos: number[]): void {
  const names = errnos.map(errnoName);
  const actual = result < 0 ? errnoName(-result) : `success (${result})`;
  assert.ok(names.includes(actual), `expected one of ${names.join(', ')}, got ${actual}`);
}

/** `length` bytes that differ from each other and from any shifted copy, from a seed. */
export function pattern(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed >>> 0 || 1;
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

export function text(string: string): Uint8Array {
  return new TextEncoder().encode(string);
}

export function string(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
