// The test command: everything that can be checked on this machine, in one run.
//
//   npm test                          all of it
//   npm test -- kernel/pipe fd/       only the test files whose path contains one of these
//
// What needs root or a missing program is skipped by name and counted at the end. With CI=true the
// Debian packages it needs are installed first, and a skip is a failure.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RUNTIME_NAMES, runtime } from './runtimes.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const ci = process.env.CI === 'true';

/** What the tests call beside Node, npm and the C compiler. */
const DEBIAN_PACKAGES = [
  ...['python3', 'util-linux', 'openssl', 'chromium'],
  ...['mount', 'e2fsprogs', 'musl-tools', 'procps'],
];
/** One test file may take this long. */
const FILE_TIMEOUT_MS = 300_000;

/**
 * glibc looks into /proc/sys/vm/overcommit_memory when it first gives memory of another thread's
 * arena back: a descriptor that comes and goes under tests that know which number is free.
 */
const QUIET_MALLOC = { MALLOC_ARENA_MAX: '1' };

const failures = [];
const skips = [];
/** How many conformance rows passed, on which kernels in which runtime. */
const rowCounts = [];

function main(filters) {
  process.chdir(root);
  const whole = filters.length === 0;
  if (ci) installDebianPackages();
  if (whole) run('lint', process.execPath, ['node_modules/@biomejs/biome/bin/biome', 'ci', '.']);
  const files = testFiles('dist/test').filter(
    (file) => whole || filters.some((filter) => file.includes(filter)),
  );
  runTests(`node ${process.versions.node}`, process.execPath, files);
  if (whole)
    onOtherRuntimes(files.filter((file) => /^dist\/test\/(kernel|memory|sys\/mm)\//.test(file)));
  report();
}

function installDebianPackages() {
  const missing = DEBIAN_PACKAGES.filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  run('apt-get update', 'apt-get', ['update', '-q']);
  run('apt-get install', 'apt-get', ['install', '-qy', '--no-install-recommends', ...missing]);
}

/** One that was removed is still known, by its configuration. */
function isInstalled(name) {
  const { stdout } = spawnSync('dpkg', ['-s', name], { encoding: 'utf8' });
  return stdout.includes('\nStatus: install ok installed\n');
}

/** Test files, named one by one: `node --test directory/` differs between versions of Node. */
function testFiles(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((file) => file.endsWith('.test.js'))
    .map((file) => join(folder, file))
    .sort();
}

/**
 * The other versions of Node run the conformance rows, and the tests of mappings, which can be
 * larger there and be transferred; Bun and Deno, which have no node:test to speak of, a smoke test
 * and the rows on the sim kernel.
 */
function onOtherRuntimes(rows) {
  for (const name of RUNTIME_NAMES) {
    const binary = runtime(name);
    if (binary === undefined) skips.push(`${name}: cannot be fetched`);
    else if (name.startsWith('node')) runTests(name, binary, rows);
    else runPrograms(name, [binary, ...(name === 'deno' ? ['run', '-A'] : [])]);
  }
}

function runPrograms(name, [binary, ...flags]) {
  run(name, binary, [...flags, 'dist/test/smoke.js']);
  run(`${name}: the rows on the sim kernel`, binary, [...flags, 'dist/test/sim-rows.js']);
}

function runTests(name, binary, files) {
  const tally = join(root, '.cache', `tally-${process.pid}`);
  mkdirSync(dirname(tally), { recursive: true });
  run(name, binary, [
    '--test',
    '--test-concurrency=2',
    `--test-timeout=${FILE_TIMEOUT_MS}`,
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    `--test-reporter=${join(root, 'scripts/tally.mjs')}`,
    `--test-reporter-destination=${tally}`,
    ...files,
  ]);
  if (!existsSync(tally)) return;
  for (const line of readFileSync(tally, 'utf8').split('\n').filter(Boolean)) {
    const { skipped, passed } = JSON.parse(line);
    if (skipped !== undefined) skips.push(`${name}: ${skipped}`);
    else rowCounts.push(`${name}: ${passed.linux} on linux, ${passed.sim} on sim`);
  }
  rmSync(tally);
}

function run(name, command, parameters) {
  console.log(`\n== ${name}`);
  const { status, signal, error } = spawnSync(command, parameters, {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...QUIET_MALLOC },
  });
  if (status !== 0) failures.push(`${name}: ${error?.message ?? signal ?? `exit code ${status}`}`);
}

function report() {
  console.log('\nconformance rows that passed');
  for (const line of rowCounts) console.log(`  ${line}`);
  console.log(`\n${skips.length} skipped`);
  for (const line of skips) console.log(`  ${line}`);
  if (ci && skips.length > 0) failures.push(`${skips.length} skipped, and CI allows none`);
  for (const line of failures) console.log(`failed: ${line}`);
  console.log(failures.length === 0 ? 'everything passed' : `${failures.length} failed`);
  process.exitCode = failures.length === 0 ? 0 : 1;
}

main(process.argv.slice(2));
