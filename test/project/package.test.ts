import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';

let folder: string;
let archive: string;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-package-'));
  const packed = npm(['pack', '--ignore-scripts', '--json', `--pack-destination=${folder}`], '.');
  archive = join(folder, (JSON.parse(packed) as [{ filename: string }])[0].filename);
});

after(() => rmSync(folder, { recursive: true }));

function npm(parameters: string[], cwd: string): string {
  return execFileSync('npm', [...parameters, '--loglevel=error'], { cwd, encoding: 'utf8' });
}

function bin(name: string, parameters: string[]): void {
  const command = resolve('node_modules/.bin', name);
  execFileSync(command, parameters, { stdio: ['ignore', 'pipe', 'inherit'], timeout: 120_000 });
}

test('the package works in an empty project, installed without install scripts', () => {
  const project = join(folder, 'project');
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{"type":"module"}');
  const flags = ['--ignore-scripts', '--prefer-offline', '--no-save', '--no-package-lock'];
  npm(['install', ...flags, archive], project);
  const code = `
    import { linux } from 'sluice';
    import * as sys from 'sluice/sys';
    import { trace } from 'sluice/sim';
    const [reader, writer] = sys.pipe2(sys.O_CLOEXEC);
    const kernel = trace(linux, (line) => console.log(line));
    kernel.write(writer, Buffer.from('packed'));
    kernel.read(reader, Buffer.alloc(6));`;
  const options = { cwd: project, encoding: 'utf8' } as const;
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', code], options);
  assert.match(printed, /^write\(\d+, "packed", 6\) = 6\nread\(\d+, "packed", 6\) = 6\n$/);
  const version = execFileSync(join(project, 'node_modules/.bin/sluice'), ['--version'], options);
  assert.match(version, /^\d+\.\d+\.\d+\n$/);
});

test('a class has the name by which it is imported', async () => {
  for (const entry of ['sluice', 'sluice/sim', 'sluice/sys']) {
    const exported = Object.entries<unknown>(await import(entry));
    const classes = exported.filter(([, value]) => /^class\b/.test(String(value)));
    for (const [name, value] of classes) assert.equal((value as { name: string }).name, name);
  }
});

test('the packed command starts its threads', async () => {
  const command = resolve('dist/package/cli/main.js');
  const parameters = ['relay', '--workers', '2', '--json', 'tcp:127.0.0.1:0', 'tcp:127.0.0.1:1'];
  const child = spawn(process.execPath, [command, ...parameters], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  assert.match(String((await lines.next()).value), /^\{"listening":"tcp:127\.0\.0\.1:\d+"\}$/);
  child.kill('SIGTERM');
  assert.match(String((await lines.next()).value), /^\{"open":0,.*"workers":\[\{.*\},\{.*\}\]\}$/);
  await once(child, 'close');
  assert.equal(child.exitCode, 0);
});

test('the package holds the addon, the types and the sources, and nothing of the tests', () => {
  const listed = execFileSync('tar', ['-tzf', archive], { encoding: 'utf8' }).split('\n');
  assert.ok(listed.includes(`package/prebuilds/linux-${process.arch}/sluice.node`));
  for (const entry of ['index', 'sys', 'sim']) {
    assert.ok(listed.includes(`package/dist/src/${entry}.js`));
    assert.ok(listed.includes(`package/dist/src/${entry}.d.ts`));
  }
  assert.deepEqual(
    listed.filter((name) => /^package\/(test|dist\/test|bench|\.)/.test(name)),
    [],
  );
});

test('publint finds nothing to say', () => bin('publint', ['--strict', archive]));

test('are the types wrong: no, for an ESM-only package', () => {
  bin('attw', ['--profile', 'esm-only', '--no-emoji', archive]);
});

test('the core entries import nothing outside the package but node:', () => {
  const files = readdirSync('dist/src', { recursive: true, encoding: 'utf8' });
  const core = files.filter((file) => file.endsWith('.js') && !file.startsWith('cli/'));
  const imports = core.flatMap((file) => {
    const text = readFileSync(join('dist/src', file), 'utf8');
    return [...text.matchAll(/^import .*?from '([^']+)';$|import\('([^']+)'\)/gms)].map(
      ([, plain, late]) => `${file}: ${plain ?? late}`,
    );
  });
  assert.deepEqual(
    imports.filter((one) => !/: (\.|node:)/.test(one)),
    [],
  );
});
