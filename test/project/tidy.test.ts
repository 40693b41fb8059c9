import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

interface Source {
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
}

const sources: Source[] = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard'],
  {
    encoding: 'utf8',
  },
)
  .split('\n')
  .filter((path) => /\.(ts|mjs|c|h)$/.test(path))
  .map((path) => {
    const text = readFileSync(path, 'utf8');
    return { path, text, lines: text.split('\n') };
  });

const under = (...folders: string[]) =>
  sources.filter(({ path }) => folders.some((folder) => path.startsWith(folder)));

/** The lowest floor first: a floor imports from those before it. */
const FLOORS = ['kernel', 'fd', 'poll', 'flow', 'memory', 'node', 'cli'];

/** Node's own modules may be used here, inward of `node`. */
const NODE_ALLOWED = ['src/kernel/linux.ts'];
/** What a program on another kernel or in a browser does not have. */
const NODE_ONLY = /from 'node:|\b(process\.|Date\.|Math\.random|setTimeout\(|setImmediate\()/;

function importsOf({ path, text }: Source): string[] {
  const folder = path.split('/').slice(0, -1);
  return [...text.matchAll(/(?:from |import\()'(\.[^']+)'/g)].map(([, target]) => {
    const parts = [...folder];
    for (const part of (target as string).split('/')) {
      if (part === '..') parts.pop();
      else if (part !== '.') parts.push(part);
    }
    return parts.join('/');
  });
}

function offences(check: (source: Source) => string[], among: Source[]): string[] {
  return among.flatMap((source) => check(source).map((what) => `${source.path}: ${what}`));
}

test('tidy: lines have at most 100 columns', () => {
  const long = ({ lines }: Source) =>
    lines.flatMap((line, index) =>
      [...line].length > 100 && !/https?:/.test(line) ? [`${index + 1}`] : [],
    );
  assert.deepEqual(
    offences(long, under('src/', 'native/', 'test/', 'bench/', 'scripts/', 'examples/')),
    [],
  );
});

test('tidy: files of src and native have at most 300 lines, but for the tables of names', () => {
  const tables = ['src/kernel/flags.ts', 'src/kernel/errno.ts'];
  const long = under('src/', 'native/').filter(
    ({ path, lines }) => lines.length > 301 && !tables.includes(path),
  );
  assert.deepEqual(
    long.map(({ path, lines }) => `${path}: ${lines.length}`),
    [],
  );
});

test('tidy: functions have at most 70 lines', () => {
  const long = ({ lines }: Source) => {
    const found: string[] = [];
    let start = -1;
    for (const [index, line] of lines.entries()) {
      if (/^(export |static |async |function |napi_)/.test(line) && /[{(]$/.test(line))
        start = index;
      if (/^}/.test(line) && start >= 0) {
        const isFunction = /function|=>|static .*\(/.test(lines[start] as string);
        if (isFunction && index - start > 70) found.push(`${start + 1}`);
        start = -1;
      }
    }
    return found;
  };
  assert.deepEqual(offences(long, under('src/', 'native/')), []);
});

test('tidy: words that stand for unfinished or evaded work', () => {
  const words =
    /\b(TODO|FIXME|XXX)\b|@ts-(ignore|expect-error)|biome-ignore|: any[,;)>\]]|as any\b(?! )/;
  const found = ({ lines }: Source) =>
    lines.flatMap((line, index) => (words.test(line) ? [`${index + 1}: ${line.trim()}`] : []));
  const self = 'test/project/tidy.test.ts';
  assert.deepEqual(
    offences(
      found,
      sources.filter(({ path }) => path !== self),
    ),
    [],
  );
});

test('tidy: imports go one way', () => {
  const wrong = (source: Source) => {
    const floor = FLOORS.indexOf(source.path.split('/')[1] as string);
    return importsOf(source).filter((target) => {
      const [top, room] = target.split('/') as [string, string];
      if (top !== 'src') return true;
      if (room === 'sys') return !source.path.startsWith('src/sys/');
      if (source.path.startsWith('src/sys/')) return room !== 'kernel';
      const their = FLOORS.indexOf(room);
      return floor >= 0 && their >= 0 && their > floor;
    });
  };
  const barrels = ['src/index.ts', 'src/sys.ts', 'src/sim.ts'];
  const rooms = under('src/').filter(({ path }) => !barrels.includes(path));
  assert.deepEqual(offences(wrong, rooms), []);
});

test('tidy: nothing of Node from the flows inward', () => {
  const inner = under('src/kernel/', 'src/fd/', 'src/poll/', 'src/flow/', 'src/memory/').filter(
    ({ path }) => !NODE_ALLOWED.includes(path),
  );
  const code = (line: string) => !/^\s*(\*|\/\/|\/\*)/.test(line);
  const found = ({ lines }: Source) =>
    lines.flatMap((line, index) =>
      code(line) && NODE_ONLY.test(line) ? [`${index + 1}: ${line.trim()}`] : [],
    );
  assert.deepEqual(offences(found, inner), []);
});

// A module namespace reads every property, and reading process.stdin and process.stdout makes the
// pipes that the shell shares with others non-blocking.
test('tidy: process is the global, never an import', () => {
  const found = ({ text }: Source) => (text.includes("from 'node:process'") ? ['imported'] : []);
  assert.deepEqual(offences(found, under('src/')), []);
});

test('tidy: every file of src is reached from an entry or the command', () => {
  const reached = new Set<string>();
  const visit = (path: string) => {
    if (reached.has(path)) return;
    reached.add(path);
    const source = sources.find((one) => one.path === path);
    if (source) for (const target of importsOf(source)) visit(target.replace(/\.js$/, '.ts'));
  };
  for (const entry of ['index', 'sys', 'sim', 'cli/main']) visit(`src/${entry}.ts`);
  const dead = under('src/')
    .map(({ path }) => path)
    .filter((path) => !reached.has(path));
  assert.deepEqual(dead, []);
});

test('tidy: the addon has no symbol of libuv, V8 or C++', () => {
  const binary = `prebuilds/linux-${process.arch}/sluice.node`;
  const symbols = execFileSync('nm', ['-D', binary], { encoding: 'utf8' });
  const foreign = symbols
    .split('\n')
    .filter((line) => /\b(uv_|v8|_ZN|__cxa_(?!finalize)|_Zn)/.test(line));
  assert.deepEqual(foreign, []);
});
