/**
 * `head | wc` of 3 GiB: two children joined by `pipeline`, by execa and by Node's streams.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { peer } from './peers.js';
import { type Figures, figure, ratio, rounds, table } from './report.js';

const BYTES = 3 * 2 ** 30;
const ROUNDS = 5;
const CONTENDERS = { 'sluice pipeline': 'sluice', execa: 'execa', 'Node streams': 'streams' };

export async function children(): Promise<string> {
  const execa = await peer('execa');
  const contenders = Object.entries(CONTENDERS).map(([name, way]) => ({
    name,
    run: () => measure(way, execa),
  }));
  return report(await rounds(contenders, ROUNDS));
}

function report(all: Awaited<ReturnType<typeof rounds>>): string {
  const rows = [...all.keys()].map((name) => [
    name,
    `${figure(all, name, 'seconds').toFixed(2)} s`,
    `${ratio(all, name, 'sluice pipeline', 'seconds').toFixed(2)} ×`,
    `${figure(all, name, 'cpu').toFixed(3)} s`,
  ]);
  return [
    '## Two children joined',
    '',
    '`head -c 3G /dev/zero | wc -c`, from the start of the children to the end of both. CPU is',
    'that of the Node process that joins them, meanwhile; `wc` counts every byte. Medians of',
    `${ROUNDS} interleaved rounds, multiples round by round.`,
    '',
    table(['', 'time', 'of sluice’s', 'CPU in Node'], rows),
  ].join('\n');
}

function measure(way: string, execa: string): Figures {
  const script = fileURLToPath(new URL('children-contender.js', import.meta.url));
  const printed = execFileSync(process.execPath, [script, way, `${BYTES}`, execa]);
  const { counted, ...figures } = JSON.parse(`${printed}`) as Figures & { counted: number };
  if (counted !== BYTES) throw new Error(`${way}: ${counted} bytes of ${BYTES}`);
  return figures;
}
