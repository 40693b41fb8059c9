import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Runtime } from '../../src/fd/runtime.js';
import { copy } from '../../src/flow/copy.js';
import { open } from '../../src/index.js';
import { EIO, EOPNOTSUPP } from '../../src/kernel/errno.js';
import { STATFS_TYPE } from '../../src/kernel/flags.js';
import { linux } from '../../src/kernel/linux.js';
import { pattern } from '../helpers/claims.js';
import { runtimeOver } from '../helpers/flows.js';

const MIB = 1 << 20;
const [EXT4, XFS] = [0xef53n, 0x58465342n];
const BLOCK = 512;

/** A file with bytes at its beginning, in its middle and at its end; and one to be made. */
function files(t: TestContext, size: number): readonly [source: string, target: string] {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-reserve-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const content = new Uint8Array(size);
  for (const at of [0, size / 2, size - 5000]) content.set(pattern(5000, at + 1), at);
  writeFileSync(join(folder, 'source'), content);
  return [join(folder, 'source'), join(folder, 'target')];
}

type Answer = (name: string, calls: readonly string[]) => number | undefined;

/** Notes what goes to a thread, and may answer in its place. */
function watched(calls: string[], type = EXT4, answer: Answer = () => undefined): Runtime {
  const runtime = runtimeOver({
    ...linux,
    fstatfs(fd, statfs) {
      const result = linux.fstatfs(fd, statfs);
      statfs[STATFS_TYPE] = type;
      return result;
    },
  });
  return {
    ...runtime,
    offload(name, parameters, signal) {
      const numbers = parameters
        .filter((one) => typeof one === 'number')
        .slice(name === 'fallocate' ? 2 : -2);
      calls.push(`${name} ${numbers.map((one) => Number(one) / MIB).join(' ')}`);
      const answered = answer(name, calls);
      if (answered !== undefined) return Promise.resolve(answered);
      return runtime.offload(name, parameters, signal);
    },
  };
}

async function run(runtime: Runtime, [from, to]: readonly [string, string]): Promise<number> {
  using source = await open(from);
  using target = await open(to, 'w');
  return (await copy(runtime, source.fd, target.fd)).bytes;
}

test('ext4: room is reserved for each piece, once the method has been seen to work', async (t) => {
  const paths = files(t, 40 * MIB);
  const calls: string[] = [];
  assert.equal(await run(watched(calls), paths), 40 * MIB);
  assert.deepEqual(calls, [
    'copy_file_range 2 0',
    'fallocate 2 32',
    'copy_file_range 32 0',
    'fallocate 34 6',
    'copy_file_range 32 0',
    'copy_file_range 32 0',
  ]);
  assert.equal(Buffer.compare(...(paths.map((path) => readFileSync(path)) as [Buffer, Buffer])), 0);
});

test('elsewhere, and for little, nothing is reserved', async (t) => {
  for (const [type, size] of [
    [XFS, 10 * MIB],
    [EXT4, MIB],
  ] as const) {
    const calls: string[] = [];
    assert.equal(await run(watched(calls, type), files(t, size)), size);
    assert.equal(
      calls.some((call) => call.startsWith('fallocate')),
      false,
    );
  }
});

test('where room is refused the copy goes on, and does not ask again', async (t) => {
  const paths = files(t, 40 * MIB);
  const calls: string[] = [];
  const refuse: Answer = (name) => (name === 'fallocate' ? -EOPNOTSUPP : undefined);
  assert.equal(await run(watched(calls, EXT4, refuse), paths), 40 * MIB);
  assert.equal(calls.filter((call) => call.startsWith('fallocate')).length, 1);
  assert.equal(Buffer.compare(...(paths.map((path) => readFileSync(path)) as [Buffer, Buffer])), 0);
});

test('what was reserved and not written is given back', async (t) => {
  const paths = files(t, 20 * MIB);
  const fails: Answer = (name, { length }) =>
    name === 'copy_file_range' && length > 2 ? -EIO : undefined;
  await assert.rejects(run(watched([], EXT4, fails), paths), { code: 'EIO', bytes: 2 * MIB });
  const { size, blocks } = statSync(paths[1]);
  assert.equal(size, 2 * MIB);
  assert.ok(blocks * BLOCK < 3 * MIB);
});

test('a source that shrinks meanwhile leaves nothing reserved', async (t) => {
  const paths = files(t, 20 * MIB);
  const shrink: Answer = (name) => {
    if (name === 'fallocate') truncateSync(paths[0], 4 * MIB);
    return undefined;
  };
  assert.equal(await run(watched([], EXT4, shrink), paths), 4 * MIB);
  assert.ok(statSync(paths[1]).blocks * BLOCK < 5 * MIB);
});

test('a file that goes on behind what is written keeps its end', async (t) => {
  const paths = files(t, 20 * MIB);
  writeFileSync(paths[1], '');
  truncateSync(paths[1], 30 * MIB);
  using source = await open(paths[0]);
  using target = await open(paths[1], 'r+');
  const fails: Answer = (name, { length }) =>
    name === 'copy_file_range' && length > 2 ? -EIO : undefined;
  await assert.rejects(copy(watched([], EXT4, fails), source.fd, target.fd), { code: 'EIO' });
  assert.equal(statSync(paths[1]).size, 30 * MIB);
});
