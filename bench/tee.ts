/**
 * `sluice tee FILE`, GNU tee and a program with Node streams take 2 GiB from a pipe to a file and a
 * pipe.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { copy, open, pipe } from '../src/index.js';
import { type Figures, figure, ratio, rounds, table } from './report.js';

const BYTES = 2 ** 31;
const ROUNDS = 5;
const PIPE_BYTES = 2 ** 20;
/** Linux counts a process's time in ticks of 10 ms: USER_HZ. */
const TICK_SECONDS = 0.01;

const program = (name: string) => fileURLToPath(new URL(name, import.meta.url));

const CONTENDERS: Readonly<Record<string, readonly string[]>> = {
  'sluice tee': [process.execPath, program('../package/cli/main.js'), 'tee'],
  'GNU tee': ['tee'],
  'Node streams': [process.execPath, program('tee-streams.js')],
};

export async function tee(): Promise<string> {
  // In memory where that can be had: a disk would be the same for all, and slower than all.
  const parent = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const folder = mkdtempSync(join(parent, 'sluice-bench-'));
  try {
    const source = join(folder, 'source');
    execFileSync('sh', ['-c', 'head -c "$0" /dev/urandom > "$1"', `${BYTES}`, source]);
    for (const command of Object.values(CONTENDERS)) verify(command, source);
    const contenders = Object.entries(CONTENDERS).map(([name, command]) => ({
      name,
      run: () => measure(command, source),
    }));
    return report(await rounds(contenders, ROUNDS));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function report(all: Awaited<ReturnType<typeof rounds>>): string {
  const rows = [...all.keys()].map((name) => [
    name,
    `${figure(all, name, 'seconds').toFixed(2)} s`,
    `${ratio(all, name, 'sluice tee', 'seconds').toFixed(2)} ×`,
    `${figure(all, name, 'cpu').toFixed(2)} s`,
  ]);
  return [
    '## One source, a file and a pipe',
    '',
    '2 GiB from a pipe to a file in memory and to a pipe, from the start of the process to its',
    'end. Who fills the one pipe and empties the other moves pages and copies nothing, so that the',
    'tee itself is measured; CPU is that of its process alone. Every byte of both was compared',
    `once for each, and both counted each time; medians of ${ROUNDS} interleaved rounds, multiples`,
    'round by round. What limits sluice is the file: by perf most of its time is the copy into it',
    'and the pages for it, which cost `cp` of the same 2 GiB about 1 s; a tenth of a second is the',
    'start of Node.',
    '',
    table(['', 'time', 'of sluice’s', 'CPU'], rows),
  ].join('\n');
}

/** Every byte of the file and of the pipe, once: too slow to be in what is measured. */
function verify(command: readonly string[], source: string): void {
  const target = `${source}.copy`;
  const script = 'cat "$0" | "$@" | cmp - "$0"';
  execFileSync('sh', ['-c', script, source, ...command, target], { stdio: 'inherit' });
  execFileSync('cmp', [source, target], { stdio: 'inherit' });
  rmSync(target);
}

/** The shell stays until it is told, so that what its child has used can be read. */
const SCRIPT = '"$@" 3>&-; echo $? >&3; read _ <&3';

async function measure(command: readonly string[], source: string): Promise<Figures> {
  const target = `${source}.copy`;
  using file = await open(source);
  using nothing = await open('/dev/null', 'w');
  const input = pipe({ capacity: PIPE_BYTES });
  const output = pipe({ capacity: PIPE_BYTES });
  const begun = performance.now();
  const shell = spawn('sh', ['-c', SCRIPT, 'sh', ...command, target], {
    stdio: [input.reader.fd, output.writer.fd, 'inherit', 'pipe'],
  });
  input.reader.close();
  output.writer.close();
  const emptied = copy(output.reader, nothing, { limit: BYTES });
  await copy(file, input.writer);
  input.writer.close();
  const [status] = await once(shell.stdio[3] as Duplex, 'data');
  const seconds = (performance.now() - begun) / 1000;
  const { bytes } = await emptied;
  output.reader.close();
  const cpu = await end(shell);
  if (`${status}`.trim() !== '0' || bytes !== BYTES || statSync(target).size !== BYTES) {
    throw new Error(`${command[0]}: status ${status}, ${bytes} bytes`);
  }
  rmSync(target);
  return { seconds, cpu };
}

/** User and system time of a process's children that have ended: fields 16 and 17. */
async function end(shell: ChildProcess): Promise<number> {
  const stat = readFileSync(`/proc/${shell.pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const exited = once(shell, 'exit');
  (shell.stdio[3] as Duplex).end('\n');
  await exited;
  return (Number(fields[13]) + Number(fields[14])) * TICK_SECONDS;
}
