/** Holders of a lock that are killed, each at a random moment. */
import assert from 'node:assert/strict';
import { SharedMemory } from '../../../src/index.js';
import { mulberry32 } from '../../../src/kernel/random.js';
import type { Peer } from './peers.js';

export interface Kills {
  /** How many were killed with the lock. */
  readonly abandoned: number;
  /** How long the next ones had to wait for it at most, both of them, one after the other. */
  readonly longestMs: number;
}

/** What a holder is killed within, after it has begun. */
const MOMENTS_MS = 2;
const BEGUN = 3;

/** Runs so many holders, which are what `start` starts: see `hold` in peer.program.ts. */
export async function killHolders(
  seed: number,
  count: number,
  start: (shared: SharedMemory) => Peer,
): Promise<Kills> {
  const random = mulberry32(seed);
  using shared = SharedMemory.create(64);
  using one = SharedMemory.open(shared.fd);
  using other = SharedMemory.open(shared.fd);
  const words = new Int32Array(shared.buffer);
  let abandoned = 0;
  let longestMs = 0;
  for (let kill = 0; kill < count; kill++) {
    const { child, ended } = start(shared);
    await shared.wait(BEGUN, 0);
    await killLater(child.pid as number, one, random);
    const from = performance.now();
    const owners = await Promise.all([takeOver(one, words), takeOver(other, words)]);
    longestMs = Math.max(longestMs, performance.now() - from);
    const told = owners.filter((owner) => owner !== 0);
    assert.ok(told.length <= 1 && told.every((owner) => owner === child.pid), `${kill}: ${owners}`);
    abandoned += told.length;
    assert.equal(await ended, 'SIGKILL');
    Atomics.store(words, BEGUN, 0);
  }
  assert.equal(words[0], 0);
  return { abandoned, longestMs };
}

/** At any moment, while this process asks for the lock as well, or not. */
async function killLater(pid: number, rival: SharedMemory, random: () => number): Promise<void> {
  const end = performance.now() + random() * MOMENTS_MS;
  const competes = random() < 0.5;
  while (performance.now() < end) {
    if (competes) (await rival.lock(0)).release();
  }
  process.kill(pid, 'SIGKILL');
}

/** The former owner that it is told of. Nothing is half changed unless it is told. */
async function takeOver(memory: SharedMemory, words: Int32Array): Promise<number> {
  using held = await memory.lock(0);
  if (!held.abandoned) assert.equal(words[1], words[2], 'half changed, and nobody was told');
  words[2] = words[1] as number;
  return held.formerOwner;
}
