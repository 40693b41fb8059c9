/**
 * What one call costs: through the seam, through `sluice/sys`, in C, in Python and through koffi.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { peer } from './peers.js';
import { compile } from './processes.js';
import { type Contender, type Figures, rounds } from './rounds.js';
import type { Column, Suite } from './suite.js';

const COUNT = 300_000;

/** Each as the programs print it. */
const CALLS = {
  dup: 'dup+close',
  getfl: 'fcntl(F_GETFL)',
  failing: 'failing',
  succeeding: 'succeeding',
} as const;

const column = (key: keyof typeof CALLS): Column => {
  const said: Column = { key, title: CALLS[key], unit: 'ns', digits: 0 };
  return key === 'dup' || key === 'getfl' ? { ...said, better: 'less' } : said;
};

export const calls: Suite = {
  title: 'Calls',
  about:
    `Nanoseconds a call, of ${COUNT.toLocaleString('en')}. Failing is dup(−1), which sluice/sys ` +
    'and Python throw and catch; succeeding is fcntl(F_GETFD). Where a process has more than one ' +
    'thread, as every Node has, Linux counts a reference for each look at a descriptor: the row ' +
    'with two threads is C under the same condition.',
  peers: ['koffi', 'Python', 'gcc'],
  tables: [
    {
      id: 'calls',
      title: 'One call',
      short: 'one call',
      about: '',
      ours: 'sluice kernel',
      columns: [column('dup'), column('getfl'), column('failing'), column('succeeding')],
    },
  ],
  run: async (count) => ({ calls: await rounds(await contenders(), count) }),
};

async function contenders(): Promise<Contender[]> {
  const count = String(COUNT);
  const script = fileURLToPath(new URL('./calls-contender.js', import.meta.url));
  const koffi = await peer('koffi');
  const node = (name: string) => () => run(process.execPath, [script, name, count, koffi]);
  const binary = compile('calls');
  return [
    { name: 'C', run: () => run(binary, [count]) },
    { name: 'C, two threads', run: () => run(binary, [count, 'threaded']) },
    { name: 'sluice kernel', run: node('kernel') },
    { name: 'sluice/sys', run: node('sys') },
    { name: 'koffi', run: node('koffi') },
    { name: 'Python', run: () => run('python3', ['bench/calls.py', count]) },
  ];
}

function run(command: string, parameters: string[]): Figures {
  const said = JSON.parse(execFileSync(command, parameters, { encoding: 'utf8' }));
  return Object.fromEntries(Object.entries(CALLS).map(([key, name]) => [key, said[name]]));
}
