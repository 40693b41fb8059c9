/** Programs of this folder as children: what kills or hangs one is a failed test, nothing more. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Start {
  readonly flags?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** Flags of Node: V8's young generation does not grow by itself. */
export const STEADY_HEAP = ['--min-semi-space-size=1', '--max-semi-space-size=1'];

/** Longer than any of them takes; who is killed for it hangs. */
const LIMIT_MS = 120_000;

/** How a program of `programs/` ends. */
export async function outcome(
  program: string,
  parameters: readonly string[] = [],
  { flags = [], env = {} }: Start = {},
): Promise<Outcome> {
  const file = fileURLToPath(new URL(`programs/${program}.js`, import.meta.url));
  const child = spawn(process.execPath, [...flags, file, ...parameters], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text) => {
    stdout += text;
  });
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

/** What a program prints that ends by itself and well. */
export async function survives(
  program: string,
  parameters: readonly string[] = [],
  start: Start = {},
): Promise<string> {
  const { code, signal, stdout, stderr } = await outcome(program, parameters, start);
  const how = `${program} ${parameters.join(' ')}: exit code ${code}, signal ${signal}`;
  assert.deepEqual([code, signal], [0, null], [how, stdout, stderr].join('\n'));
  return stdout;
}
