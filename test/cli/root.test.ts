import assert from 'node:assert/strict';
import { closeSync, openSync, readSync, realpathSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { type Lookup, openRoot } from '../../src/cli/serve/root.js';
import type { Runtime } from '../../src/fd/runtime.js';
import * as e from '../../src/kernel/errno.js';
import { errnoName } from '../../src/kernel/errno.js';
import { linuxRuntime } from '../../src/node/runtime.js';
import { makeFolder, sameTurn, withCalls } from './site.js';

const TRIES = 100_000;
const LOOKUPS: readonly Lookup[] = ['openat2', 'walk'];
const { kernel } = linuxRuntime;

/** A change of threads would take most of the time of a race. */
const direct = sameTurn(linuxRuntime);

/** A folder whose `door` is now a folder of its own, now a link to the one outside. */
async function startRace(t: TestContext): Promise<string> {
  let flipper: Worker | undefined;
  t.after(() => flipper?.terminate());
  const folder = makeFolder(t, { 'root/door/file': 'inside', 'outside/file': 'outside' });
  symlinkSync('../outside', join(folder, 'link'));
  const data = { door: 'root/door', one: 'one', other: 'link' };
  const paths = Object.entries(data).map(([key, name]) => [key, join(folder, name)]);
  flipper = new Worker(new URL('./flipper.js', import.meta.url), {
    workerData: Object.fromEntries(paths),
  });
  return join(folder, 'root');
}

/** What the descriptor leads to: 'i' for inside, 'o' for outside. */
function lead(fd: number): string {
  const byte = Buffer.alloc(1);
  kernel.read(fd, byte);
  kernel.close(fd);
  return byte.toString();
}

for (const lookup of LOOKUPS) {
  test(`H1: ${TRIES} lookups by ${lookup} against a flipping link, none escapes`, async (t) => {
    const root = openRoot(direct, await startRace(t), lookup);
    t.after(() => root.close());
    const found = { i: 0, o: 0, refused: 0 };
    for (let tries = 0; tries < TRIES; tries++) {
      const fd = await root.open(['door', 'file']);
      found[fd < 0 ? 'refused' : (lead(fd) as 'i' | 'o')]++;
    }
    assert.equal(found.o, 0);
    assert.ok(found.i > 0 && found.refused > 0, `the race was none: ${JSON.stringify(found)}`);
  });
}

test('H1: the control, realpath and a check of the prefix, leaks', async (t) => {
  const folder = await startRace(t);
  const attempt = (): string => {
    try {
      const path = realpathSync(join(folder, 'door/file'));
      if (!path.startsWith(`${folder}/`)) return 'refused';
      const fd = openSync(path, 'r');
      const byte = Buffer.alloc(1);
      readSync(fd, byte);
      closeSync(fd);
      return byte.toString();
    } catch {
      return 'absent';
    }
  };
  let tries = 0;
  while (attempt() !== 'o') assert.ok(++tries < 100 * TRIES, 'the control does not leak');
});

function makeTree(t: TestContext): string {
  const folder = makeFolder(t, {
    'root/a.txt': 'a',
    'root/sub/b.txt': 'b',
    secret: 'outside',
    'root-secret/key': 'outside',
  });
  const link = (target: string, name: string) => symlinkSync(target, join(folder, 'root', name));
  link('../secret', 'out');
  link(join(folder, 'secret'), 'absolute');
  link('..', 'up');
  link('../root-secret', 'sibling');
  link('/proc/self/root', 'magic');
  link('loop', 'loop');
  link('sub', 'inner');
  link('sub/b.txt', 'inner.txt');
  return join(folder, 'root');
}

const ANSWERS: readonly [string, string, string][] = [
  // path, by openat2, by the walk
  ['a.txt', 'opened', 'opened'],
  ['sub/b.txt', 'opened', 'opened'],
  ['', 'opened', 'opened'],
  ['sub', 'opened', 'opened'],
  ['inner/b.txt', 'opened', 'ENOTDIR'],
  ['inner.txt', 'opened', 'ELOOP'],
  ['out', 'EXDEV', 'ELOOP'],
  ['absolute', 'EXDEV', 'ELOOP'],
  ['up/secret', 'EXDEV', 'ENOTDIR'],
  ['sibling/key', 'EXDEV', 'ENOTDIR'],
  ['magic/etc/passwd', 'EXDEV', 'ENOTDIR'],
  ['loop', 'ELOOP', 'ELOOP'],
  ['../secret', 'EXDEV', 'ELOOP'],
  ['sub/../../secret', 'EXDEV', 'ELOOP'],
  ['/etc/passwd', 'EXDEV', 'ELOOP'],
  ['none', 'ENOENT', 'ENOENT'],
  ['a.txt/', 'ENOTDIR', 'ENOTDIR'],
  ['a.txt/x', 'ENOTDIR', 'ENOTDIR'],
  ['n'.repeat(300), 'ENAMETOOLONG', 'ENAMETOOLONG'],
  ['n/'.repeat(3000), 'ENAMETOOLONG', 'ENOENT'],
  ['a.txt\0z', 'EINVAL', 'EINVAL'],
];

for (const [index, lookup] of LOOKUPS.entries()) {
  test(`H1b: what ${lookup} answers to each kind of name`, async (t) => {
    const root = openRoot(linuxRuntime, makeTree(t), lookup);
    t.after(() => root.close());
    for (const row of ANSWERS) {
      const names = row[0] === '' ? [] : row[0].split('/');
      const fd = await root.open(names);
      const answer = fd < 0 ? errnoName(-fd) : 'opened';
      if (fd >= 0) kernel.close(fd);
      assert.equal(answer, row[1 + index], JSON.stringify(row[0].slice(0, 40)));
    }
  });
}

test('H1b: a lookup that races for ever is given up', async (t) => {
  let calls = 0;
  const race = () => {
    calls++;
    return -e.EAGAIN;
  };
  const openat2 = (...parameters: Parameters<typeof kernel.openat2>) =>
    parameters[1] === '.' ? kernel.openat2(...parameters) : race();
  const runtime = withCalls({ openat2 });
  const offload: Runtime['offload'] = async () => race();
  const root = openRoot({ ...runtime, offload }, makeTree(t));
  t.after(() => root.close());
  assert.equal(await root.open(['a.txt']), -e.EAGAIN);
  assert.ok(calls > 2 && calls < 100, `${calls} calls`);
});

for (const errno of [e.ENOSYS, e.EPERM]) {
  test(`H1c: where openat2 is ${errnoName(errno)} names are walked`, (t) => {
    const root = openRoot(withCalls({ openat2: () => -errno }), makeTree(t));
    assert.equal(root.lookup, 'walk');
    root.close();
  });
}

test('H1c: any other refusal of openat2 is told, never worked around', (t) => {
  const folder = makeTree(t);
  assert.throws(() => openRoot(withCalls({ openat2: () => -e.EINVAL }), folder), {
    code: 'EINVAL',
  });
});

test('a kernel without RESOLVE_CACHED is asked without it', async (t) => {
  const openat2 = (...[fd, path, flags, mode, resolve]: Parameters<typeof kernel.openat2>) =>
    (Number(resolve) & 0x20) !== 0 ? -e.EINVAL : kernel.openat2(fd, path, flags, mode, resolve);
  const root = openRoot(withCalls({ openat2 }), makeTree(t));
  t.after(() => root.close());
  assert.equal(lead(await root.open(['a.txt'])), 'a');
});

test('openRoot() of what is no folder throws', (t) => {
  const folder = makeTree(t);
  assert.throws(() => openRoot(linuxRuntime, join(folder, 'a.txt')), { code: 'ENOTDIR' });
  assert.throws(() => openRoot(linuxRuntime, join(folder, 'none')), { code: 'ENOENT' });
});
