/**
 * The same call for fewer bytes: how a planned short count becomes a true one. This module is
 * browser compatible.
 */
import type { Memory, Offset, Vector } from './kernel.js';

/**
 * Where a call has its bytes: a piece of memory, a vector, or a length;
 * by the place of the parameter.
 */
const PLACES: Readonly<Record<string, readonly ['memory' | 'vector' | 'length', number]>> = {
  read: ['memory', 1],
  write: ['memory', 1],
  pread: ['memory', 1],
  pwrite: ['memory', 1],
  send: ['memory', 1],
  recv: ['memory', 1],
  readv: ['vector', 1],
  writev: ['vector', 1],
  preadv: ['vector', 1],
  pwritev: ['vector', 1],
  preadv2: ['vector', 1],
  pwritev2: ['vector', 1],
  vmsplice: ['vector', 1],
  sendmsg: ['vector', 1],
  recvmsg: ['vector', 1],
  tee: ['length', 2],
  sendfile: ['length', 3],
  splice: ['length', 4],
  copy_file_range: ['length', 4],
};

/**
 * The parameters with at most `limit` bytes (at least 1) to move;
 * as they are for a call that moves none.
 */
export function shorten(name: string, parameters: readonly unknown[], limit: number): unknown[] {
  const shortened = [...parameters];
  const place = PLACES[name];
  if (place === undefined) return shortened;
  const [kind, index] = place;
  const most = Math.max(limit, 1);
  const value = parameters[index];
  if (kind === 'memory') shortened[index] = shortenMemory(value as Memory, most);
  if (kind === 'vector' && Array.isArray(value)) shortened[index] = shortenVector(value, most);
  if (kind === 'length') shortened[index] = shortenLength(value as Offset, most);
  return shortened;
}

function shortenMemory(memory: Memory, most: number): Memory {
  if (memory instanceof Uint8Array) return memory.subarray(0, most);
  if (!(memory instanceof BigUint64Array) || memory.length < 2) return memory;
  const [address, length] = memory as unknown as [bigint, bigint];
  return new BigUint64Array([address, length < BigInt(most) ? length : BigInt(most)]);
}

function shortenVector(vector: Vector, most: number): Vector {
  let left = most;
  const pieces: Memory[] = [];
  for (const piece of vector) {
    if (left <= 0) break;
    const short = shortenMemory(piece, left);
    pieces.push(short);
    left -= lengthOf(short);
  }
  return pieces;
}

function lengthOf(memory: Memory): number {
  if (memory instanceof Uint8Array) return memory.length;
  return memory instanceof BigUint64Array ? Number(memory[1]) : 0;
}

function shortenLength(length: Offset, most: number): Offset {
  return typeof length === 'number' || typeof length === 'bigint'
    ? length > most
      ? most
      : length
    : length;
}
