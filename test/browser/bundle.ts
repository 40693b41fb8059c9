/** What the browser is given, bundled by esbuild as a user would. */
import { join, resolve } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { rowFiles } from '../helpers/row-files.js';

const HERE = resolve('dist/test/browser');

/** `sluice/sim` as the package has it. */
export function sim(): Promise<string> {
  return bundled({ entryPoints: ['dist/package/esm/sim.js'] });
}

/** All rows of the conformance suite; exports `outcomes`. */
export function rows(): Promise<string> {
  const imports = rowFiles().map((file) => `import '${file}';`);
  const contents = [`export { outcomes } from '${HERE}/outcomes.js';`, ...imports].join('\n');
  return bundled({
    stdin: { contents, resolveDir: resolve('.') },
    plugins: [withoutNode],
    inject: [join(HERE, 'shims/globals.js')],
  });
}

async function bundled(options: BuildOptions): Promise<string> {
  const { outputFiles } = await build({
    ...options,
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'error',
  });
  return outputFiles?.[0]?.text ?? '';
}

/** Shims in the place of what is Node's or Linux's: nothing of either is in the bundle. */
const withoutNode: Plugin = {
  name: 'without-node',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:assert\/strict$/ }, () => ({ path: join(HERE, 'shims/assert.js') }));
    onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: 'absent' }));
    const linux = { path: 'node:linux', namespace: 'absent' };
    onResolve({ filter: /\/linux\.js$/ }, () => linux);
    onLoad({ filter: /.*/, namespace: 'absent' }, ({ path }) => ({
      contents: `module.exports = require('./shims/node.js').module('${path.slice(5)}')`,
      resolveDir: HERE,
    }));
  },
};
