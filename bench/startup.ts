/**
 * What `import 'sluice'` adds to a bare Node process: time until it ends, and resident memory at
 * the end.
 */
import { spawnSync } from 'node:child_process';
import { type Contender, figure, rounds, table } from './report.js';

const ROUNDS = 15;
const REPORT = 'console.log(process.memoryUsage.rss());';
const BARE = 'bare Node';

export async function startup(): Promise<string> {
  const all = await rounds(
    [
      importing(BARE, ''),
      importing("import 'sluice'", "import 'sluice';"),
      importing("import 'sluice/sys'", "import 'sluice/sys';"),
    ],
    ROUNDS,
  );
  const cells = (name: string, key: string, unit: string) => {
    const value = figure(all, name, key);
    const added = value - figure(all, BARE, key);
    return [`${value.toFixed(1)} ${unit}`, `${added.toFixed(1)} ${unit}`];
  };
  const rows = [...all.keys()].map((name) => [
    name,
    ...cells(name, 'wall', 'ms'),
    ...cells(name, 'resident', 'MB'),
  ]);
  return [
    '## Start',
    '',
    `A process that imports and ends; medians of ${ROUNDS} interleaved rounds.`,
    '',
    table(['', 'wall', 'added', 'resident', 'added'], rows),
  ].join('\n');
}

function importing(name: string, code: string): Contender {
  const parameters = ['--input-type=module', '-e', `${code} ${REPORT}`];
  return {
    name,
    run: () => {
      const start = performance.now();
      const { stdout, status } = spawnSync(process.execPath, parameters, { encoding: 'utf8' });
      const wall = performance.now() - start;
      if (status !== 0) throw new Error(`${name} ended with ${status}`);
      return { wall, resident: Number(stdout) / 1e6 };
    },
  };
}
