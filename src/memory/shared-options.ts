/** What `SharedMemory` may be asked. This module is browser compatible. */
import * as argument from '../kernel/argument.js';
import type { LockOptions } from './lock.js';
import type { WaitOptions } from './word.js';

export interface SharedMemoryOptions {
  /**
   * A name for others to open it by: a file of /dev/shm, for this user only, as shm_open(3) makes
   * them. It stays until `SharedMemory.unlink`. Without, the memory has no name (memfd_create(2)),
   * and is gone with the last who has it.
   */
  readonly name?: string | undefined;
  /**
   * - `'size'`, as without where there is no name: nobody can make it shorter or longer, so nobody
   *   who has it can be hurt by another.
   * - `'future-write'`: neither can anybody else write it. This object goes on writing; others
   *   read.
   * - `false`: anything can be done to it. The only way where there is a name: such files cannot be
   *   sealed.
   */
  readonly seal?: Seal | undefined;
  /** Whether it has a `doorbell`, for `wait` and `notify`. As without: where it has no name. */
  readonly doorbell?: boolean | undefined;
}

export type Seal = 'size' | 'future-write' | false;

export interface OpenSharedMemoryOptions {
  /** The `doorbell` that came with it: a number, which is ours then, or an object that has one. */
  readonly doorbell?: argument.Descriptor | undefined;
  /**
   * Maps what others write. A store here stays here and cuts its page off from what others write
   * later; `lock` shares only.
   */
  readonly readOnly?: boolean | undefined;
  /**
   * Takes memory whose size can still change. Where another process makes it shorter, what was
   * there becomes zeros and `damaged` is true. Memory with a name is taken without: it cannot be
   * sealed.
   */
  readonly unsealed?: boolean | undefined;
}

export function checkSharedMemoryOptions(options: SharedMemoryOptions): void {
  argument.checkOptions(options, {
    name: checkName,
    seal: (value, name) =>
      value === false || argument.choice(value, name, ['size', 'future-write']),
    doorbell: argument.boolean,
  } satisfies argument.Checks<SharedMemoryOptions>);
  const { name, seal } = options;
  if (name === undefined || seal === undefined || seal === false) return;
  const expected = 'false or left out with a name: files of /dev/shm cannot be sealed';
  throw new argument.ArgumentOutOfRange('seal', expected, seal);
}

export function checkOpenOptions(options: OpenSharedMemoryOptions): void {
  argument.checkOptions(options, {
    doorbell: argument.descriptor,
    readOnly: argument.boolean,
    unsealed: argument.boolean,
  } satisfies argument.Checks<OpenSharedMemoryOptions>);
}

export function checkWaitOptions(options: WaitOptions): void {
  argument.checkOptions(options, {
    signal: argument.abortSignal,
    timeoutMs: argument.timeoutMs,
  } satisfies argument.Checks<WaitOptions>);
}

export function checkLockOptions(options: LockOptions): void {
  argument.checkOptions(options, {
    signal: argument.abortSignal,
    mode: (value, name) => argument.choice(value, name, ['exclusive', 'shared']),
  } satisfies argument.Checks<LockOptions>);
}

const FOLDER = '/dev/shm/';
const NAME_MAX = 255;

/** The file of a name. One slash before it is shm_open(3)'s way of writing it. */
export function pathOf(name: string): string {
  return `${FOLDER}${bare(name)}`;
}

export function bare(name: string): string {
  return name.startsWith('/') ? name.slice(1) : name;
}

export function checkName(value: unknown, what: string): void {
  if (typeof value !== 'string') {
    throw new argument.InvalidArgumentType(what, 'of type string', value);
  }
  const name = bare(value);
  const isFile = name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name);
  if (isFile && new TextEncoder().encode(name).length <= NAME_MAX) return;
  const expected = `1 to ${NAME_MAX} bytes without a slash, but for one before them`;
  throw new argument.ArgumentOutOfRange(what, expected, value);
}
