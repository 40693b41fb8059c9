/** What connections cost a relay that have exchanged one byte each and do nothing any more. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { ownMemory, wakeUps } from './processes.js';
import { type Relay, start } from './relays.js';
import type { Figures, Rounds } from './rounds.js';

const CONNECTIONS = 5000;
const WATCHED_SECONDS = 5;
/** V8 tidies up when nothing happens any more; what is left then is what they cost. */
const SETTLE_SECONDS = 15;

/** All at the same time, each round with processes of its own: memory is never given back. */
export async function idle(
  program: string,
  echo: number,
  names: readonly string[],
  count: number,
): Promise<Rounds> {
  const all: Record<string, Figures[]> = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < count; round++) {
    const relays: Relay[] = [];
    try {
      for (const name of names) relays.push(await start(name, echo));
      const figures = await rest(program, relays);
      for (const [index, name] of names.entries()) all[name]?.push(figures[index] as Figures);
    } finally {
      for (const { stop } of relays) stop();
    }
  }
  return all;
}

async function rest(program: string, relays: readonly Relay[]): Promise<Figures[]> {
  const pids = relays.map(({ pid }) => pid as number);
  await sleep(1000);
  const before = pids.map(ownMemory);
  const clients: ChildProcess[] = [];
  for (const { port } of relays) clients.push(await holding(program, port));
  await sleep(SETTLE_SECONDS * 1000);
  const after = pids.map(ownMemory);
  const woken = pids.map(wakeUps);
  await sleep(WATCHED_SECONDS * 1000);
  const wakes = pids.map((pid, index) => wakeUps(pid) - (woken[index] as number));
  const ended = clients.map((client) => once(client, 'exit'));
  for (const client of clients) client.stdin?.end();
  await Promise.all(ended);
  return pids.map((_, index) => {
    const bytes = ((after[index] as number) - (before[index] as number)) / CONNECTIONS;
    return { memory: bytes / 1000, wakes: wakes[index] as number };
  });
}

async function holding(program: string, port: number): Promise<ChildProcess> {
  const client = spawn(program, ['idle', `${port}`, `${CONNECTIONS}`]);
  await once(client.stdout, 'data');
  return client;
}
