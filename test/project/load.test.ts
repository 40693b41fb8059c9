import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

/** Some milliseconds or megabytes each, so they are loaded when they are first needed. */
const LATE = [
  ...['child_process', 'dns', 'fs/promises', 'http', 'http2', 'net', 'os', 'tls', 'zlib'],
  ...['internal/fs/streams', 'stream', 'worker_threads'],
];

function loadedBy(program: string): string[] {
  const list = `${program}\nconsole.log(JSON.stringify(process.moduleLoadList))`;
  const parameters = ['--input-type=module', '-e', list];
  return JSON.parse(execFileSync(process.execPath, parameters, { encoding: 'utf8' }));
}

test('load: importing the package loads nothing of Node that few programs need', () => {
  const bare = loadedBy('');
  const ours = loadedBy("import 'sluice'; import 'sluice/sys'; import 'sluice/sim';");
  const late = LATE.map((name) => `NativeModule ${name}`);
  assert.deepEqual(
    ours.filter((name) => late.includes(name) && !bare.includes(name)),
    [],
  );
});
