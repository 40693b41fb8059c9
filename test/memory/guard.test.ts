import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { withoutCompiler } from '../helpers/compiler.js';

const SOURCE = fileURLToPath(new URL('../../../test/memory/guard.c', import.meta.url));
const HEADERS = createRequire(import.meta.url).resolve('node-api-headers/package.json');
const FLAGS = ['-std=c11', '-O1', '-w', '-pthread', `-I${join(dirname(HEADERS), 'include')}`];

/** As Node loads an addon: with dlopen. */
const HOST = `#include <dlfcn.h>
#include <stdio.h>
int main(int count, char **argument) {
  void *library = dlopen(argument[1], RTLD_NOW);
  int (*start)(void) = library == NULL ? NULL : (int (*)(void))dlsym(library, "main");
  if (start == NULL) return puts(dlerror()), 1;
  return start();
}`;

/** What the program of guard.c prints, in a library that is loaded as an addon is. */
function runLoaded(t: TestContext, compiler: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-guard-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [library, host] = [join(folder, 'guard.so'), join(folder, 'host')];
  execFileSync(compiler, [...FLAGS, '-fPIC', '-shared', SOURCE, '-o', library]);
  execFileSync(compiler, ['-w', '-x', 'c', '-', '-o', host, '-ldl'], { input: HOST });
  const { stdout, stderr } = spawnSync(host, [library], { encoding: 'utf8', timeout: 60_000 });
  return stdout + stderr;
}

const skip = withoutCompiler();
const skipMusl = spawnSync('musl-gcc', ['--version']).status !== 0 && 'needs musl-gcc';

test('M1: a range that goes while another thread is in the handler is not touched', {
  skip,
}, (t) => {
  assert.equal(runLoaded(t, process.env.CC ?? 'cc'), 'alive\n');
});

test('M1: the guard is loaded and works with musl too', { skip: skipMusl }, (t) => {
  assert.equal(runLoaded(t, 'musl-gcc'), 'alive\n');
});
