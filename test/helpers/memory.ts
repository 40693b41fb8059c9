import assert from 'node:assert/strict';
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE } from '../../src/kernel/flags.js';
import type { Kernel } from '../../src/kernel/kernel.js';
import { succeeds } from './claims.js';
import type { TestProcess } from './process.js';

export const READ_WRITE = PROT_READ | PROT_WRITE;
export const ANONYMOUS = MAP_PRIVATE | MAP_ANONYMOUS;

/** The bytes at an address. */
export function loaded(kernel: Kernel, address: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  succeeds(kernel.load(address, bytes), length);
  return bytes;
}

export function store(kernel: Kernel, address: number, bytes: Uint8Array): void {
  succeeds(kernel.store(address, bytes), bytes.length);
}

/** A mapping of another process: its address there. */
export async function mapThere(
  child: TestProcess,
  length: number,
  protection: number,
  flags: number,
  fd = -1,
  offset = 0,
): Promise<number> {
  return succeeds(await child.call('mmap', 0, length, protection, flags, fd, offset));
}

/** What is done there ends the process by this signal. */
export async function diesOf(
  child: TestProcess,
  signal: NodeJS.Signals,
  deed: Promise<unknown>,
): Promise<void> {
  await assert.rejects(deed);
  assert.equal((await child.death).signal, signal);
}
