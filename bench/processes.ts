/** What Linux says of a process under load, programs in C, and ports. */
import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Linux counts a process's time in ticks of 10 ms: USER_HZ. */
const TICK_SECONDS = 0.01;
/** How long nothing may be spent until it counts as rest. */
const REST_MS = 60;
const REST_AT_MOST_MS = 3000;

/**
 * User and system time of a process so far, and of its children that have ended: fields 14 to 17
 * of /proc/PID/stat.
 */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, 15).map(Number);
  return ticks.reduce((sum, count) => sum + count, 0) * TICK_SECONDS;
}

/** Waits until a process spends nothing any more, and its children have ended. */
export async function untilRest(pid: number): Promise<void> {
  const before = cpuSeconds(pid);
  for (let waited = 0, last = before; waited < REST_AT_MOST_MS; waited += REST_MS) {
    await sleep(REST_MS);
    const spent = cpuSeconds(pid);
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1');
    if (spent === last && children.trim() === '') return;
    last = spent;
  }
}

/** Memory that is its own: what it holds, less the files it maps, in bytes. */
export function ownMemory(pid: number): number {
  return field(`/proc/${pid}/status`, 'RssAnon') * 1024;
}

/** The most it ever held, files that it maps too, in MB. */
export function mostMemory(pid: number): number {
  return (field(`/proc/${pid}/status`, 'VmHWM') * 1024) / 1e6;
}

/** How often its threads went to sleep of their own will, which is how often they woke up. */
export function wakeUps(pid: number): number {
  const tasks = readdirSync(`/proc/${pid}/task`);
  const counts = tasks.map((task) =>
    field(`/proc/${pid}/task/${task}/status`, 'voluntary_ctxt_switches'),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

function field(path: string, name: string): number {
  const text = readFileSync(path, 'latin1');
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1]);
}

/** A port that nobody listens at now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Resolves when the process listens at the port; rejects where it ends before. */
export async function untilListening(child: ChildProcess, port: number): Promise<void> {
  for (;;) {
    const { exitCode, signalCode, spawnfile } = child;
    const ended = signalCode ?? exitCode;
    if (ended !== null) throw new Error(`${spawnfile} ended with ${ended}`);
    const socket = connect(port, '127.0.0.1');
    const reached = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (reached) return;
    await sleep(20);
  }
}

/** The port that a program says, by the pattern's first group; rejects where it ends before. */
export function portSaid(child: ChildProcess, pattern: RegExp): Promise<number> {
  return new Promise((resolve, reject) => {
    const { spawnfile } = child;
    child.once('exit', (code, signal) => {
      reject(new Error(`${spawnfile} ended with ${signal ?? code}`));
    });
    let printed = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      const port = pattern.exec(printed)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
  });
}

/** Compiles a program of bench/, or what `more` makes of it, into the ignored cache. */
export function compile(name: string, ...more: string[]): string {
  const output = resolve('.cache/bench', name);
  const flags = ['-O3', '-std=c11', '-pthread', ...more];
  mkdirSync(resolve('.cache/bench'), { recursive: true });
  execFileSync(process.env.CC ?? 'cc', [...flags, `bench/${name}.c`, '-o', output]);
  return output;
}
