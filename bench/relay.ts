/**
 * `sluice relay` against HAProxy, socat, Node's own pipe() and no relay at all. Client and server
 * are one small C program, which checks what arrives.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { compile, cpuSeconds, ownMemory, wakeUps } from './processes.js';
import { haproxyVersion, needPeers, RELAYS, type Relay } from './relays.js';
import { type Figures, figure, type Rounds, ratio, rounds, table } from './report.js';

const ROUNDS = 5;
const BULK_MIB = 4096;
const IDLE_CONNECTIONS = 5000;
const IDLE_SECONDS = 5;
const SETTLE_SECONDS = 15;
const SCALES = [1, 10, 100, 1000, 5000];

const run = promisify(execFile);

export async function relay(): Promise<string> {
  needPeers();
  const load = compile('load');
  const server = spawn(load, ['serve'], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [printed] = await once(server.stdout as NodeJS.ReadableStream, 'data');
    const [echo, sink] = String(printed).trim().split(' ').map(Number) as [number, number];
    return await report(load, echo, sink);
  } finally {
    server.kill();
  }
}

async function report(load: string, echo: number, sink: number): Promise<string> {
  const two = ['sluice', 'haproxy'];
  const sections = [
    '## Relays',
    `HAProxy ${haproxyVersion()}: mode tcp, splicing both ways, one thread. Client, relay and ` +
      `server share the machine's processors. Medians of ${ROUNDS} interleaved rounds after one ` +
      'to warm up; ratios are medians of the ratios round by round. CPU is the relay alone.',
    bulkSection(await compare(load, sink, Object.keys(RELAYS), ['bulk', `${BULK_MIB}`])),
    rateSection(
      '256 connections kept alive, 1 KiB there and back',
      await compare(load, echo, two, ['requests', '256', '3000']),
    ),
    rateSection(
      'A new connection for each 1 KiB there and back, 64 at a time',
      await compare(load, echo, two, ['connections', '64', '3000']),
    ),
    latencySection(await compare(load, echo, [...two, 'none'], ['pingpong', '20000'])),
    await idleSection(load, echo),
    await scaleSection(load, echo),
  ];
  return sections.join('\n\n');
}

/** The same load through each relay in turn; the figure is what the load prints. */
async function compare(
  load: string,
  target: number,
  names: readonly string[],
  [kind, ...sizes]: readonly string[],
): Promise<Rounds> {
  const relays = new Map<string, Relay>();
  for (const name of names) relays.set(name, await start(name, target));
  const contenders = names.map((name) => ({
    name,
    run: () => measure(load, relays.get(name) as Relay, [kind as string, ...sizes]),
  }));
  try {
    for (const { run } of contenders) await run();
    return await rounds(contenders, ROUNDS);
  } finally {
    for (const { stop } of relays.values()) stop();
  }
}

function start(name: string, target: number): Promise<Relay> {
  return (RELAYS[name] as (target: number) => Promise<Relay>)(target);
}

async function measure(
  load: string,
  { pid, port }: Relay,
  [kind, ...sizes]: readonly string[],
): Promise<Figures> {
  const before = pid === undefined ? 0 : cpuSeconds(pid);
  const begun = performance.now();
  const { stdout } = await run(load, [kind as string, String(port), ...sizes]);
  const seconds = (performance.now() - begun) / 1000;
  const cpu = pid === undefined ? Number.NaN : cpuSeconds(pid) - before;
  const result = Number(stdout);
  return { result, cpu, work: result * seconds, cpuPerWork: cpu / (result * seconds) };
}

const times = (value: number) => `${value.toFixed(2)} ×`;
const seconds = (value: number) => (Number.isNaN(value) ? '–' : `${value.toFixed(2)} s`);

function bulkSection(all: Rounds): string {
  const rows = [...all.keys()].map((name) => [
    name,
    `${(figure(all, name, 'result') / 1024).toFixed(2)} GiB/s`,
    // socat's work is done by children that are gone by then.
    name === 'socat' ? '–' : seconds(figure(all, name, 'cpu') / (BULK_MIB / 1024)),
    times(ratio(all, 'sluice', name, 'result')),
    name === 'socat' || name === 'none' ? '–' : times(ratio(all, 'sluice', name, 'cpu')),
  ]);
  const head = ['', 'throughput', 'CPU per GiB', "sluice's throughput", "sluice's CPU"];
  return [`### One connection, ${BULK_MIB / 1024} GiB`, table(head, rows)].join('\n\n');
}

function rateSection(title: string, all: Rounds): string {
  const rows = [...all.keys()].map((name) => [
    name,
    `${Math.round(figure(all, name, 'result'))} /s`,
    `${(figure(all, name, 'cpuPerWork') * 1e6).toFixed(1)} µs`,
    times(ratio(all, 'sluice', name, 'result')),
    times(ratio(all, 'sluice', name, 'cpuPerWork')),
  ]);
  const head = ['', 'rate', 'CPU each', "sluice's rate", "sluice's CPU each"];
  return [`### ${title}`, table(head, rows)].join('\n\n');
}

function latencySection(all: Rounds): string {
  const rows = [...all.keys()].map((name) => [
    name,
    `${figure(all, name, 'result').toFixed(1)} µs`,
    times(ratio(all, 'sluice', name, 'result')),
  ]);
  const head = ['', 'median', "sluice's latency"];
  return ['### One message of 64 bytes there and back', table(head, rows)].join('\n\n');
}

async function idleSection(load: string, echo: number): Promise<string> {
  const rows: string[][] = [];
  for (const name of ['sluice', 'haproxy']) {
    const relay = await start(name, echo);
    try {
      const { bytes, wakes } = await rest(load, relay);
      rows.push([name, `${(bytes / 1000).toFixed(1)} kB`, `${wakes}`]);
    } finally {
      relay.stop();
    }
  }
  const head = ['', 'memory per connection', `wake-ups in ${IDLE_SECONDS} s`];
  return [`### ${IDLE_CONNECTIONS} connections that rest`, table(head, rows)].join('\n\n');
}

/** What connections cost that have exchanged one byte each and do nothing any more. */
async function rest(load: string, { pid, port }: Relay): Promise<{ bytes: number; wakes: number }> {
  const process = pid as number;
  await sleep(1000);
  const before = ownMemory(process);
  const client: ChildProcess = spawn(load, ['idle', `${port}`, `${IDLE_CONNECTIONS}`]);
  await once(client.stdout as NodeJS.ReadableStream, 'data');
  // V8 tidies up when nothing happens any more; what is left then is what they cost.
  await sleep(SETTLE_SECONDS * 1000);
  const bytes = (ownMemory(process) - before) / IDLE_CONNECTIONS;
  const woken = wakeUps(process);
  await sleep(IDLE_SECONDS * 1000);
  const wakes = wakeUps(process) - woken;
  client.stdin?.end();
  await once(client, 'exit');
  return { bytes, wakes };
}

/** How the rate of small requests goes with the number of connections. */
async function scaleSection(load: string, echo: number): Promise<string> {
  const rates: number[] = [];
  for (const connections of SCALES) {
    const all = await compare(load, echo, ['sluice'], ['requests', `${connections}`, '1500']);
    rates.push(figure(all, 'sluice', 'result'));
  }
  const best = Math.max(...rates);
  const rows = rates.map((rate, index) => [
    `${SCALES[index]}`,
    `${Math.round(rate)} /s`,
    times(rate / best),
  ]);
  const head = ['connections', 'rate', 'of the best'];
  return ['### The same requests on more connections', table(head, rows)].join('\n\n');
}
