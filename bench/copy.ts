/**
 * `copy` against what people use for the same: a warm file to a socket, a file to a file, a pipe to
 * a file. Every byte is compared, outside the time that is measured.
 */
import {
  type ChildProcess,
  execFileSync,
  type SpawnSyncOptionsWithBufferEncoding,
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
import { compile, cpuSeconds, freePort, untilListening } from './processes.js';
import {
  type Contender,
  type Figures,
  figure,
  type Rounds,
  ratio,
  rounds,
  table,
} from './report.js';

const BYTES = 2 ** 30;
const ROUNDS = 5;
const CONTENDER = fileURLToPath(new URL('./copy-contender.js', import.meta.url));
const SLUICE = fileURLToPath(new URL('../package/cli/main.js', import.meta.url));

export async function copy(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  try {
    const tool = compile('copy');
    const content = join(folder, 'content');
    const out = openSync(content, 'w');
    execFileSync(tool, ['make', `${BYTES}`], { stdio: ['ignore', out, 'inherit'] });
    closeSync(out);
    const sections = [
      await toSocket(tool, folder, content),
      await toFile(folder, content),
      await fromPipe(tool, folder, content),
    ];
    return ['## A copy', ...sections].join('\n\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/* ---- file to socket ---- */

async function toSocket(tool: string, folder: string, content: string): Promise<string> {
  const node = () => portOf(spawn(process.execPath, [CONTENDER, 'send', content], PRINTS));
  const plain = () => portOf(spawn(tool, ['send', content], PRINTS));
  const all = await rounds(
    [
      { name: 'sluice', run: () => served(tool, node) },
      { name: 'nginx, sendfile', run: () => served(tool, () => nginx(folder)) },
      { name: 'C, a loop of sendfile', run: () => served(tool, plain) },
    ],
    ROUNDS,
  );
  const versus = (name: string) =>
    `${ratio(all, 'sluice', name, 'cpu').toFixed(2)} × the CPU and ` +
    `${ratio(all, 'sluice', name, 'rate').toFixed(2)} × the throughput of ${name}`;
  return [
    '### A warm file of 1 GiB to a TCP connection',
    '',
    `sluice needs ${versus('nginx, sendfile')}, and ${versus('C, a loop of sendfile')}.`,
    'CPU is that of the server process alone. By a profile, four fifths of it are sendfile(2)',
    'itself, in calls of at most 2 MiB so that others have their turn; the rest is Node and its',
    'event loop, which a loop in C does not have.',
    '',
    table(['', 'CPU per GiB', 'throughput'], rows(all, 'cpu', 'rate')),
  ].join('\n');
}

const PRINTS: { stdio: StdioOptions } = { stdio: ['ignore', 'pipe', 'inherit'] };

interface Server {
  readonly process: ChildProcess;
  readonly port: number;
}

async function portOf(child: ChildProcess): Promise<Server> {
  const [printed] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  return { process: child, port: Number(printed) };
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
  await untilListening(port);
  return { process: child, port };
}

/** Starts a server, takes the file twice, and measures the second time. */
async function served(tool: string, start: () => Promise<Server>): Promise<Figures> {
  const server = await start();
  const pid = server.process.pid as number;
  try {
    await take(tool, server.port);
    const before = cpuSeconds(pid);
    const seconds = await take(tool, server.port);
    return { cpu: cpuSeconds(pid) - before, rate: BYTES / 2 ** 30 / seconds };
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

async function toFile(folder: string, content: string): Promise<string> {
  const target = join(folder, 'target');
  const contender = (name: string, command: string, parameters: string[]): Contender => ({
    name,
    run: () => written(content, target, () => spawnSync(command, parameters, CAPTURES)),
  });
  const node = (mode: string) => [CONTENDER, mode, content, target];
  const all = await rounds(
    [
      contender('copy()', process.execPath, node('copy')),
      contender('fs.copyFile()', process.execPath, node('copyFile')),
      contender('sluice copy', process.execPath, [SLUICE, 'copy', content, target]),
      contender('cp', 'cp', [content, target]),
    ],
    ROUNDS,
  );
  const times = (ours: string, theirs: string) =>
    `${ratio(all, ours, theirs, 'rate').toFixed(2)} ×`;
  return [
    '### A file of 1 GiB to a new file of the same file system',
    '',
    `The copy alone: copy() has ${times('copy()', 'fs.copyFile()')} the throughput of`,
    `fs.copyFile(), and ${times('copy()', 'cp')} that of cp. The command, with the start of Node:`,
    `${times('sluice copy', 'cp')} that of cp. All four let Linux copy from page to page`,
    '(copy_file_range), so they differ in their start and in the pieces they ask for.',
    '',
    table(['', 'throughput'], rows(all, 'rate')),
  ].join('\n');
}

const CAPTURES: SpawnSyncOptionsWithBufferEncoding = { stdio: ['ignore', 'pipe', 'ignore'] };

/** Runs a program that makes `target`; one that prints milliseconds has measured itself. */
function written(
  content: string,
  target: string,
  run: () => { status: number | null; stdout: Buffer },
): Figures {
  rmSync(target, { force: true });
  execFileSync('sync');
  const begun = performance.now();
  const { status, stdout } = run();
  const wall = performance.now() - begun;
  if (status !== 0) throw new Error(`ended with ${status}`);
  execFileSync('cmp', [content, target]);
  return { rate: BYTES / 2 ** 30 / ((Number(stdout.toString()) || wall) / 1000) };
}

/* ---- pipe to file ---- */

async function fromPipe(tool: string, folder: string, content: string): Promise<string> {
  const target = join(folder, 'target');
  const contender = (name: string, command: string): Contender => ({
    name,
    run: () => {
      const script = `${tool} make ${BYTES} | ${command}`;
      return written(content, target, () => spawnSync('sh', ['-c', script], CAPTURES));
    },
  });
  const node = (mode: string) => `${process.execPath} ${CONTENDER} ${mode} ${target}`;
  const all = await rounds(
    [
      contender('copy(), onProgress', node('progress')),
      contender('Node streams', node('streams')),
      contender('pv', `pv -f > ${target}`),
    ],
    ROUNDS,
  );
  const ours = 'copy(), onProgress';
  return [
    '### A pipe to a file, 1 GiB, with progress',
    '',
    `copy() has ${ratio(all, ours, 'pv', 'rate').toFixed(2)} × the throughput of pv, and`,
    `${ratio(all, ours, 'Node streams', 'rate').toFixed(2)} × that of Node's streams. The start`,
    'of Node is in both of its figures, and not in that of pv.',
    '',
    table(['', 'throughput'], rows(all, 'rate')),
  ].join('\n');
}

const UNITS: Readonly<Record<string, string>> = { cpu: 's', rate: 'GiB/s' };

function rows(all: Rounds, ...keys: string[]): string[][] {
  return [...all.keys()].map((name) => [
    name,
    ...keys.map((key) => `${figure(all, name, key).toFixed(2)} ${UNITS[key]}`),
  ]);
}
