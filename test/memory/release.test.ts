import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outcome, STEADY_HEAP, survives } from './child.js';

const CYCLES = 100_000;
/** SLUICE_HAZARDS=all has the 1,000 workers of the issue end, in some minutes. */
const WORKERS = process.env.SLUICE_HAZARDS === 'all' ? 1000 : 20;

for (const [way, times] of [
  ['close', CYCLES],
  ['drop', CYCLES],
  ['close after a fault', CYCLES / 50],
  ['mirror', CYCLES / 50],
  ['reserve', CYCLES / 50],
  ['resize', CYCLES / 50],
] as const) {
  test(`M10: ${times} × ${way}: areas, descriptors and memory as before`, async (t) => {
    t.diagnostic(await survives('cycles', [way, String(times)], { flags: STEADY_HEAP }));
  });
}

test('M10: what nobody has is unmapped, a view of one byte keeps it', async () => {
  assert.equal(await survives('forgotten'), 'alive\n');
});

test('M10: SLUICE_LEAKS=1 names where a forgotten mapping was made', async () => {
  const env = { SLUICE_LEAKS: '1' };
  const { code, stderr } = await outcome('forgotten', [], { env });
  assert.equal(code, 0, stderr);
  const warnings = stderr.match(/SLUICE_LEAK\W[^\n]*the mapping of the descriptor \d+ was never/g);
  assert.equal(warnings?.length, 2, stderr);
  assert.match(stderr, /forget .*forgotten\.js/);
  assert.match(stderr, /keepOneByte .*forgotten\.js/);
});

test(`M11: ${WORKERS} workers end with mappings open: nothing is left`, async (t) => {
  t.diagnostic(await survives('threads', [String(WORKERS)]));
});
