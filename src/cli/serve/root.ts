/**
 * The folder that is served, held open: whatever a name inside it turns into while it is looked up,
 * nothing outside is ever opened.
 */

import type { Runtime } from '../../fd/runtime.js';
import { EAGAIN, ELOOP, ENOSYS, EPERM } from '../../kernel/errno.js';
import { check } from '../../kernel/error.js';
import * as f from '../../kernel/flags.js';

/**
 * How names are looked up: by one openat2(2), or by one openat(2) a name where a sandbox forbids
 * that.
 */
export type Lookup = 'openat2' | 'walk';

export interface Root {
  readonly lookup: Lookup;
  /**
   * Opens a file or directory beneath, for reading. Answers its descriptor, the caller's to close,
   * or −errno. Never sleeps on a FIFO and never becomes a controlling terminal; the kind is the
   * caller's to check.
   */
  open(names: readonly string[]): Promise<number>;
  close(): void;
}

/**
 * Holds the directory `path`; `lookup` is probed unless given. Throws a SystemError where there is
 * none.
 */
export function openRoot(runtime: Runtime, path: string, lookup?: Lookup): Root {
  const { kernel } = runtime;
  const flags = f.O_PATH | f.O_DIRECTORY | f.O_CLOEXEC;
  const fd = check(kernel.openat(f.AT_FDCWD, path, flags, 0), 'openat', undefined, path);
  const chosen = lookup ?? probe(runtime, fd);
  return {
    lookup: chosen,
    open: (names) => (chosen === 'openat2' ? openBeneath : walk)(runtime, fd, names),
    close: () => void kernel.close(fd),
  };
}

const READ = f.O_RDONLY | f.O_NONBLOCK | f.O_NOCTTY | f.O_CLOEXEC;
const BENEATH = f.RESOLVE_BENEATH | f.RESOLVE_NO_MAGICLINKS;

/** A lookup that raced with a rename is EAGAIN, and so is one that RESOLVE_CACHED cannot answer. */
const MAX_RACES = 32;

/** openat2 is missing before Linux 5.6 (ENOSYS) and refused by old seccomp profiles (EPERM). */
function probe({ kernel }: Runtime, root: number): Lookup {
  const fd = kernel.openat2(root, '.', f.O_PATH | f.O_CLOEXEC, 0, BENEATH);
  if (fd === -ENOSYS || fd === -EPERM) return 'walk';
  kernel.close(check(fd, 'openat2'));
  return 'openat2';
}

/**
 * What the kernel has cached is opened here and now; the rest may wait for a disk, so not on this
 * thread.
 */
async function openBeneath(
  { kernel, offload }: Runtime,
  root: number,
  names: readonly string[],
): Promise<number> {
  const path = names.join('/') || '.';
  const cached = kernel.openat2(root, path, READ, 0, BENEATH | f.RESOLVE_CACHED);
  // Linux before 5.12 knows no RESOLVE_CACHED (EINVAL); any other answer comes again, and in its
  // own time.
  if (cached >= 0) return cached;
  let result = -EAGAIN;
  for (let race = 0; race < MAX_RACES && result === -EAGAIN; race++) {
    result = await offload('openat2', [root, path, READ, 0, BENEATH]);
  }
  return result;
}

/**
 * One name at a time, none of them a symbolic link: O_NOFOLLOW on the last alone would protect
 * nothing. So links inside the folder are not followed either, unlike above.
 */
async function walk(
  { kernel, offload }: Runtime,
  root: number,
  names: readonly string[],
): Promise<number> {
  const path = names.length === 0 ? ['.'] : names;
  let directory = root;
  for (const [index, name] of path.entries()) {
    const last = index === path.length - 1;
    const flags = f.O_NOFOLLOW | (last ? READ : f.O_PATH | f.O_DIRECTORY | f.O_CLOEXEC);
    const fd = isPlain(name) ? await offload('openat', [directory, name, flags, 0]) : -ELOOP;
    if (directory !== root) kernel.close(directory);
    if (fd < 0 || last) return fd;
    directory = fd;
  }
  return -ELOOP;
}

/** The walk itself keeps inside whatever it is told, as RESOLVE_BENEATH does. */
function isPlain(name: string): boolean {
  return name !== '..' && !name.includes('/') && name !== '';
}
