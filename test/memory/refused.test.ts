import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { withoutCompiler } from '../helpers/compiler.js';
import { survives } from './child.js';

const ROOT = new URL('../../../', import.meta.url);
const skip = withoutCompiler();

test('M12: where external ArrayBuffers are forbidden the error says so', { skip }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-refused-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const addon = join(folder, 'sluice.node');
  const { buildAddon } = await import(new URL('scripts/build.mjs', ROOT).href);
  const header = fileURLToPath(new URL('test/memory/no-external.h', ROOT));
  buildAddon(addon, { flags: ['-include', header, '-O0'] });
  t.diagnostic(await survives('refused', [], { env: { SLUICE_ADDON: addon } }));
});
