/** 3 GiB from one child to another: joined by `pipeline`, by execa and by Node's streams. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { peer } from './peers.js';
import { compile } from './processes.js';
import { type Figures, type Rounds, rounds } from './rounds.js';
import { MEMORY, type Suite, THROUGHPUT } from './suite.js';

const BYTES = 3 * 2 ** 30;
const CONTENDERS = { 'sluice pipeline': 'sluice', execa: 'execa', 'Node streams': 'streams' };

export const children: Suite = {
  title: 'Children',
  about:
    'One child makes numbered words and the other compares every byte of them, from the start ' +
    'of the children to the end of both. CPU and memory (the most it ever held) are those of ' +
    'the Node process that joins them.',
  peers: ['execa', 'gcc'],
  tables: [
    {
      id: 'children',
      title: 'Two children joined, 3 GiB',
      short: 'two children joined, 3 GiB',
      about: '',
      ours: 'sluice pipeline',
      columns: [
        THROUGHPUT,
        { key: 'cpu', title: 'CPU in Node', unit: 's', digits: 3, better: 'less' },
        MEMORY,
      ],
    },
  ],
  run: joined,
};

async function joined(count: number): Promise<Record<string, Rounds>> {
  const execa = await peer('execa');
  const program = compile('copy');
  const contenders = Object.entries(CONTENDERS).map(([name, way]) => ({
    name,
    run: () => measure(way, program, execa),
  }));
  return { children: await rounds(contenders, count) };
}

function measure(way: string, program: string, execa: string): Figures {
  const script = fileURLToPath(new URL('children-contender.js', import.meta.url));
  const printed = execFileSync(process.execPath, [script, way, `${BYTES}`, program, execa]);
  const { counted, seconds, ...figures } = JSON.parse(`${printed}`) as Record<string, number>;
  if (counted !== BYTES) throw new Error(`${way}: ${counted} bytes of ${BYTES}`);
  return { rate: BYTES / 2 ** 30 / (seconds as number), ...(figures as Figures) };
}
