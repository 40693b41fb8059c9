import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { withoutCompiler } from '../helpers/compiler.js';
import { outcome } from './child.js';

const SOURCE = fileURLToPath(new URL('../../../test/memory/handlers.c', import.meta.url));
const skip = withoutCompiler();

let folder: string;
let library: string;

before(() => {
  if (skip !== false) return;
  folder = mkdtempSync(join(tmpdir(), 'sluice-handlers-'));
  library = join(folder, 'handlers.node');
  const headers = createRequire(import.meta.url).resolve('node-api-headers/package.json');
  const flags = ['-D_GNU_SOURCE', '-fPIC', '-shared', `-I${join(dirname(headers), 'include')}`];
  execFileSync(process.env.CC ?? 'cc', [...flags, SOURCE, '-o', library], { stdio: 'inherit' });
});

after(() => {
  if (skip === false) rmSync(folder, { recursive: true });
});

const survivors = [
  ['listeners', 'SIGBUS listeners come and go in every way: 0 deaths, 0 hangs'],
  ['listener before', 'a listener that was there before'],
  ['chaining before', 'a handler that was there before and is never asked'],
  ['chaining after', 'a handler that is put on top and passes on to ours'],
  ['chaining, then again on top', 'ours on top of one that passes on to ours'],
  ['deaf after', 'a handler that passes nothing on, until somebody asks for the guard'],
  ['ignored before', 'SIGBUS that was ignored stays ignored when somebody sends it'],
  ['closed meanwhile', 'a range that is closed between the fault and its handler'],
  ['kill with a listener', 'kill(2) still reaches a listener'],
  ['kill with a handler', 'kill(2) still reaches the handler before ours'],
] as const;

for (const [course, what] of survivors) {
  test(`M5: ${what}`, { skip }, async () => {
    const { code, signal, stdout, stderr } = await outcome('handlers', [course, library]);
    assert.deepEqual([code, signal], [0, null], stderr);
    assert.match(stdout, /alive\n$/);
  });
}

test('M5: only a worker maps, and the main thread adds and removes a listener', async () => {
  const { code, signal, stdout, stderr } = await outcome('only-worker');
  assert.deepEqual([code, signal], [0, null], stderr);
  assert.match(stdout, /alive\n$/);
});

const deaths = [
  ['kill without a listener', 'kill(2) without a listener'],
  ['foreign fault', 'a fault outside of the mappings'],
  ['foreign fault under a chaining handler', 'a fault outside, with ours on top of another'],
  ['foreign fault over a chaining handler', 'a fault outside, with another on top of ours'],
  ['foreign fault, ignored', 'a fault outside where SIGBUS is ignored, as Linux has it'],
] as const;

for (const [course, what] of deaths) {
  test(`M5: ${what} still kills, and nothing hangs`, { skip }, async () => {
    const { signal, stdout } = await outcome('handlers', [course, library]);
    assert.deepEqual([signal, stdout], ['SIGBUS', '']);
  });
}
