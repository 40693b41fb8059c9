/**
 * `sluice serve` and sirv give a 1 GiB file to one client: what the server process alone spends.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomFillSync } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { peer } from './peers.js';
import { cpuSeconds, mostMemory, portSaid } from './processes.js';
import { type Figures, type Rounds, rounds } from './rounds.js';
import { CPU_PER_GIB, MEMORY, type Suite, THROUGHPUT } from './suite.js';

const BYTES = 2 ** 30;

export const serve: Suite = {
  title: 'A file over HTTP',
  about:
    'One client takes a warm file and checks its SHA-256, which is what limits the throughput. ' +
    'CPU and memory (the most it ever held) are those of the server process alone.',
  peers: ['sirv'],
  tables: [
    {
      id: 'serve',
      title: 'A file over HTTP, 1 GiB to one client',
      short: 'serve over HTTP, 1 GiB',
      about: '',
      ours: 'sluice serve',
      columns: [CPU_PER_GIB, THROUGHPUT, MEMORY],
    },
  ],
  run: inFolder,
};

async function inFolder(count: number): Promise<Record<string, Rounds>> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  try {
    const digest = makeFile(join(folder, 'big.bin'));
    const sirv = await peer('sirv');
    const contender = (name: string, script: string, parameters: string[]) => ({
      name,
      run: () => measure(() => start(script, parameters), digest),
    });
    const ours = contender('sluice serve', '../package/cli/main.js', [
      'serve',
      folder,
      '--port',
      '0',
    ]);
    const theirs = contender('sirv', 'serve-sirv.js', [sirv, folder]);
    return { serve: await rounds([ours, theirs], count) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A file of random bytes; answers its SHA-256. */
function makeFile(path: string): string {
  const hash = createHash('sha256');
  const piece = Buffer.allocUnsafe(2 ** 24);
  const fd = openSync(path, 'w');
  for (let written = 0; written < BYTES; written += piece.length) {
    randomFillSync(piece);
    hash.update(piece);
    writeSync(fd, piece);
  }
  closeSync(fd);
  return hash.digest('hex');
}

function start(script: string, parameters: string[]): ChildProcess {
  const path = fileURLToPath(new URL(script, import.meta.url));
  return spawn(process.execPath, [path, ...parameters], { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Starts a server, takes the file once to warm up and once to measure, and ends the server. */
async function measure(startServer: () => ChildProcess, digest: string): Promise<Figures> {
  const server = startServer();
  try {
    const port = await portSaid(server, /http:\/\/[^/\s]+:(\d+)/);
    await take(port, digest);
    const before = cpuSeconds(server.pid as number);
    const begun = performance.now();
    await take(port, digest);
    const seconds = (performance.now() - begun) / 1000;
    const cpu = cpuSeconds(server.pid as number) - before;
    return { cpu, rate: BYTES / 2 ** 30 / seconds, memory: mostMemory(server.pid as number) };
  } finally {
    server.kill();
  }
}

/** A plain client: what it costs is the same for both. */
function take(port: number, digest: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const hash = createHash('sha256');
    let head = '';
    let length = 0;
    const socket = connect(port, '127.0.0.1', () => {
      socket.write('GET /big.bin HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n');
    });
    socket.on('error', reject);
    socket.on('data', (chunk: Buffer) => {
      let body = chunk;
      if (!head.includes('\r\n\r\n')) {
        const text = head + chunk.toString('latin1');
        const end = text.indexOf('\r\n\r\n');
        body = end < 0 ? chunk.subarray(0, 0) : chunk.subarray(end + 4 - head.length);
        head = end < 0 ? text : text.slice(0, end + 4);
      }
      length += body.length;
      hash.update(body);
    });
    socket.on('close', () => {
      if (length === BYTES && hash.digest('hex') === digest) resolve();
      else reject(new Error(`${length} bytes, or other ones, after: ${head}`));
    });
  });
}
