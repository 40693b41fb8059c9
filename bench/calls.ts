/**
 * What one call costs: through the seam, through `sluice/sys`, in C, in Python and through koffi.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { peer } from './peers.js';
import { type Contender, type Figures, figure, ratio, rounds, table } from './report.js';

const COUNT = 300_000;
const ROUNDS = 7;
const FIGURES = ['dup+close', 'fcntl(F_GETFL)', 'failing', 'succeeding'] as const;

export async function calls(): Promise<string> {
  const all = await rounds(await contenders(), ROUNDS);
  const rows = [...all.keys()].map((name) => [
    name,
    ...FIGURES.map((key) => {
      const multiple = ratio(all, name, 'C', key).toFixed(2);
      return `${figure(all, name, key).toFixed(0)} ns (${multiple})`;
    }),
  ]);
  const seam = (key: string) => figure(all, 'sluice kernel', key);
  const failing = (seam('failing') / seam('succeeding')).toFixed(2);
  return [
    '## One call',
    '',
    `Nanoseconds per call, medians of ${ROUNDS} interleaved rounds of ${COUNT} calls; in brackets`,
    'as a multiple of C in the same round. Failing is dup(−1), which sys and Python throw and',
    'catch; succeeding is fcntl(F_GETFD). A failing call through the seam costs',
    `${failing} of a succeeding one. Where a process has more than one thread, as every Node has,`,
    'Linux counts a reference for each look at a descriptor: the row with two threads is C under',
    'the same condition.',
    '',
    table(['', ...FIGURES], rows),
  ].join('\n');
}

async function contenders(): Promise<Contender[]> {
  const count = String(COUNT);
  const script = fileURLToPath(new URL('./calls-contender.js', import.meta.url));
  const koffi = await peer('koffi');
  const node = (name: string) => () => run(process.execPath, [script, name, count, koffi]);
  const binary = compile();
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
  return JSON.parse(execFileSync(command, parameters, { encoding: 'utf8' }));
}

function compile(): string {
  const binary = resolve('.cache/bench-calls');
  mkdirSync('.cache', { recursive: true });
  execFileSync('cc', ['-std=c11', '-O2', '-pthread', '-o', binary, 'bench/calls.c']);
  return binary;
}
