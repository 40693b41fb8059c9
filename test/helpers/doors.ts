import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { beside } from './registry.js';

export type Door = 'uv' | 'thread';

/**
 * Both ways in which a thread can wait for its doors: libuv's loop, and a thread of sluice's own.
 */
export const DOORS: readonly Door[] = ['uv', 'thread'];

/** Runs the whole test file a second time, by the thread: `throughThread(import.meta.url)`. */
export function throughThread(url: string): void {
  if (process.env.SLUICE_POLLER !== undefined || process.versions.bun !== undefined) return;
  beside('all of this again, with the doors in a thread', { timeout: 120_000 }, async () => {
    const child = node([fileURLToPath(url)], 'thread');
    const output = collect(child);
    const [code] = await once(child, 'close');
    assert.equal(code, 0, output());
  });
}

/** Registers a test for each door; its programs are started by `node`. */
export function onBothDoors(name: string, body: (door: Door) => Promise<void>): void {
  for (const door of DOORS) test(`${name} [${door}]`, { timeout: 60_000 }, () => body(door));
}

/** Another Node, whose doors are those. Its output comes by pipes, its descriptor 3 is one too. */
export function node(parameters: readonly string[], door: Door): ChildProcess {
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
  return spawn(process.execPath, parameters, {
    env: { ...environment, SLUICE_POLLER: door },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
}

/** What a child has written so far, on both outputs. */
export function collect(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  }
  return () => text;
}

/** All that a program wrote, and its exit code or the signal that killed it. */
export async function outcome(child: ChildProcess): Promise<[output: string, end: unknown]> {
  const output = collect(child);
  const [code, signal] = await once(child, 'close');
  return [output(), signal ?? code];
}

/** For `node`: 10 workers at once, so often, run this module and end in the two ways there are. */
export function workers(body: URL, batches = 10): string[] {
  return [fileURLToPath(new URL('workers.js', import.meta.url)), body.href, String(batches)];
}

/** A program for `node`, which finds sluice's modules by their names below dist. */
export function program(source: string): string[] {
  const dist = new URL('../../', import.meta.url).href;
  return ['--input-type=module', '--eval', source.replaceAll("from '#", `from '${dist}`)];
}
