/** Another process at the other end of a ring. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { close, ftruncate, MFD_CLOEXEC, memfd_create } from 'sluice/sys';
import type { Fd } from '../../../src/index.js';
import { sharedWords } from './traffic.js';

const PROGRAM = fileURLToPath(new URL('./peer.program.js', import.meta.url));

/** Resolves with how it ended: its exit code, or its signal. */
export interface Peer {
  readonly child: ChildProcess;
  readonly ended: Promise<number | NodeJS.Signals>;
}

export function start(
  parameters: readonly (string | number)[],
  fds: readonly (Fd | number)[],
): Peer {
  const stdio = ['ignore', 'inherit', 'inherit', ...fds] as const;
  const child = spawn(process.execPath, [PROGRAM, ...parameters.map(String)], {
    stdio: [...stdio],
  });
  const ended = once(child, 'exit').then(([code, signal]) => code ?? signal);
  return { child, ended };
}

/** A word that a child counts in, by descriptor 5 of `start`. */
export function counter(): { readonly fd: number; readonly count: number; close(): void } {
  const fd = memfd_create('counter', MFD_CLOEXEC);
  ftruncate(fd, 4096);
  const words = sharedWords(fd);
  return {
    fd,
    get count() {
      return Atomics.load(words, 0);
    },
    close: () => close(fd),
  };
}
