/** Z11: reading a file sleeps while its disk does. The event loop does not. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { copy } from '../../src/flow/copy.js';
import { sendFile } from '../../src/flow/send.js';
import * as f from '../../src/kernel/flags.js';
import { NEEDS_ROOT } from '../helpers/limits.js';
import { turns } from '../helpers/turns.js';
import { contentOf, device, drain, endOf, memfd, runtime, sockets } from './copy/ends.js';

const SIZE = 3_000_000;
const EXPECTED = Buffer.from(Uint8Array.from({ length: SIZE }, (_, at) => at / 4096));
const skip = NEEDS_ROOT || (existsSync('/dev/fuse') ? false : 'needs /dev/fuse');

function compile(): string {
  const binary = resolve('.cache/slow-disk');
  mkdirSync('.cache', { recursive: true });
  const options = ['-O1', '-std=c11', 'test/flow/copy/slow-disk.c', '-o', binary];
  execFileSync(process.env.CC ?? 'cc', options, { stdio: 'inherit' });
  return binary;
}

interface SlowDisk {
  readonly path: string;
  /** How many reads have come so far. */
  readonly reads: number;
  /** Lets so many of them be answered. */
  answer(count: number): void;
}

async function slowDisk(t: TestContext): Promise<SlowDisk> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-slow-'));
  const child = spawn(compile(), [folder, `${SIZE}`], { stdio: ['pipe', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (text) => {
    said += text;
  });
  await once(child.stdout, 'data');
  t.after(async () => {
    execFileSync('umount', ['-l', folder]);
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    rmSync(folder, { recursive: true });
  });
  return {
    path: join(folder, 'file'),
    get reads() {
      return said.split('read').length - 1;
    },
    answer: (count) => void child.stdin.write('!'.repeat(count)),
  };
}

/** Until the disk is asked: were the event loop to wait for the disk, it never would be. */
async function untilAsked(disk: SlowDisk, reads: number): Promise<void> {
  while (disk.reads < reads) await turns(1);
}

const ALL_READS = 10_000;

test('Z11: a disk that does not answer never stalls the loop', {
  skip,
}, async (t) => {
  const disk = await slowDisk(t);
  const source = device(t, disk.path, f.O_RDONLY);
  const [target, reader] = sockets(t);
  const received = drain(reader);
  const copying = copy(runtime, source, target, { offset: 0 });
  await untilAsked(disk, 1);
  await turns(50);
  disk.answer(1);
  await untilAsked(disk, 2);
  disk.answer(ALL_READS);
  assert.equal((await copying).bytes, SIZE);
  endOf(target);
  assert.ok((await received).equals(EXPECTED));
});

test('Z11: eight files whose disks do not answer, at once', { skip }, async (t) => {
  const disks = await Promise.all(Array.from({ length: 8 }, () => slowDisk(t)));
  const copies = disks.map((disk) => {
    const [target, reader] = sockets(t);
    const received = drain(reader);
    const copying = copy(runtime, device(t, disk.path, f.O_RDONLY), target);
    return { copying: copying.finally(() => endOf(target)), received };
  });
  for (const disk of disks) await untilAsked(disk, 1);
  await turns(50);
  for (const disk of disks) disk.answer(ALL_READS);
  for (const { copying, received } of copies) {
    assert.equal((await copying).bytes, SIZE);
    assert.ok((await received).equals(EXPECTED));
  }
});

test('Z11: to a file, and to a connection of serve, as well', { skip }, async (t) => {
  const disk = await slowDisk(t);
  const [source, target] = [device(t, disk.path, f.O_RDONLY), memfd(t, new Uint8Array())];
  const copying = copy(runtime, source, target);
  await untilAsked(disk, 1);
  await turns(50);
  disk.answer(ALL_READS);
  assert.equal((await copying).bytes, SIZE);
  assert.ok(contentOf(target).equals(EXPECTED));
  const again = await slowDisk(t);
  const [socket, reader] = sockets(t);
  const received = drain(reader);
  const part = { offset: 100, length: 1_000_000 };
  const sending = sendFile(runtime, device(t, again.path, f.O_RDONLY), socket, part);
  await untilAsked(again, 1);
  await turns(50);
  again.answer(ALL_READS);
  await sending;
  endOf(socket);
  assert.ok((await received).equals(EXPECTED.subarray(100, 1_000_100)));
});

test('Z11: an abort is heard while the disk does not answer', { skip }, async (t) => {
  const disk = await slowDisk(t);
  const source = device(t, disk.path, f.O_RDONLY);
  const controller = new AbortController();
  const [target] = sockets(t);
  const copying = copy(runtime, source, target, controller);
  await untilAsked(disk, 1);
  controller.abort();
  disk.answer(ALL_READS);
  await assert.rejects(copying, { name: 'AbortError' });
});
