/**
 * What `import 'sluice'` adds to a bare Node process: time until it ends, and resident memory at
 * the end.
 */
import { spawnSync } from 'node:child_process';
import { type Contender, type Figures, figure, type Rounds, rounds } from './rounds.js';
import type { Column, Suite } from './suite.js';

/** A start is short, and its time varies. */
const TIMES = 3;
const REPORT = 'console.log(process.memoryUsage.rss());';
const BARE = 'bare Node';

const milliseconds: Omit<Column, 'key' | 'title'> = { unit: 'ms', digits: 1 };
const megabytes: Omit<Column, 'key' | 'title'> = { unit: 'MB', digits: 1 };

export const startup: Suite = {
  title: 'Start',
  about: `A process that imports and ends, ${TIMES} times in each round.`,
  peers: [],
  tables: [
    {
      id: 'startup',
      title: "What import 'sluice' adds to a bare Node",
      short: 'import',
      about: '',
      ours: "import 'sluice'",
      alone: true,
      columns: [
        { key: 'wall', title: 'wall', ...milliseconds },
        { key: 'wallAdded', title: 'wall, added', ...milliseconds, better: 'less' },
        { key: 'resident', title: 'resident', ...megabytes },
        { key: 'residentAdded', title: 'resident, added', ...megabytes, better: 'less' },
      ],
    },
  ],
  run: async (count) => ({
    startup: added(
      await rounds(
        [
          importing(BARE, ''),
          importing("import 'sluice'", "import 'sluice';"),
          importing("import 'sluice/sys'", "import 'sluice/sys';"),
        ],
        TIMES * count,
      ),
    ),
  }),
};

/** What each has more than the median of the bare one. */
function added(all: Rounds): Rounds {
  const wall = figure(all, BARE, 'wall');
  const resident = figure(all, BARE, 'resident');
  const more = (figures: Figures): Figures => ({
    ...figures,
    wallAdded: (figures.wall as number) - wall,
    residentAdded: (figures.resident as number) - resident,
  });
  const imports = Object.entries(all).filter(([name]) => name !== BARE);
  const each = imports.map(([name, figures]) => [name, figures.map(more)]);
  return { [BARE]: all[BARE] ?? [], ...Object.fromEntries(each) };
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
