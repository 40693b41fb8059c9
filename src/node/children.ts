/**
 * An `Fd` directly in the `stdio` of child_process. At run time it is one already: Node takes any
 * object with a number `fd`. Its types know numbers and streams only, so this adds the overloads,
 * to every function that has `stdio`: `exec` and `execFile` have none, they read what the child
 * says.
 */
// Names of their own: whether the module below has Node's in scope, or only exports them again from
// 'node:child_process', differs between versions of @types/node.
import type {
  ChildProcess as Child,
  ExecFileSyncOptions,
  ExecSyncOptions,
  ForkOptions,
  SpawnSyncReturns as Returns,
  SpawnOptions,
  SpawnSyncOptions,
} from 'node:child_process';
import type { readFileSync } from 'node:fs';
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

type Entries = readonly Stdio[];

/** `Options`, chosen only where an `Fd` is among `stdio`: else Node's own overloads are exact. */
type WithFd<Options, S extends Entries> = Omit<Options, 'stdio'> & {
  stdio: Extract<S[number], Fd> extends never ? never : S;
};

/** The options of `spawn`. */
export type SpawnWithFd<S extends Entries> = WithFd<SpawnOptions, S>;
/** The options of `fork`. */
export type ForkWithFd<S extends Entries> = WithFd<ForkOptions, S>;
/** The options of `spawnSync`, `execFileSync` and `execSync`. */
export type SyncWithFd<Options, S extends Entries> = WithFd<Omit<Options, 'encoding'>, S>;

/** What the child said is answered as text. */
export interface AsText {
  encoding: BufferEncoding;
}

/** What the child said is answered as bytes. */
export interface AsBytes {
  encoding?: 'buffer' | null | undefined;
}

/** Node's Buffer, as this version of its types has it. */
type Bytes = Exclude<ReturnType<typeof readFileSync>, string>;

type SpawnSync<S extends Entries> = SyncWithFd<SpawnSyncOptions, S>;
type ExecFileSync<S extends Entries> = SyncWithFd<ExecFileSyncOptions, S>;
type ExecSync<S extends Entries> = SyncWithFd<ExecSyncOptions, S>;
type Words = readonly string[];

declare module 'child_process' {
  function spawn<const S extends Entries>(
    command: string,
    args: Words,
    options: SpawnWithFd<S>,
  ): Child;
  function spawn<const S extends Entries>(command: string, options: SpawnWithFd<S>): Child;

  function fork<const S extends Entries>(
    modulePath: string | URL,
    args: Words,
    options: ForkWithFd<S>,
  ): Child;
  function fork<const S extends Entries>(modulePath: string | URL, options: ForkWithFd<S>): Child;

  function spawnSync<const S extends Entries>(
    command: string,
    args: Words,
    options: SpawnSync<S> & AsText,
  ): Returns<string>;
  function spawnSync<const S extends Entries>(
    command: string,
    args: Words,
    options: SpawnSync<S> & AsBytes,
  ): Returns<Bytes>;
  function spawnSync<const S extends Entries>(
    command: string,
    options: SpawnSync<S> & AsText,
  ): Returns<string>;
  function spawnSync<const S extends Entries>(
    command: string,
    options: SpawnSync<S> & AsBytes,
  ): Returns<Bytes>;

  function execFileSync<const S extends Entries>(
    file: string,
    args: Words,
    options: ExecFileSync<S> & AsText,
  ): string;
  function execFileSync<const S extends Entries>(
    file: string,
    args: Words,
    options: ExecFileSync<S> & AsBytes,
  ): Bytes;
  function execFileSync<const S extends Entries>(
    file: string,
    options: ExecFileSync<S> & AsText,
  ): string;
  function execFileSync<const S extends Entries>(
    file: string,
    options: ExecFileSync<S> & AsBytes,
  ): Bytes;

  function execSync<const S extends Entries>(
    command: string,
    options: ExecSync<S> & AsText,
  ): string;
  function execSync<const S extends Entries>(
    command: string,
    options: ExecSync<S> & AsBytes,
  ): Bytes;
}
