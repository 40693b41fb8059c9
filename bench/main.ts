/**
 * `npm run bench [name …]`: measures, prints, and writes bench/RESULTS.md when everything ran.
 */
import { writeFileSync } from 'node:fs';
import { calls } from './calls.js';
import { children } from './children.js';
import { copy } from './copy.js';
import { relay } from './relay.js';
import { machine } from './report.js';
import { serve } from './serve.js';
import { startup } from './startup.js';
import { tee } from './tee.js';

const SUITES: Readonly<Record<string, () => Promise<string>>> = {
  calls,
  startup,
  serve,
  copy,
  relay,
  tee,
  children,
};

const chosen = process.argv.slice(2);
const sections: string[] = [];
for (const name of chosen.length > 0 ? chosen : Object.keys(SUITES)) {
  const suite = SUITES[name];
  if (suite === undefined) throw new RangeError(`no benchmark "${name}"`);
  const section = await suite();
  console.log(`\n${section}`);
  sections.push(section);
}
if (chosen.length === 0) {
  const head = `# Results\n\nMade by \`npm run bench\` on ${machine()}.`;
  writeFileSync('bench/RESULTS.md', `${[head, ...sections].join('\n\n')}\n`);
}
