/**
 * `npm run bench [-- SUITE… --rounds N --redraw]`: measures, prints what is met and missed, and
 * writes bench/RESULTS.md, its pictures, the raw figures and the table of the README. With fewer
 * than five rounds it is a look, and all of that but the README goes to .cache/bench/look.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pen } from './draw.js';
import { missing, versions } from './peers.js';
import { barPicture, linePicture, overviewPicture } from './pictures.js';
import { withTable } from './readme.js';
import { machine, readRecord, writeRecord } from './record.js';
import { type Result, results, verdictLines } from './results.js';
import type { Suite } from './suite.js';
import { SUITES } from './suites.js';

const LEAST_ROUNDS = 5;

const { values, positionals } = parsed();
const count = Number(values.rounds);
if (!Number.isInteger(count) || count < 1) refuse('--rounds takes a count from 1');
const folder = count < LEAST_ROUNDS ? '.cache/bench/look' : 'bench';
const plots = join(folder, 'plots');
const chosen = positionals.length > 0 ? positionals : Object.keys(SUITES);
const unknown = chosen.find((name) => SUITES[name] === undefined);
if (unknown !== undefined) {
  refuse(`no benchmark "${unknown}": there are ${Object.keys(SUITES).join(', ')}`);
}

if (!values.redraw) {
  const suites = chosen.map((name) => SUITES[name] as Suite);
  // All are asked for before the first runs: it takes some minutes.
  const packages = missing(suites.flatMap(({ peers }) => peers));
  if (packages.length > 0) refuse(`first: apt-get install ${packages.join(' ')}`);
  for (const name of chosen) await measure(name, SUITES[name] as Suite);
}
await write();

function parsed() {
  const options = {
    rounds: { type: 'string', default: `${LEAST_ROUNDS}` },
    redraw: { type: 'boolean', default: false },
  } as const;
  try {
    return parseArgs({ allowPositionals: true, options });
  } catch (error) {
    return refuse((error as Error).message);
  }
}

function refuse(why: string): never {
  console.error(`bench: ${why}`);
  process.exit(2);
}

async function measure(name: string, suite: Suite): Promise<void> {
  console.log(`\n${name}: ${count} ${count === 1 ? 'round' : 'rounds'}`);
  const tables = await suite.run(count);
  const date = new Date().toISOString().slice(0, 10);
  const found = versions(suite.peers);
  const recorded = { date, machine: machine(), versions: found, tables };
  writeRecord(plots, name, recorded);
  console.log(verdictLines({ suite, recorded }).join('\n'));
}

async function write(): Promise<void> {
  const all = Object.entries(SUITES).flatMap(([name, suite]): Result[] => {
    const recorded = readRecord(plots, name);
    return recorded === undefined ? [] : [{ suite, recorded }];
  });
  mkdirSync(plots, { recursive: true });
  const { bars, lines, overview } = await pen();
  const save = (id: string, svg: string) => writeFileSync(join(plots, `${id}.svg`), svg);
  for (const { suite, recorded } of all) {
    for (const table of suite.tables) {
      const figures = recorded.tables[table.id];
      if (figures === undefined) continue;
      const drawn = table.growth
        ? lines(linePicture(table, figures))
        : bars(barPicture(table, figures));
      save(table.id, drawn);
    }
  }
  save('overview', overview(overviewPicture(all)));
  writeFileSync(join(folder, 'RESULTS.md'), results(all));
  if (folder === 'bench') {
    writeFileSync('README.md', withTable(readFileSync('README.md', 'utf8'), all));
  }
  console.log(`\n${join(folder, 'RESULTS.md')}`);
}
