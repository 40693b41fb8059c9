/** Other processes that share memory. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { SharedMemory } from '../../../src/index.js';

const PROGRAM = fileURLToPath(new URL('./peer.program.js', import.meta.url));

/** Resolves with how it ended: its exit code, or its signal. */
export interface Peer {
  readonly child: ChildProcess;
  readonly ended: Promise<number | NodeJS.Signals>;
}

/** A Node that runs `peer.program.ts`. */
export function nodePeer(shared: SharedMemory, ...parameters: (string | number)[]): Peer {
  return startPeer(shared, process.execPath, [PROGRAM, ...parameters.map(String)]);
}

/** Any program; the memory is its descriptor 3. */
export function startPeer(
  shared: SharedMemory,
  program: string,
  parameters: readonly string[] = [],
): Peer {
  const stdio = ['ignore', 'inherit', 'inherit', ...shared.stdio] as const;
  const child = spawn(program, [...parameters], { stdio: [...stdio] });
  const ended = once(child, 'exit').then(([code, signal]) => code ?? signal);
  return { child, ended };
}
