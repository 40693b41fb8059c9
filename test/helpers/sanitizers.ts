/** The addon under ASan and UBSan: they end the process at the first thing that is wrong. */
import { spawnSync } from 'node:child_process';
import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = new URL('../../../', import.meta.url);
const LIBRARIES = ['libasan.so', 'libubsan.so'].map(library);
const FLAGS = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-g', '-Wno-error'];

/** Why there are none here; false where there are. */
export const NO_SANITIZERS: string | false = LIBRARIES.every(isAbsolute)
  ? false
  : 'needs a compiler with ASan and UBSan (gcc)';

/** Compiles the addon; what a program needs in its environment to run with it. */
export async function sanitized(name: string): Promise<NodeJS.ProcessEnv> {
  const { buildAddon } = await import(new URL('scripts/build.mjs', ROOT).href);
  const addon = fileURLToPath(new URL(`.cache/sanitize/${name}.node`, ROOT));
  buildAddon(addon, { flags: FLAGS });
  return {
    SLUICE_ADDON: addon,
    LD_PRELOAD: LIBRARIES.join(' '),
    ASAN_OPTIONS: 'detect_leaks=0',
  };
}

function library(name: string): string {
  const { stdout } = spawnSync(process.env.CC ?? 'cc', [`-print-file-name=${name}`]);
  return String(stdout ?? '').trim();
}
