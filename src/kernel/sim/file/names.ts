/**
 * What is done to the tree of names beside the calls of `Kernel`: with it a test prepares files and
 * looks at them. This module is browser compatible.
 */
import {
  EACCES,
  EBUSY,
  EEXIST,
  EINVAL,
  EISDIR,
  ENAMETOOLONG,
  ENOENT,
  ENOTDIR,
  ENOTEMPTY,
  EPERM,
  EXDEV,
} from '../../errno.js';
import { SystemError } from '../../error.js';
import { O_RDONLY, O_WRONLY, PATH_MAX } from '../../flags.js';
import type { Path } from '../../kernel.js';
import { Call } from '../call.js';
import type { Cursor } from '../cursor.js';
import { Description } from '../description.js';
import type { Process } from '../processes.js';
import { Directory, Link } from './directory.js';
import { Fifo } from './fifo.js';
import type { FileSystem } from './file-system.js';
import { Inode, MAY_READ, MAY_SEARCH, MAY_WRITE, type Ownership, PERMISSIONS } from './inode.js';
import { checkNames } from './names-checks.js';
import { RegularFile } from './regular.js';
import { type Found, toBytes, toName, walkFrom } from './walk.js';

/**
 * The names of a machine. A path is relative to the process's directory, which is /. Each throws a
 * `SystemError` as node:fs does: `code` 'ENOENT', `path`. What is no path at all is a
 * TypeError or a RangeError.
 *
 * @example
 * ```ts
 * import { deepEqual, throws } from 'node:assert/strict';
 * import { SimKernel } from 'sluice/sim';
 *
 * const kernel = new SimKernel();
 * kernel.mkdir('/srv');
 * kernel.writeFile('/srv/page', 'hello');
 * kernel.rename('/srv/page', '/srv/index');
 * deepEqual(kernel.readdir('/srv'), ['index']);
 * throws(() => kernel.unlink('/srv/page'), { code: 'ENOENT', syscall: 'unlink' });
 * ```
 */
export interface Names {
  /** Makes a directory. */
  mkdir(path: Path, mode?: number): void;
  /** Makes a FIFO. */
  mkfifo(path: Path, mode?: number): void;
  /** Makes a symbolic link to `target`. */
  symlink(target: Path, path: Path): void;
  /** What a symbolic link leads to; of /proc/self/fd/N what the descriptor is open on. */
  readlink(path: Path): string;
  /** Takes a file's name away. Whoever has the file open keeps it. */
  unlink(path: Path): void;
  /** Removes an empty directory. */
  rmdir(path: Path): void;
  /** Gives a file another name; what had that name before loses it. */
  rename(path: Path, newPath: Path): void;
  chmod(path: Path, mode: number): void;
  chown(path: Path, uid: number, gid: number): void;
  /** Sets the times of the last access and the last change, in nanoseconds. */
  utimes(path: Path, atimeNs: bigint, mtimeNs: bigint): void;
  /** The names in a directory. */
  readdir(path: Path): string[];
  /** The bytes of a file. */
  readFile(path: Path): Uint8Array;
  /** Makes a file with these bytes, or puts them in the place of what is in it. */
  writeFile(path: Path, content: string | Uint8Array, mode?: number): void;
}

/** The functions for a process, which check what they are given. */
export function namesOf(caller: Process): Names {
  const functions = Object.entries<(...values: never[]) => unknown>({ ...unchecked(caller) });
  return Object.fromEntries(
    functions.map(([name, run]) => [
      name,
      (...values: never[]) => {
        checkNames(name, values);
        return run(...values);
      },
    ]),
  ) as unknown as Names;
}

function unchecked(caller: Process): Names {
  const { machine } = caller;
  return {
    mkdir: (path, mode = 0o777) =>
      add(caller, 'mkdir', path, (fs) => new Directory(machine, fs, owned(caller, mode))),
    mkfifo: (path, mode = 0o666) =>
      add(caller, 'mkfifo', path, (fs) => new Fifo(machine, fs, owned(caller, mode))),
    symlink: (target, path) => {
      const name = nameOf(target);
      if (name.length >= PATH_MAX) fail(ENAMETOOLONG, 'symlink', path);
      add(caller, 'symlink', path, (fs) => new Link(machine, fs, owned(caller, 0o777), name));
    },
    readlink: (path) => {
      const inode = find(caller, 'readlink', path, false);
      return inode instanceof Link ? shown(inode.target) : fail(EINVAL, 'readlink', path);
    },
    unlink: (path) => remove(caller, 'unlink', path, refuseDirectory),
    rmdir: (path) => remove(caller, 'rmdir', path, refuseFull),
    rename: (path, newPath) => rename(caller, path, newPath),
    chmod: (path, mode) => change(caller, 'chmod', path, { mode: mode & PERMISSIONS }),
    chown: (path, uid, gid) => change(caller, 'chown', path, { uid, gid }),
    utimes: (path, atime, mtime) => change(caller, 'utimes', path, { atime, mtime }),
    readdir: (path) => {
      const inode = find(caller, 'readdir', path);
      return inode instanceof Directory ? inode.names().map(shown) : fail(ENOTDIR, 'readdir', path);
    },
    readFile: (path) => readFile(caller, path),
    writeFile: (path, content, mode) => writeFile(caller, path, content, mode),
  };
}

/** Of a mode only the permissions count: a whole st_mode does, too. */
function owned({ uid, gid }: Process, mode: number): Ownership {
  return { mode: mode & PERMISSIONS, uid, gid };
}

function fail(errno: number, syscall: string, path: Path): never {
  throw new SystemError(-errno, { syscall, path: shown(nameOf(path)) });
}

/** A byte a character; of a name that is too long as much as shows that it is. */
function nameOf(path: Path): string {
  const bytes = typeof path === 'string' ? new TextEncoder().encode(path) : path;
  return toName(bytes.subarray(0, PATH_MAX));
}

function shown(name: string): string {
  return new TextDecoder().decode(toBytes(name));
}

function locate(caller: Process, syscall: string, path: Path, follows: boolean): Found {
  const found = walkFrom(caller, nameOf(path), { follows });
  return typeof found === 'number' ? fail(-found, syscall, path) : found;
}

function find(caller: Process, syscall: string, path: Path, follows = true): Inode {
  return inodeOf(locate(caller, syscall, path, follows), syscall, path);
}

function inodeOf({ object }: Found, syscall: string, path: Path): Inode {
  if (object === undefined) return fail(ENOENT, syscall, path);
  return object instanceof Inode ? object : fail(EINVAL, syscall, path);
}

/** Where a name may be made or taken away. */
function place(caller: Process, syscall: string, path: Path, { parent }: Found): Directory {
  if (parent === undefined) return fail(EBUSY, syscall, path);
  const mayChange = parent.takesFiles && parent.permits(caller, MAY_WRITE | MAY_SEARCH);
  return mayChange ? parent : fail(EACCES, syscall, path);
}

function add(
  caller: Process,
  syscall: string,
  path: Path,
  create: (fileSystem: FileSystem) => Inode,
): void {
  const found = locate(caller, syscall, path, false);
  if (found.object !== undefined) fail(EEXIST, syscall, path);
  const parent = place(caller, syscall, path, found);
  parent.link(found.name, create(parent.fileSystem));
}

function remove(
  caller: Process,
  syscall: string,
  path: Path,
  refusal: (inode: Inode) => number,
): void {
  const found = locate(caller, syscall, path, false);
  const object = inodeOf(found, syscall, path);
  const parent = place(caller, syscall, path, found);
  const errno = refusal(object);
  if (errno !== 0) fail(errno, syscall, path);
  parent.unlink(found.name);
  object.unlinked();
}

function refuseDirectory(inode: Inode): number {
  return inode instanceof Directory ? EISDIR : 0;
}

function refuseFull(inode: Inode): number {
  if (!(inode instanceof Directory)) return ENOTDIR;
  return inode.isEmpty ? 0 : ENOTEMPTY;
}

function rename(caller: Process, path: Path, newPath: Path): void {
  const from = locate(caller, 'rename', path, false);
  const to = locate(caller, 'rename', newPath, false);
  const object = inodeOf(from, 'rename', path);
  const [source, target] = [
    place(caller, 'rename', path, from),
    place(caller, 'rename', newPath, to),
  ];
  if (source.fileSystem !== target.fileSystem) fail(EXDEV, 'rename', newPath);
  if (isBelow(target, object)) fail(EINVAL, 'rename', newPath);
  if (to.object === object) return;
  if (to.object instanceof Inode) replace(target, object, to.object, newPath);
  source.unlink(from.name);
  target.link(to.name, object);
}

/** The name's old inode goes, if the new one may stand for it. */
function replace(parent: Directory, inode: Inode, old: Inode, path: Path): void {
  const errno = inode instanceof Directory ? refuseFull(old) : refuseDirectory(old);
  if (errno !== 0) fail(errno, 'rename', path);
  const { name } = old;
  old.unlinked();
  parent.unlink(name);
}

/** Whether the directory is the inode or lies in it. */
function isBelow(directory: Directory, inode: Inode): boolean {
  let at: Directory | undefined = directory;
  while (at !== undefined && at !== inode && at.parent !== at) at = at.parent;
  return at === inode;
}

function change(
  caller: Process,
  syscall: string,
  path: Path,
  fields: Partial<Pick<Inode, 'mode' | 'uid' | 'gid' | 'atime' | 'mtime'>>,
): void {
  const inode = find(caller, syscall, path);
  if (!inode.isOwnedBy(caller)) fail(EPERM, syscall, path);
  Object.assign(inode, fields, { ctime: inode.now() });
}

/** Counted by nobody: what a test prepares is no call of the program's. */
function uncounted(caller: Process): Call {
  return new Call(caller, { calls: 0, bytesCopied: 0, pagesPassed: 0 }, false);
}

/** How much is read at once. */
const CHUNK_BYTES = 1 << 16;

function readFile(caller: Process, path: Path): Uint8Array {
  const inode = find(caller, 'open', path);
  if (!inode.permits(caller, MAY_READ)) fail(EACCES, 'open', path);
  const call = uncounted(caller);
  const file = new Description(inode, O_RDONLY);
  const chunks: Uint8Array[] = [];
  let moved = CHUNK_BYTES;
  while (moved > 0) {
    const chunk = new Uint8Array(CHUNK_BYTES);
    moved = inode.read(file, call.memory(chunk) as Cursor, null, call);
    chunks.push(chunk.subarray(0, Math.max(0, moved)));
  }
  file.release();
  return moved < 0 ? fail(-moved, 'read', path) : joined(chunks);
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function writeFile(caller: Process, path: Path, content: string | Uint8Array, mode = 0o666): void {
  const found = locate(caller, 'open', path, true);
  if (found.object === undefined) {
    const parent = place(caller, 'open', path, found);
    const ownership = owned(caller, mode);
    parent.link(found.name, new RegularFile(caller.machine, parent.fileSystem, ownership));
  }
  const inode = find(caller, 'open', path);
  if (inode instanceof Directory) fail(EISDIR, 'open', path);
  if (!inode.permits(caller, MAY_WRITE)) fail(EACCES, 'open', path);
  const call = uncounted(caller);
  const file = new Description(inode, O_WRONLY);
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const memory = call.memory(bytes) as Cursor;
  let result = inode.empty(call) || inode.write(file, memory, null, call);
  // Why it was short the next one says.
  if (result >= 0 && result < bytes.length) result = inode.write(file, memory, null, call);
  file.release();
  if (result < 0) fail(-result, 'write', path);
}
