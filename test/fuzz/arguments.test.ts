import assert from 'node:assert/strict';
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { NO_SANITIZERS, sanitized } from '../helpers/sanitizers.js';

const CALLS = 1_000_000;
/** SLUICE_SEED repeats a run, or makes another. */
const SEED = process.env.SLUICE_SEED ?? '1';

test('calls: 10^6 with random arguments, under ASan and UBSan', {
  skip: NO_SANITIZERS,
}, async () => {
  const environment = await sanitized('arguments');
  const directory = mkdtempSync(join(memoryDirectory(), 'sluice-fuzz-'));
  try {
    const { status, signal, stdout, stderr } = run(environment, directory);
    const how = `seed ${SEED}: exit code ${status}, signal ${signal}`;
    const end = [how, stdout, stderr.slice(-8000)].join('\n');
    assert.equal(status, 0, end);
    assert.doesNotMatch(stderr, /Sanitizer|runtime error/, end);
    assert.match(stdout, new RegExp(`^${CALLS} calls`), end);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

/** Where fsync costs nothing. */
function memoryDirectory(): string {
  try {
    accessSync('/dev/shm', constants.W_OK);
    return '/dev/shm';
  } catch {
    return tmpdir();
  }
}

function run(environment: NodeJS.ProcessEnv, directory: string): SpawnSyncReturns<string> {
  const program = fileURLToPath(new URL('./arguments/program.js', import.meta.url));
  return spawnSync(process.execPath, [program, SEED, String(CALLS)], {
    cwd: directory,
    encoding: 'utf8',
    timeout: 240_000,
    env: { ...process.env, ...environment },
  });
}
