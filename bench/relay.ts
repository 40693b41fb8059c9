/**
 * `sluice relay` against HAProxy, socat, Node's own pipe() and no relay at all. Client and server
 * are one small C program, which checks every byte that arrives.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { compile, cpuSeconds, mostMemory, untilRest } from './processes.js';
import { idle } from './relay-idle.js';
import { RELAYS, type Relay, start } from './relays.js';
import { type Figures, type Rounds, rounds } from './rounds.js';
import { type Column, CPU_PER_GIB, MEMORY, type Suite, type Table, THROUGHPUT } from './suite.js';

const FLOOD_MIB = 4096;
const GROWTH_MIB = 4096;
const RATE_MS = 3000;
const GROWTH_MS = 1500;
const COUNTS = [1, 10, 100, 1000, 5000];
const TWO = ['sluice', 'HAProxy'];

const RATE: Column = { key: 'rate', title: 'rate', unit: '/s', digits: 0, better: 'more' };
const CPU_EACH: Column = { key: 'cpu', title: 'CPU each', unit: 'µs', digits: 1, better: 'less' };
const LATENCY: Column = {
  key: 'latency',
  title: 'median latency',
  unit: 'µs',
  digits: 1,
  better: 'less',
};
const PER_CONNECTION: Column = {
  key: 'memory',
  title: 'memory per connection',
  unit: 'kB',
  digits: 1,
  better: 'less',
};
const WAKES: Column = { key: 'wakes', title: 'wake-ups in 5 s', unit: '', digits: 0 };
const LEAST: Column = { key: 'least', title: 'least of best', unit: '×', digits: 2 };

const counts = (unit: string, digits: number): Column[] =>
  COUNTS.map((count) => ({ key: `${count}`, title: `${count}`, unit, digits, better: 'more' }));

const TABLES: readonly Table[] = [
  {
    id: 'relay-flood',
    title: 'Relay, one connection, 4 GiB',
    short: 'relay, one connection, 4 GiB',
    about:
      'Where the system gives TCP to BBR, its timers cost much on loopback. sluice does without ' +
      'them there, and so do client and server; the other relays have what the system gives, but ' +
      'for the one named unpaced, HAProxy with sockets like ours, which it cannot be told to make.',
    ours: 'sluice',
    columns: [THROUGHPUT, CPU_PER_GIB, MEMORY],
  },
  {
    id: 'relay-requests',
    title: 'Relay, 256 connections kept alive, 1 KiB there and back',
    short: 'relay, 256 kept alive, 1 KiB',
    about: '',
    ours: 'sluice',
    columns: [RATE, CPU_EACH, MEMORY],
  },
  {
    id: 'relay-connections',
    title: 'Relay, a new connection for each 1 KiB there and back',
    short: 'relay, new connection for each 1 KiB',
    about: '64 at a time.',
    ours: 'sluice',
    columns: [RATE, CPU_EACH, MEMORY],
  },
  {
    id: 'relay-latency',
    title: 'Relay, one message of 64 bytes there and back',
    short: 'relay, 64 bytes there and back',
    about: '',
    ours: 'sluice',
    columns: [LATENCY],
  },
  {
    id: 'relay-idle',
    title: 'Relay, 5,000 connections at rest',
    short: 'relay, 5,000 at rest',
    about:
      'Both relays hold their connections at the same time; memory is what the process has ' +
      'more than before them, 15 s after the last has exchanged one byte.',
    ours: 'sluice',
    columns: [PER_CONNECTION, WAKES],
  },
  {
    id: 'relay-growth',
    title: 'Relay, how throughput goes with the number of connections',
    short: 'relay, growth of throughput',
    about:
      `${GROWTH_MIB / 1024} GiB in equal parts on all connections at once, which are made and ` +
      'ended meanwhile. The last row is what client and server do without a relay.',
    ours: 'sluice',
    columns: [...counts('GiB/s', 2), LEAST],
    growth: 'connections',
  },
  {
    id: 'relay-growth-requests',
    title: 'Relay, how the rate of requests goes with the number of connections',
    short: 'relay, growth of requests',
    about:
      '1 KiB there and back, one at a time on each connection: with one connection the rate is ' +
      'that of the latency, whoever relays.',
    ours: 'sluice',
    columns: counts('/s', 0),
    growth: 'connections',
  },
];

export const relay: Suite = {
  title: 'Relays',
  about:
    'HAProxy: mode tcp, splicing both ways, one thread. Client, relay and server share the ' +
    "machine's processors. The client numbers all words that it sends and the server, or the " +
    'client where they come back, compares every byte. CPU and memory (the most it ever held) ' +
    'are those of the relay alone; one run before the first round warms up.',
  peers: ['HAProxy', 'socat', 'gcc'],
  tables: TABLES,
  run: withServer,
};

const run = promisify(execFile);

interface Load {
  readonly program: string;
  /** The ports of the server that echoes, and of the one that takes and checks. */
  readonly echo: number;
  readonly sink: number;
}

async function withServer(count: number): Promise<Record<string, Rounds>> {
  const program = compile('load');
  const server = spawn(program, ['serve'], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [printed] = await once(server.stdout as NodeJS.ReadableStream, 'data');
    const [echo, sink] = String(printed).trim().split(' ').map(Number) as [number, number];
    return await all({ program, echo, sink }, count);
  } finally {
    server.kill();
  }
}

async function all({ program, echo, sink }: Load, count: number): Promise<Record<string, Rounds>> {
  const load = (kind: string, ...sizes: number[]) => loaded(program, kind, sizes);
  const compare = (target: number, names: readonly string[], measure: Measure) =>
    compared(target, names, measure, count);
  const flood = (connections: number) => load('flood', GROWTH_MIB, connections);
  const requests = (connections: number) => load('requests', connections, GROWTH_MS);
  return {
    'relay-flood': await compare(sink, Object.keys(RELAYS), perGib(load('bulk', FLOOD_MIB))),
    'relay-requests': await compare(echo, TWO, perEach(load('requests', 256, RATE_MS))),
    'relay-connections': await compare(echo, TWO, perEach(load('connections', 64, RATE_MS))),
    'relay-latency': await compare(echo, [...TWO, 'no relay'], latency(load('pingpong', 20000))),
    'relay-idle': await idle(program, echo, TWO, count),
    'relay-growth': await compare(sink, [...TWO, 'no relay'], grown(flood, 1024)),
    'relay-growth-requests': await compare(echo, TWO, grown(requests, 1)),
  };
}

type Measure<Result = Figures> = (relay: Relay) => Promise<Result>;

/** The same load through each relay in turn. */
async function compared(
  target: number,
  names: readonly string[],
  measure: Measure,
  count: number,
): Promise<Rounds> {
  const relays = new Map<string, Relay>();
  try {
    for (const name of names) relays.set(name, await start(name, target));
    const contenders = [...relays].map(([name, relay]) => ({ name, run: () => measure(relay) }));
    for (const { run } of contenders) await run();
    return await rounds(contenders, count);
  } finally {
    for (const { stop } of relays.values()) stop();
  }
}

/** What the load printed, and what its relay spent for it; without a relay, nothing of that. */
interface Run {
  readonly result: number;
  readonly spent?: number;
  readonly memory?: number;
}

function loaded(program: string, kind: string, sizes: readonly number[]): Measure<Run> {
  return async ({ pid, port }) => {
    const before = pid === undefined ? 0 : cpuSeconds(pid);
    const { stdout } = await run(program, [kind, `${port}`, ...sizes.map(String)]);
    const result = Number(stdout);
    if (pid === undefined) return { result };
    await untilRest(pid);
    return { result, spent: cpuSeconds(pid) - before, memory: mostMemory(pid) };
  };
}

function perGib(measure: Measure<Run>): Measure {
  return async (relay) => {
    const { result, spent, memory } = await measure(relay);
    const rate = result / 1024;
    if (spent === undefined || memory === undefined) return { rate };
    return { rate, cpu: spent / (FLOOD_MIB / 1024), memory };
  };
}

function perEach(measure: Measure<Run>): Measure {
  return async (relay) => {
    const { result, spent = Number.NaN, memory = Number.NaN } = await measure(relay);
    return { rate: result, cpu: (spent * 1e6) / (result * (RATE_MS / 1000)), memory };
  };
}

function latency(measure: Measure<Run>): Measure {
  return async (relay) => ({ latency: (await measure(relay)).result });
}

/** The same at every count of connections, and the least of them as a part of the best. */
function grown(measure: (connections: number) => Measure<Run>, unit: number): Measure {
  return async (relay) => {
    const rates: [number, number][] = [];
    for (const count of COUNTS) rates.push([count, (await measure(count)(relay)).result / unit]);
    const values = rates.map(([, rate]) => rate);
    return { ...Object.fromEntries(rates), least: Math.min(...values) / Math.max(...values) };
  };
}
