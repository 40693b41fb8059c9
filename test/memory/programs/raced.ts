/**
 * Another process changes the length of the file while a program is at the bytes of the mapping, on
 * each way there, on the main thread and in a worker. Nobody dies; a mapping whose file stays
 * shorter is damaged, and one that is not damaged is the file, byte for byte. Prints how many races
 * there were. Its parameters: the rounds of each, a seed.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker } from 'node:worker_threads';
import { map } from '../../../src/index.js';
import * as sys from '../../../src/sys.js';
import { CONTENT } from './content.js';
import { type Reader, readers, said } from './readers.js';

const [rounds, seed] = process.argv.slice(2).map(Number) as [number, number];
const folder = mkdtempSync(join(tmpdir(), 'sluice-raced-'));
const path = join(folder, 'file');
const counter = join(folder, 'counter');
writeFileSync(counter, new Uint8Array(4));
writeFileSync(path, CONTENT);
using counting = map(counter, { access: 'write' });
const done = new Int32Array(counting.buffer);
const [theirs, orders] = sys.pipe2(sys.O_CLOEXEC);
const program = fileURLToPath(new URL('truncator.js', import.meta.url));
const truncator = spawn(process.execPath, [program, path, counter, String(seed)], {
  stdio: ['ignore', 'inherit', 'inherit', theirs],
});
sys.close(theirs);

/** Answers whether the mapping was damaged. */
async function race(reader: Reader, order: 'o' | 'b', name: string): Promise<boolean> {
  writeFileSync(path, CONTENT);
  using mapping = map(path, { access: order === 'o' ? 'write' : 'read' });
  const round = Atomics.load(done, 0);
  writeSync(orders, order);
  do {
    await said(reader, mapping.bytes);
  } while (Atomics.load(done, 0) === round);
  if (order === 'o') assert.ok(mapping.damaged, `${name}: nothing said`);
  return mapping.damaged;
}

/** An undamaged mapping of a file that was shorter for a moment shows the file. */
async function settled(order: 'o' | 'b'): Promise<void> {
  writeFileSync(path, CONTENT);
  using mapping = map(path);
  const round = Atomics.load(done, 0);
  writeSync(orders, order);
  while (Atomics.load(done, 0) === round) Buffer.from(mapping.buffer).toString('latin1');
  if (!mapping.damaged) assert.ok(readFileSync(path).equals(mapping.bytes), 'a stale page');
}

let [races, damaged] = [0, 0];
for (const [name, reader] of Object.entries(readers)) {
  for (let index = 0; index < rounds; index++) {
    for (const order of ['o', 'b'] as const) {
      if (await race(reader, order, name)) damaged++;
      races++;
    }
    await settled('b');
  }
}
sys.close(orders);
await new Promise((resolve) => truncator.once('exit', resolve));
rmSync(folder, { recursive: true });
if (isMainThread) {
  console.log(`seed ${seed}: ${races} races, ${damaged} mappings damaged and told so, 0 deaths`);
  const worker = new Worker(new URL(import.meta.url), { argv: [rounds, seed + 1] });
  await new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', resolve);
  });
} else {
  console.log(`in a worker, seed ${seed}: ${races} races, ${damaged} damaged, 0 deaths`);
}
