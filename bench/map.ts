/** Files by `map` and by reading them: random reads, a scan, small files. */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compile } from './processes.js';
import { type Contender, type Rounds, rounds } from './rounds.js';
import type { Column, Suite, Table } from './suite.js';

const CONTENDER = fileURLToPath(new URL('./map-contender.js', import.meta.url));
const BYTES = 2 ** 30;
const SMALL = [100, 4096, 65536];

const nanoseconds = (key: string, title: string): Column => ({
  key,
  title,
  unit: 'ns',
  digits: 0,
  better: 'less',
});
const microseconds = (key: string, title: string): Column => ({
  key,
  title,
  unit: 'µs',
  digits: 1,
  better: 'less',
});
const throughput = (key: string, title: string): Column => ({
  key,
  title,
  unit: 'GiB/s',
  digits: 2,
  better: 'more',
});

const TABLES: readonly Table[] = [
  {
    id: 'map-random',
    title: 'Random reads of a warm file of 1 GiB',
    short: 'random 4 KiB of 1 GiB',
    about:
      'fs.readSync() reads into one Buffer that is used again and again. A word of 8 bytes of ' +
      'each 4 KiB is compared: of the page where it lies, of a Buffer of the page (`subarray`), ' +
      'of a copy in memory of its own; then all 512 words added; last 8 bytes alone. Without ' +
      '`populate` the first touches of pages are in the figures.',
    ours: 'map()',
    columns: [
      nanoseconds('page', '4 KiB'),
      nanoseconds('view', 'as a Buffer'),
      nanoseconds('copy', 'copied'),
      nanoseconds('sum', 'all added'),
      nanoseconds('eight', '8 bytes'),
    ],
  },
  {
    id: 'map-scan',
    title: 'A scan of a warm file of 1 GiB',
    short: 'scan of 1 GiB',
    about:
      'All of its words are added, and the sum compared. The first pass over the mapping takes a ' +
      'page fault for each 64 KiB unless it is populated; the whole is from the name of the file ' +
      'to the first sum, with fs.readFileSync() for the Buffer.',
    ours: 'map()',
    columns: [
      throughput('first', 'first pass'),
      throughput('again', 'second pass'),
      throughput('whole', 'whole'),
    ],
  },
  {
    id: 'map-small',
    title: 'Small files: opened, first byte, closed',
    short: 'small file, to its first byte',
    about:
      'The loop turns after each 64 files. sluice/sys makes the bare calls, and nothing guards ' +
      'the mapping; map(fd) is of a file that is open already; C makes no more than the calls.',
    ours: 'map()',
    columns: SMALL.map((size) =>
      microseconds(`${size}`, size < 1024 ? `${size} bytes` : `${size / 1024} KiB`),
    ),
  },
];

export const map: Suite = {
  title: 'Mappings',
  about:
    'Each contender is a process of its own, which tells the best of four tries; what is read is ' +
    'verified. The libraries of npm for mmap are not here, for none of those tried builds on a ' +
    'Node of today.',
  peers: ['gcc'],
  tables: TABLES,
  run: inFolder,
};

async function inFolder(count: number): Promise<Record<string, Rounds>> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  try {
    const file = join(folder, 'words');
    make(file);
    for (const size of SMALL) writeFileSync(join(folder, `${size}`), 'a'.repeat(size));
    return {
      'map-random': await rounds(random(file), count),
      'map-scan': await rounds(scan(file), count),
      'map-small': await rounds(small(folder), count),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Doubles, each the number of its place. */
function make(file: string): void {
  const words = new Float64Array(2 ** 17);
  const fd = openSync(file, 'w');
  for (let first = 0; first < BYTES / 8; first += words.length) {
    for (let index = 0; index < words.length; index++) words[index] = first + index;
    writeSync(fd, words);
  }
  closeSync(fd);
}

function random(file: string): Contender[] {
  return [
    contender('map()', 'random', 'populate', file),
    contender('sluice, without populate', 'random', 'map', file),
    contender('fs.readSync()', 'random', 'read', file),
  ];
}

function scan(file: string): Contender[] {
  return [
    contender('map()', 'scan', 'map', file),
    contender('sluice, with populate', 'scan', 'populate', file),
    contender('a Buffer', 'scan', 'buffer', file),
  ];
}

function small(folder: string): Contender[] {
  const tool = compile('map');
  const files = SMALL.map((size) => join(folder, `${size}`));
  return [
    contender('map()', 'small', 'map', folder),
    contender('sluice, map(fd)', 'small', 'fd', folder),
    contender('sluice/sys', 'small', 'sys', folder),
    contender('fs.readFileSync()', 'small', 'readFile', folder),
    contender('fs.openSync(), readSync()', 'small', 'read', folder),
    { name: 'C, mmap', run: () => figures(tool, ['map', ...files]) },
    { name: 'C, read', run: () => figures(tool, ['read', ...files]) },
  ];
}

function contender(name: string, work: string, way: string, path: string): Contender {
  return { name, run: () => figures(process.execPath, [CONTENDER, work, way, path]) };
}

function figures(command: string, parameters: readonly string[]) {
  return JSON.parse(execFileSync(command, parameters, { encoding: 'utf8' }));
}
