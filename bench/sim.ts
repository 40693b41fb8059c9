/** What the sim kernel costs beside the real one: single calls, many descriptors, much traffic. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Contender, type Figures, rounds } from './rounds.js';
import type { Column, Suite } from './suite.js';

const rate = (key: string, title: string): Column => ({
  key,
  title,
  unit: 'M/s',
  digits: 2,
  better: 'more',
});
const LEAST: Column = { key: 'least', title: 'least of best', unit: '×', digits: 2 };

export const sim: Suite = {
  title: 'The sim kernel',
  about:
    'The same TypeScript makes the same calls of both kernels, in a process of its own. All is ' +
    'by seconds of CPU, which count what the threads of V8 do beside.',
  peers: [],
  tables: [
    {
      id: 'sim-calls',
      title: 'Simple calls of the sim kernel and of Linux',
      short: 'calls in memory',
      about:
        'Millions of calls a second. The pipe: 16 bytes written and read; refused: a read that ' +
        'is EAGAIN; poll: of one descriptor, which is ready.',
      ours: 'SimKernel',
      columns: [
        rate('dup', 'dup+close'),
        rate('getfl', 'fcntl(F_GETFL)'),
        rate('pipe', 'pipe'),
        rate('refused', 'refused'),
        rate('poll', 'poll'),
      ],
    },
    {
      id: 'sim-descriptors',
      title: 'The sim kernel, how calls go with the number of descriptors',
      short: 'sim, growth of descriptors',
      about:
        'All of them are eventfds that one epoll watches; of each 8 calls are made: eventfd, ' +
        'epoll_ctl, write, epoll_wait, read, dup and twice close, in a scattered order, so that ' +
        'more of them miss the caches of the processor, and the garbage collector keeps more. ' +
        'No figure: the limit of the system does not allow so many.',
      ours: 'SimKernel',
      columns: [rate('1000', '1,000'), rate('10000', '10,000'), rate('100000', '100,000'), LEAST],
      growth: 'descriptors',
    },
    {
      id: 'sim-traffic',
      title: 'The sim kernel, how throughput goes with what went through a pipe',
      short: 'sim, growth of traffic',
      about: 'In pieces of 64 KiB: write to a pipe, splice to a second one, read there.',
      ours: 'SimKernel',
      columns: [
        ...['16', '128', '1024'].map((key) => ({ ...rate(key, key), unit: 'GiB/s' })),
        LEAST,
      ],
      growth: 'MiB',
    },
  ],
  run: async (count) => ({
    'sim-calls': await rounds(contenders('calls'), count),
    'sim-descriptors': await rounds(contenders('descriptors'), count),
    'sim-traffic': await rounds(contenders('traffic'), count),
  }),
};

function contenders(work: string): Contender[] {
  return [
    { name: 'SimKernel', run: () => run('sim', work) },
    { name: 'Linux', run: () => run('linux', work) },
  ];
}

function run(kernel: string, work: string): Figures {
  const script = fileURLToPath(new URL('./sim-contender.js', import.meta.url));
  return JSON.parse(execFileSync(process.execPath, [script, kernel, work], { encoding: 'utf8' }));
}
