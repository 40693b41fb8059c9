/** The command as a child. */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

export const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

export function start(
  t: TestContext,
  parameters: string[],
  cwd: string,
  stdio: StdioOptions = 'pipe',
) {
  const child = spawn(process.execPath, [MAIN, ...parameters], { cwd, stdio });
  t.after(() => child.kill('SIGKILL'));
  return child;
}

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export const all = async (stream: Readable | null): Promise<string> =>
  stream === null ? '' : text(stream.setEncoding('latin1'));

export async function outcome(child: ChildProcess): Promise<Outcome> {
  const closing = once(child, 'close');
  const [stdout, stderr] = await Promise.all([all(child.stdout), all(child.stderr)]);
  const [code, signal] = await closing;
  return { code, signal, stdout, stderr };
}

export function run(t: TestContext, parameters: string[], cwd = '/', stdio?: StdioOptions) {
  return outcome(start(t, parameters, cwd, stdio ?? ['ignore', 'pipe', 'pipe']));
}

/** The first line that matches, while the child goes on. */
export async function line(stream: Readable, pattern: RegExp): Promise<string> {
  let said = '';
  for await (const piece of stream.iterator({ destroyOnReturn: false })) {
    said += piece;
    const match = pattern.exec(said);
    if (match !== null) return match[1] as string;
  }
  throw new Error(`it only said: ${said}`);
}
