/**
 * Opening a file by name. This module is browser compatible.
 */
import * as argument from '../kernel/argument.js';
import { EINTR } from '../kernel/errno.js';
import { check, throwIfAborted } from '../kernel/error.js';
import * as f from '../kernel/flags.js';
import type { Path } from '../kernel/kernel.js';
import { Fd } from './fd.js';
import { openingStack } from './leak.js';
import type { Runtime } from './runtime.js';

const NEW = f.O_CREAT | f.O_EXCL;

/**
 * The letters of fopen(3) and Node: x makes the file and fails where it exists, s writes through to
 * the disk.
 */
const LETTERS = {
  r: f.O_RDONLY,
  'r+': f.O_RDWR,
  'rs+': f.O_RDWR | f.O_SYNC,
  w: f.O_WRONLY | f.O_CREAT | f.O_TRUNC,
  wx: f.O_WRONLY | NEW | f.O_TRUNC,
  'w+': f.O_RDWR | f.O_CREAT | f.O_TRUNC,
  'wx+': f.O_RDWR | NEW | f.O_TRUNC,
  a: f.O_WRONLY | f.O_CREAT | f.O_APPEND,
  ax: f.O_WRONLY | NEW | f.O_APPEND,
  as: f.O_WRONLY | f.O_CREAT | f.O_APPEND | f.O_SYNC,
  'a+': f.O_RDWR | f.O_CREAT | f.O_APPEND,
  'ax+': f.O_RDWR | NEW | f.O_APPEND,
  'as+': f.O_RDWR | f.O_CREAT | f.O_APPEND | f.O_SYNC,
} as const;

export type OpenFlags = keyof typeof LETTERS;

export interface OpenOptions {
  /** The permissions of a file that is made, less the umask. */
  readonly mode?: number | undefined;
  /** Ends the wait: a FIFO opens when its other end does, which may be never. */
  readonly signal?: AbortSignal | undefined;
}

/** openat(AT_FDCWD, … | O_CLOEXEC | O_NOCTTY) on a thread, for it may sleep. */
export async function open(
  runtime: Runtime,
  path: Path,
  flags: OpenFlags | number = 'r',
  options: OpenOptions = {},
): Promise<Fd> {
  const { mode = 0o666, signal } = argument.options(options);
  const stack = openingStack(runtime);
  const name = argument.path(path, 'path');
  const bits = flagBits(flags) | f.O_CLOEXEC | f.O_NOCTTY;
  argument.integer(mode, 'mode');
  argument.abortSignal(signal, 'signal');
  const parameters = [f.AT_FDCWD, name, bits, mode] as const;
  const shown = typeof path === 'string' ? path : new TextDecoder().decode(path);
  const fd = check(await sleep(runtime, parameters, signal), 'openat', undefined, shown);
  const opened = new Fd(runtime, fd, { stack });
  if (signal?.aborted) opened.close();
  throwIfAborted(signal);
  return opened;
}

function flagBits(flags: OpenFlags | number): number {
  if (typeof flags !== 'string') return argument.integer(flags, 'flags');
  if (Object.hasOwn(LETTERS, flags)) return LETTERS[flags];
  throw new argument.ArgumentOutOfRange('flags', Object.keys(LETTERS).join(', '), flags);
}

async function sleep(
  runtime: Runtime,
  [directory, path, flags, mode]: readonly [number, Path, number, number],
  signal: AbortSignal | undefined,
): Promise<number> {
  for (;;) {
    throwIfAborted(signal);
    const result = await runtime.offload('openat', [directory, path, flags, mode], signal);
    if (result !== -EINTR) return result;
  }
}
