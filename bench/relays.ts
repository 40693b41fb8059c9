/** The relays that are compared: each started for a target port, ready when this resolves. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compile, freePort, portSaid, untilListening } from './processes.js';

export interface Relay {
  /** Undefined where there is no relay at all. */
  readonly pid: number | undefined;
  readonly port: number;
  stop(): void;
}

export const RELAYS: Readonly<Record<string, (target: number) => Promise<Relay>>> = {
  sluice: (target) => node('../package/cli/main.js', ['relay', 'tcp:127.0.0.1:0', at(target)]),
  HAProxy: (target) => haproxy(target, process.env),
  'HAProxy, unpaced': (target) =>
    haproxy(target, { ...process.env, LD_PRELOAD: compile('unpaced', '-shared', '-fPIC') }),
  socat,
  'a.pipe(b)': (target) => node('relay-node.js', [String(target)]),
  'no relay': async (target) => ({ pid: undefined, port: target, stop: () => {} }),
};

export function start(name: string, target: number): Promise<Relay> {
  return (RELAYS[name] as (target: number) => Promise<Relay>)(target);
}

const at = (port: number) => `tcp:127.0.0.1:${port}`;

async function node(script: string, parameters: string[]): Promise<Relay> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const stdio = ['ignore', 'pipe', 'inherit'] as const;
  const child = spawn(process.execPath, [path, ...parameters], { stdio: [...stdio] });
  return running(child, await portSaid(child, /:(\d+)\n/));
}

/** As its manual has it for TCP, with splicing both ways, and one thread as we have. */
async function haproxy(target: number, env: NodeJS.ProcessEnv): Promise<Relay> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'sluice-haproxy-'));
  const file = join(folder, 'haproxy.cfg');
  const lines = [
    'global',
    '  nbthread 1',
    '  maxconn 6000',
    'defaults',
    '  mode tcp',
    '  timeout connect 5s',
    '  timeout client 10m',
    '  timeout server 10m',
    '  option splice-auto',
    '  option splice-request',
    '  option splice-response',
    'listen bench',
    `  bind 127.0.0.1:${port}`,
    `  server target 127.0.0.1:${target}`,
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  try {
    const child = spawn('haproxy', ['-f', file, '-db', '-q'], { env, stdio: 'ignore' });
    return await listening(child, port);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function socat(target: number): Promise<Relay> {
  const port = await freePort();
  const listen = `TCP-LISTEN:${port},bind=127.0.0.1,fork,reuseaddr`;
  const child = spawn('socat', ['-b', '65536', listen, `TCP:127.0.0.1:${target}`], {
    stdio: 'ignore',
  });
  return listening(child, port);
}

async function listening(child: ChildProcess, port: number): Promise<Relay> {
  await untilListening(child, port);
  return running(child, port);
}

function running(child: ChildProcess, port: number): Relay {
  return { pid: child.pid, port, stop: () => child.kill('SIGKILL') };
}
