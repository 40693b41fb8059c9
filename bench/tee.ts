/**
 * `sluice tee FILE`, GNU tee and a program with Node streams take 2 GiB from a pipe to a file and a
 * pipe.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { copy, open, pipe } from '../src/index.js';
import { compile } from './processes.js';
import { type Figures, type Rounds, rounds } from './rounds.js';
import { CPU_PER_GIB, MEMORY, type Suite, THROUGHPUT } from './suite.js';

const BYTES = 2 ** 31;
const PIPE_BYTES = 2 ** 20;

const program = (name: string) => fileURLToPath(new URL(name, import.meta.url));

const CONTENDERS: Readonly<Record<string, readonly string[]>> = {
  'sluice tee': [process.execPath, program('../package/cli/main.js'), 'tee'],
  'GNU tee': ['tee'],
  'Node streams': [process.execPath, program('tee-streams.js')],
};

export const tee: Suite = {
  title: 'Tees',
  about:
    'From a pipe to a file in memory and to a pipe, from the start of the process to its end, ' +
    'the start of Node too. Who fills the one pipe and empties the other moves pages and copies ' +
    'nothing, so that the tee itself is measured; CPU and memory (the most it ever held) are ' +
    'those of its process alone. In each round the file is compared, after the time, and the ' +
    'bytes of the pipe are counted; once for each contender, before the rounds, every byte of ' +
    'the pipe is compared too, which would slow down what is measured.',
  peers: ['GNU coreutils', 'gcc'],
  tables: [
    {
      id: 'tee',
      title: 'Tee, one pipe to a file and a pipe, 2 GiB',
      short: 'tee to file and pipe, 2 GiB',
      about: '',
      ours: 'sluice tee',
      columns: [THROUGHPUT, CPU_PER_GIB, MEMORY],
    },
  ],
  run: inFolder,
};

async function inFolder(count: number): Promise<Record<string, Rounds>> {
  // In memory where that can be had: a disk would be the same for all, and slower than all.
  const parent = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const folder = mkdtempSync(join(parent, 'sluice-bench-'));
  try {
    const source = join(folder, 'source');
    execFileSync('sh', ['-c', '"$0" make "$1" > "$2"', compile('copy'), `${BYTES}`, source]);
    for (const command of Object.values(CONTENDERS)) verify(command, source);
    const timed = compile('run');
    const contenders = Object.entries(CONTENDERS).map(([name, command]) => ({
      name,
      run: () => measure([timed, ...command], source),
    }));
    return { tee: await rounds(contenders, count) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Every byte of the file and of the pipe, once: too slow to be in what is measured. */
function verify(command: readonly string[], source: string): void {
  const target = `${source}.copy`;
  const script = 'cat "$0" | "$@" | cmp - "$0"';
  execFileSync('sh', ['-c', script, source, ...command, target], { stdio: 'inherit' });
  execFileSync('cmp', [source, target], { stdio: 'inherit' });
  rmSync(target);
}

async function measure(command: readonly string[], source: string): Promise<Figures> {
  const target = `${source}.copy`;
  using file = await open(source);
  using nothing = await open('/dev/null', 'w');
  const input = pipe({ capacity: PIPE_BYTES });
  const output = pipe({ capacity: PIPE_BYTES });
  const child = spawn(command[0] as string, [...command.slice(1), target], {
    stdio: [input.reader.fd, output.writer.fd, 'inherit', 'pipe'],
  });
  const exited = once(child, 'exit');
  const said = text(child.stdio[3] as Readable);
  input.reader.close();
  output.writer.close();
  const emptied = copy(output.reader, nothing);
  await copy(file, input.writer);
  input.writer.close();
  const [[status], printed, { bytes }] = await Promise.all([exited, said, emptied]);
  output.reader.close();
  if (status !== 0 || bytes !== BYTES) {
    throw new Error(`${command.join(' ')}: status ${status}, ${bytes} bytes`);
  }
  execFileSync('cmp', [source, target], { stdio: 'inherit' });
  rmSync(target);
  const { seconds, cpu, memory } = JSON.parse(printed) as Record<string, number>;
  const gib = BYTES / 2 ** 30;
  return { rate: gib / (seconds as number), cpu: (cpu as number) / gib, memory: memory as number };
}
