import assert from 'node:assert/strict';
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = new URL('../../../', import.meta.url);
const CALLS = 1_000_000;
/** SLUICE_SEED repeats a run, or makes another. */
const SEED = process.env.SLUICE_SEED ?? '1';
const LIBRARIES = ['libasan.so', 'libubsan.so'].map(library);
const FLAGS = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-g', '-Wno-error'];

const skip = LIBRARIES.every(isAbsolute) ? false : 'needs a compiler with ASan and UBSan (gcc)';

test('calls: 10^6 with random arguments, under ASan and UBSan', { skip }, async () => {
  const addon = await sanitizedAddon();
  const directory = mkdtempSync(join(memoryDirectory(), 'sluice-fuzz-'));
  try {
    const { status, signal, stdout, stderr } = run(addon, directory);
    const how = `seed ${SEED}: exit code ${status}, signal ${signal}`;
    const end = [how, stdout, stderr.slice(-8000)].join('\n');
    assert.equal(status, 0, end);
    assert.doesNotMatch(stderr, /Sanitizer|runtime error/, end);
    assert.match(stdout, new RegExp(`^${CALLS} calls`), end);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

function library(name: string): string {
  const { stdout } = spawnSync(process.env.CC ?? 'cc', [`-print-file-name=${name}`]);
  return String(stdout ?? '').trim();
}

async function sanitizedAddon(): Promise<string> {
  const { buildAddon } = await import(new URL('scripts/build.mjs', ROOT).href);
  const output = fileURLToPath(new URL('.cache/sanitize/sluice.node', ROOT));
  buildAddon(output, { flags: FLAGS });
  return output;
}

/** Where fsync costs nothing. */
function memoryDirectory(): string {
  try {
    accessSync('/dev/shm', constants.W_OK);
    return '/dev/shm';
  } catch {
    return tmpdir();
  }
}

function run(addon: string, directory: string): SpawnSyncReturns<string> {
  const program = fileURLToPath(new URL('./arguments/program.js', import.meta.url));
  return spawnSync(process.execPath, [program, SEED, String(CALLS)], {
    cwd: directory,
    encoding: 'utf8',
    timeout: 240_000,
    env: {
      ...process.env,
      SLUICE_ADDON: addon,
      LD_PRELOAD: LIBRARIES.join(' '),
      ASAN_OPTIONS: 'detect_leaks=0',
    },
  });
}
