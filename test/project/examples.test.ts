/**
 * Every ```ts block of the docstrings and the documentation is a program: it is compiled and run as
 * it stands.
 */
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** Inside the package, so that 'sluice' means this one. */
const FOLDER = `.cache/examples-${process.pid}`;

interface Example {
  readonly name: string;
  readonly code: string;
}

function examplesOf(path: string): Example[] {
  const text = readFileSync(path, 'utf8');
  const source = path.endsWith('.ts') ? text.replace(/^ +\* ?/gm, '') : text;
  return [...source.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code], index) => ({
    name: `${path.replace(/\W+/g, '_')}_${index + 1}`,
    code: code as string,
  }));
}

const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => join('src', file))
  .concat(
    readdirSync('docs').map((file) => join('docs', file)),
    'README.md',
  )
  .filter((file) => /\.(ts|md)$/.test(file));
const examples = files.flatMap(examplesOf);

function compile(): void {
  mkdirSync(FOLDER, { recursive: true });
  for (const { name, code } of examples) writeFileSync(join(FOLDER, `${name}.ts`), code);
  const extended = { extends: '../../tsconfig.json', include: ['*.ts'] };
  const options = { rootDir: '.', outDir: 'out', incremental: false, tsBuildInfoFile: null };
  const config = { ...extended, compilerOptions: { ...options, declaration: false } };
  writeFileSync(join(FOLDER, 'tsconfig.json'), JSON.stringify(config));
  const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));
  execFileSync(process.execPath, [join(typescript, 'bin/tsc'), '-p', FOLDER], { stdio: 'inherit' });
}

test('the examples of the documentation', async (t) => {
  try {
    compile();
    assert.ok(examples.length > 0);
    for (const { name } of examples) {
      await t.test(name, async () => {
        await run(process.execPath, [join(FOLDER, 'out', `${name}.js`)], { timeout: 30_000 });
      });
    }
  } finally {
    rmSync(FOLDER, { recursive: true });
  }
});
