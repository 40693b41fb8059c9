// Builds what a checkout needs: the addon with the system's C compiler, then the TypeScript.
// Runs as `prepare`, so `npm ci` in a checkout does it; a consumer of the package runs nothing.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);

/** The flags of every build; `native/` stays clean under all of them. */
// What Linux fills is looked at in its own layout, in memory that is declared otherwise.
const STRICT = ['-std=c11', '-O2', '-Wall', '-Wextra', '-Werror', '-fno-strict-aliasing'];

/** Compiles native/addon.c to `output` with `compiler` and more flags. */
export function buildAddon(output, { compiler = process.env.CC ?? 'cc', flags = [] } = {}) {
  const headers = join(dirname(require.resolve('node-api-headers/package.json')), 'include');
  mkdirSync(dirname(output), { recursive: true });
  const parameters = [
    ...STRICT,
    '-fPIC',
    '-fvisibility=hidden',
    ...flags,
    `-I${headers}`,
    '-shared',
    '-pthread',
    // The threads of offload outlive the environment that started them: the code must stay mapped.
    '-Wl,-z,nodelete',
    '-Wl,--as-needed',
    join(root, 'native/addon.c'),
    '-o',
    output,
  ];
  compile(compiler, parameters);
}

function compile(compiler, parameters) {
  try {
    execFileSync(compiler, parameters, { stdio: 'inherit' });
  } catch (error) {
    if (error.code === 'ENOENT') {
      console.error(
        `sluice: no C compiler: '${compiler}' was not found. Install one (Debian, Ubuntu: ` +
          'apt-get install gcc libc6-dev; Alpine: apk add gcc musl-dev; Fedora: dnf install gcc) ' +
          'or name yours in CC, and run npm run build.',
      );
    }
    process.exit(1);
  }
}

/** The process that the conformance rows drive. */
function buildTestProcess() {
  const source = join(root, 'test/helpers/process.c');
  const output = join(root, 'dist/test/helpers/process');
  if (!existsSync(source)) return;
  mkdirSync(dirname(output), { recursive: true });
  compile(process.env.CC ?? 'cc', [...STRICT, source, '-o', output]);
}

function buildTypeScript() {
  const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin/tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', root], { stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}

/**
 * The entries and the command as few files: each module that Node loads costs a third of a
 * millisecond and 150 KB, and there are some sixty. `import 'sluice'` has 20 ms and 6 MB.
 */
function bundleEntries() {
  rmSync(join(root, 'dist/package'), { recursive: true, force: true });
  bundle('esm', ['index', 'sys', 'sim']);
  bundle('cli', ['cli/main', 'cli/relay/thread']);
}

/**
 * Where the files find the addon and package.json: as deep in the package as in dist/src. All of
 * them side by side: threads.ts finds thread.ts beside itself.
 */
function bundle(folder, entries) {
  const { outputFiles } = buildSync({
    entryPoints: entries.map((name) => ({
      in: join(root, `dist/src/${name}.js`),
      out: basename(name),
    })),
    outdir: join(root, 'dist/package', folder),
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    target: 'node20',
    write: false,
  });
  for (const { path, text } of outputFiles) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, withNames(text), { mode: text.startsWith('#!') ? 0o755 : 0o644 });
  }
}

/** esbuild calls a class that mentions itself `_Name`, which is what errors and logs would say. */
function withNames(text) {
  const renamed = [...text.matchAll(/^var (\w+) = class _\1\b/gm)].map(([, name]) => name);
  if (renamed.length === 0) return text;
  return text.replace(new RegExp(`\\b_(${renamed.join('|')})\\b`, 'g'), '$1');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.platform === 'linux')
    buildAddon(join(root, 'prebuilds', `linux-${process.arch}`, 'sluice.node'));
  if (process.platform === 'linux') buildTestProcess();
  buildTypeScript();
  bundleEntries();
}
