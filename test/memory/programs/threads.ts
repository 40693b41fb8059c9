/**
 * Workers that are terminated, or exit, with mappings, mirrored rings and reservations open, one of
 * these under a call of Node's. Afterwards no descriptor and no area of theirs is left. Its
 * parameter: how many.
 */
import assert from 'node:assert/strict';
import { readFileSync, write } from 'node:fs';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { map, mirror, reserve } from '../../../src/index.js';
import * as sys from '../../../src/sys.js';
import { CONTENT, PAGE } from './content.js';
import { descriptors } from './garbage.js';

const NAME = 'sluice-threads';
const RESERVED = 2 ** 32 - PAGE;
const AT_ONCE = 4;

function body(): void {
  const { file, pipe } = workerData as { file: number; pipe: number };
  const kept = [map(file), map(file, { access: 'write' }), mirror(file)];
  const space = reserve(RESERVED);
  const part = space.map(file, PAGE);
  map(null, { length: PAGE }).bytes.fill(1);
  const overtaken = map(file);
  write(pipe, overtaken.bytes, () => {});
  overtaken.close();
  parentPort?.once('message', () => process.exit(kept.length + part.length > 0 ? 0 : 1));
  parentPort?.postMessage('mapped');
}

async function oneWorker(file: number, index: number): Promise<void> {
  const sink = sys.memfd_create('sink', sys.MFD_CLOEXEC);
  const worker = new Worker(new URL(import.meta.url), { workerData: { file, pipe: sink } });
  await new Promise<void>((resolve, reject) => {
    worker.once('message', () => {
      if (index % 4 === 0) worker.postMessage('exit');
      else void worker.terminate();
    });
    worker.once('error', reject);
    worker.once('exit', () => resolve());
  });
  sys.close(sink);
}

/** Areas of the file, and ranges that can only be reservations. */
function areas(): number {
  const lines = readFileSync('/proc/self/maps', 'latin1').split('\n');
  return lines.filter((line) => {
    const [, start, end] = /^([0-9a-f]+)-([0-9a-f]+) /.exec(line) ?? [];
    const length = Number(`0x${end}`) - Number(`0x${start}`);
    return line.includes(NAME) || (length > RESERVED - 4 * CONTENT.length && length <= RESERVED);
  }).length;
}

async function main(): Promise<void> {
  const count = Number(process.argv[2]);
  const file = sys.memfd_create(NAME, sys.MFD_CLOEXEC);
  sys.write(file, CONTENT);
  await oneWorker(file, 0);
  const before = [descriptors(), areas()];
  for (let index = 0; index < count; index += AT_ONCE) {
    const batch = Array.from({ length: AT_ONCE }, (_, at) => oneWorker(file, index + at));
    await Promise.all(batch);
  }
  assert.deepEqual([descriptors(), areas()], before);
  assert.equal(before[1], 0);
  console.log(`${count} workers ended with mappings, 0 descriptors and 0 areas more`);
}

if (isMainThread) await main();
else body();
