/**
 * An `Fd` directly in the `stdio` of child_process. At run time it is one already: Node takes any
 * object with a number `fd`. Its types know numbers and streams only, so this adds the overloads.
 */
// ChildProcess by a name of its own: whether the module below has it in scope, or only exports it
// again from 'node:child_process', differs between versions of @types/node.
import type { ChildProcess as Child, SpawnOptions } from 'node:child_process';
import type { Stream } from 'node:stream';
import type { Fd } from '../fd/fd.js';

/** What one entry of `stdio` may be. */
export type Stdio =
  | 'pipe'
  | 'overlapped'
  | 'ignore'
  | 'inherit'
  | 'ipc'
  | number
  | Fd
  | Stream
  | null
  | undefined;

/**
 * The options of `spawn`, chosen only where an `Fd` is among `stdio`: else Node's own are exact.
 */
export type SpawnWithFd<S extends readonly Stdio[]> = Omit<SpawnOptions, 'stdio'> & {
  stdio: Extract<S[number], Fd> extends never ? never : S;
};

declare module 'child_process' {
  function spawn<const S extends readonly Stdio[]>(
    command: string,
    args: readonly string[],
    options: SpawnWithFd<S>,
  ): Child;
  function spawn<const S extends readonly Stdio[]>(command: string, options: SpawnWithFd<S>): Child;
}
