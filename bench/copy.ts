/**
 * `copy` against what people use for the same: a warm file to a socket, a file to a file, a pipe to
 * a file. Every byte is compared with what was sent.
 */
import {
  type ChildProcess,
  execFileSync,
  type StdioOptions,
  spawn,
  spawnSync,
} from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import {
  compile,
  cpuSeconds,
  freePort,
  mostMemory,
  portSaid,
  untilListening,
} from './processes.js';
import { type Contender, type Figures, type Rounds, rounds } from './rounds.js';
import { CPU_PER_GIB, MEMORY, type Suite, type Table, THROUGHPUT } from './suite.js';

const BYTES = 2 ** 30;
const CONTENDER = fileURLToPath(new URL('./copy-contender.js', import.meta.url));
const SLUICE = fileURLToPath(new URL('../package/cli/main.js', import.meta.url));
const COLUMNS = [THROUGHPUT, CPU_PER_GIB, MEMORY];

const TABLES: readonly Table[] = [
  {
    id: 'copy-socket',
    title: 'A warm file of 1 GiB to a TCP connection',
    short: 'warm file to TCP, 1 GiB',
    about: 'The client compares every byte. CPU and memory are those of the server alone.',
    ours: 'copy()',
    columns: COLUMNS,
  },
  {
    id: 'copy-file',
    title: 'A file of 1 GiB to a new file of the same file system',
    short: 'file copy, 1 GiB',
    about:
      'copy() and fs.copyFile() are measured inside their process, without the start of Node, ' +
      'which `sluice copy` has in all its figures. What was written is compared after the time.',
    ours: 'copy()',
    columns: COLUMNS,
  },
  {
    id: 'copy-pipe',
    title: 'A pipe to a file, 1 GiB, with progress',
    short: 'pipe to file with progress, 1 GiB',
    about:
      'From the start of the process to its end, the start of Node too. What was written is ' +
      'compared after the time.',
    ours: 'copy()',
    columns: COLUMNS,
  },
];

export const copy: Suite = {
  title: 'Copies',
  about: 'CPU and memory (the most it ever held) are those of the process that copies, alone.',
  peers: ['nginx', 'pv', 'GNU coreutils', 'gcc'],
  tables: TABLES,
  run: inFolder,
};

async function inFolder(count: number): Promise<Record<string, Rounds>> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  try {
    const tool = compile('copy');
    const content = join(folder, 'content');
    const out = openSync(content, 'w');
    execFileSync(tool, ['make', `${BYTES}`], { stdio: ['ignore', out, 'inherit'] });
    closeSync(out);
    return {
      'copy-socket': await rounds(toSocket(tool, folder, content), count),
      'copy-file': await rounds(toFile(folder, content), count),
      'copy-pipe': await rounds(fromPipe(tool, folder, content), count),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/* ---- file to socket ---- */

function toSocket(tool: string, folder: string, content: string): Contender[] {
  const node = () => portOf(spawn(process.execPath, [CONTENDER, 'send', content], PRINTS));
  const plain = () => portOf(spawn(tool, ['send', content], PRINTS));
  return [
    { name: 'copy()', run: () => served(tool, node) },
    { name: 'nginx, sendfile', run: () => served(tool, () => nginx(folder)) },
    { name: 'C, a loop of sendfile', run: () => served(tool, plain) },
  ];
}

const PRINTS: { stdio: StdioOptions } = { stdio: ['ignore', 'pipe', 'inherit'] };

interface Server {
  readonly process: ChildProcess;
  readonly port: number;
}

async function portOf(child: ChildProcess): Promise<Server> {
  return { process: child, port: await portSaid(child, /^(\d+)\n/) };
}

async function nginx(folder: string): Promise<Server> {
  const port = await freePort();
  const config = join(folder, 'nginx.conf');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/nginx;`)
    .join(' ');
  writeFileSync(
    config,
    `daemon off; master_process off; pid ${folder}/nginx.pid; error_log stderr crit;
    events {} http { access_log off; sendfile on; tcp_nopush on; ${temporary}
    server { listen 127.0.0.1:${port}; root ${folder}; } }`,
  );
  const child = spawn('nginx', ['-p', folder, '-c', config], { stdio: 'inherit' });
  await untilListening(child, port);
  return { process: child, port };
}

/** Linux counts CPU in hundredths of a second: what one file takes would be some twenty of them. */
const TAKES = 3;

/** Starts a server, takes the file to warm up, and measures as it is taken again. */
async function served(tool: string, start: () => Promise<Server>): Promise<Figures> {
  const server = await start();
  const pid = server.process.pid as number;
  try {
    await take(tool, server.port);
    const before = cpuSeconds(pid);
    let seconds = 0;
    for (let taken = 0; taken < TAKES; taken++) seconds += await take(tool, server.port);
    const gib = (TAKES * BYTES) / 2 ** 30;
    const cpu = (cpuSeconds(pid) - before) / gib;
    return { rate: gib / seconds, cpu, memory: mostMemory(pid) };
  } finally {
    server.process.kill();
    await once(server.process, 'exit');
  }
}

async function take(tool: string, port: number): Promise<number> {
  const child = spawn(tool, ['take', `${port}`, `${BYTES}`], PRINTS);
  const [printed, [code]] = await Promise.all([
    text(child.stdout as Readable),
    once(child, 'exit'),
  ]);
  if (code !== 0) throw new Error('the content is not what was sent');
  return Number(printed);
}

/* ---- file to file ---- */

function toFile(folder: string, content: string): Contender[] {
  const target = join(folder, 'target');
  const timed = compile('run');
  const alone = (name: string, ...command: string[]): Contender => ({
    name,
    run: () => compared(content, target, [timed, ...command, content, target]),
  });
  const inside = (name: string, mode: string): Contender => ({
    name,
    run: () => compared(content, target, [process.execPath, CONTENDER, mode, content, target]),
  });
  return [
    inside('copy()', 'copy'),
    inside('fs.copyFile()', 'copyFile'),
    alone('sluice copy', process.execPath, SLUICE, 'copy'),
    alone('cp', 'cp'),
  ];
}

/** Runs a command that makes `target`, and says on descriptor 3 what that took. */
function compared(content: string, target: string, command: readonly string[]): Figures {
  rmSync(target, { force: true });
  execFileSync('sync');
  const { status, output } = spawnSync(command[0] as string, command.slice(1), SAYS);
  if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}`);
  execFileSync('cmp', [content, target]);
  const { seconds, cpu, memory } = JSON.parse(`${output[3]}`) as Record<string, number>;
  const gib = BYTES / 2 ** 30;
  return { rate: gib / (seconds as number), cpu: (cpu as number) / gib, memory: memory as number };
}

const SAYS: { stdio: StdioOptions } = { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] };

/* ---- pipe to file ---- */

function fromPipe(tool: string, folder: string, content: string): Contender[] {
  const target = join(folder, 'target');
  const timed = compile('run');
  const contender = (name: string, command: string): Contender => ({
    name,
    run: () => {
      const script = `${tool} make ${BYTES} 3>&- | ${timed} ${command}`;
      return compared(content, target, ['sh', '-c', script]);
    },
  });
  const node = (mode: string) => `${process.execPath} ${CONTENDER} ${mode} ${target}`;
  return [
    contender('copy()', node('progress')),
    contender('Node streams', node('streams')),
    contender('pv', `pv -f > ${target}`),
  ];
}
