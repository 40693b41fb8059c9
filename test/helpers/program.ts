import { spawn } from 'node:child_process';

/** How a program ended, and what it printed. */
export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

/**
 * Runs an ES module in a Node of its own, so that its end can be watched. `linux` and `sluice` (which gives the
 * address of a module of src) are there.
 */
export function runProgram(source: string, env: Record<string, string> = {}): Promise<Outcome> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', `${PRELUDE}${source}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  return new Promise((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal, output }));
  });
}

/** The address of a module of src, as built. */
export function moduleUrl(path: string): string {
  return new URL(`../../src/${path}`, import.meta.url).href;
}

const PRELUDE = `
const sluice = (path) => new URL(path, ${JSON.stringify(moduleUrl(''))}).href;
const { linux } = await import(sluice('kernel/linux.js'));
`;
