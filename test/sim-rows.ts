/**
 * The conformance rows on the sim kernel in any runtime: run by the test command in Bun and Deno,
 * whose node:test cannot run the suite.
 */
import process from 'node:process';
import type { Registered } from './helpers/registry.js';
import { allRows } from './helpers/row-files.js';

const TIMEOUT_MS = 60_000;

/** Whether it passed. */
async function passes({ name, run }: Registered): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
  });
  try {
    await Promise.race([run(), late]);
    return true;
  } catch (error) {
    console.error(name, error);
    return false;
  } finally {
    clearTimeout(timer);
  }
}

const rows = (await allRows()).filter(({ kernel }) => kernel === 'sim');
let passed = 0;
for (const row of rows) if (await passes(row)) passed++;
console.log(`sim rows: ${passed} of ${rows.length} passed`);
process.exit(passed === rows.length && passed > 0 ? 0 : 1);
