/** openat(2) and openat2(2). This module is browser compatible. */
import * as e from '../../errno.js';
import * as f from '../../flags.js';
import type { FileCalls } from '../../kernel.js';
import type { Call, Outcome } from '../call.js';
import { fd, int, path, word } from '../decode.js';
import { Description } from '../description.js';
import type { SimObject } from '../object.js';
import { Pipe } from '../pipe/pipe.js';
import { type Rows, row } from '../row.js';
import { Directory, Link } from './directory.js';
import { Inode, MAY_READ, MAY_SEARCH, MAY_WRITE, type Opening, PERMISSIONS } from './inode.js';
import { RegularFile } from './regular.js';
import { type Found, walk } from './walk.js';

export const openRows: Rows<Pick<FileCalls, 'openat' | 'openat2'>> = {
  openat: row([fd, path, int, int], (call, directory, path, flags, mode) =>
    open(call, directory, path, heeded({ flags, mode: mode & PERMISSIONS, resolve: 0 })),
  ),
  openat2: row([fd, path, word, word, word], openat2),
};

/** A struct open_how. */
interface How {
  readonly flags: number;
  readonly mode: number;
  readonly resolve: number;
}

/** __O_TMPFILE: O_TMPFILE without O_DIRECTORY. */
const TMPFILE = f.O_TMPFILE & ~f.O_DIRECTORY;
const KNOWN_FLAGS =
  f.O_ACCMODE |
  f.O_CREAT |
  f.O_EXCL |
  f.O_NOCTTY |
  f.O_TRUNC |
  f.O_APPEND |
  f.O_NONBLOCK |
  f.O_SYNC |
  f.O_ASYNC |
  f.O_DIRECT |
  f.O_LARGEFILE |
  f.O_DIRECTORY |
  f.O_NOFOLLOW |
  f.O_NOATIME |
  f.O_CLOEXEC |
  f.O_PATH |
  f.O_TMPFILE;
const KNOWN_RESOLVE = 0x3f;
const WITH_PATH = f.O_PATH | f.O_DIRECTORY | f.O_NOFOLLOW | f.O_CLOEXEC;
/** What F_GETFL does not show. */
const NOT_SHOWN = f.O_CREAT | f.O_EXCL | f.O_NOCTTY | f.O_TRUNC | f.O_CLOEXEC;

/** openat(2) overlooks what it does not know, and what O_PATH does not. */
function heeded({ flags, mode, resolve }: How): How {
  const isPath = (flags & f.O_PATH) !== 0;
  const creates = (flags & (f.O_CREAT | TMPFILE)) !== 0;
  const known = isPath ? flags & WITH_PATH : flags & KNOWN_FLAGS;
  return { flags: known, mode: creates ? mode : 0, resolve };
}

/** openat2(2) refuses it. */
function openat2(
  call: Call,
  directory: number,
  path: Uint8Array,
  flags: bigint,
  mode: bigint,
  resolve: bigint,
): Outcome {
  const how = { flags: Number(flags), mode: Number(mode), resolve: Number(resolve) };
  if (flags > 0x7fffffffn || (how.flags & ~KNOWN_FLAGS) !== 0) return -e.EINVAL;
  if (resolve > 0xffn || (how.resolve & ~KNOWN_RESOLVE) !== 0) return -e.EINVAL;
  const scopes = how.resolve & (f.RESOLVE_BENEATH | f.RESOLVE_IN_ROOT);
  if (scopes === (f.RESOLVE_BENEATH | f.RESOLVE_IN_ROOT)) return -e.EINVAL;
  const creates = (how.flags & (f.O_CREAT | TMPFILE)) !== 0;
  if (creates ? mode > BigInt(PERMISSIONS) : mode !== 0n) return -e.EINVAL;
  if ((how.flags & f.O_PATH) !== 0 && (how.flags & ~WITH_PATH) !== 0) return -e.EINVAL;
  const changes = (how.flags & (f.O_CREAT | f.O_TRUNC | TMPFILE)) !== 0;
  if (changes && (how.resolve & f.RESOLVE_CACHED) !== 0) return -e.EAGAIN;
  return open(call, directory, path, how);
}

function open(call: Call, directory: number, path: Uint8Array, how: How): Outcome {
  const { flags } = how;
  const has = (flag: number) => (flags & flag) !== 0;
  if (has(TMPFILE)) {
    const isWhole = has(f.O_DIRECTORY) && !has(f.O_CREAT);
    if (!isWhole || (flags & f.O_ACCMODE) === f.O_RDONLY) return -e.EINVAL;
  } else if (has(f.O_CREAT) && has(f.O_DIRECTORY)) return -e.EINVAL;
  const { table, descriptorLimit } = call.caller;
  if (path.length === 0) return -e.ENOENT;
  if (!table.hasRoom(1, descriptorLimit)) return -e.EMFILE;
  const isExclusive = has(f.O_CREAT) && has(f.O_EXCL);
  const follows = !has(f.O_NOFOLLOW) && !isExclusive;
  const options = { follows, creates: has(f.O_CREAT), resolve: how.resolve };
  const found = walk(call, directory, path, options);
  if (typeof found === 'number') return found;
  const opening = has(TMPFILE) ? temporary(call, found, how) : openFound(call, found, how);
  const closeOnExec = has(f.O_CLOEXEC);
  if (typeof opening === 'function') return () => install(call, opening(), closeOnExec);
  return install(call, opening, closeOnExec);
}

function install({ caller }: Call, file: Description | number, closeOnExec: boolean): number {
  if (typeof file === 'number') return file;
  const fd = caller.table.open(file, closeOnExec, caller.descriptorLimit);
  if (fd < 0) file.release();
  return fd;
}

/** The flags of the description. O_PATH has not even O_LARGEFILE. */
function shown(flags: number): number {
  return (flags & f.O_PATH) !== 0 ? flags & ~f.O_CLOEXEC : (flags & ~NOT_SHOWN) | f.O_LARGEFILE;
}

/** O_TMPFILE: a file without a name, on the file system of the directory. */
function temporary(call: Call, { object }: Found, { flags, mode }: How): Opening {
  if (object === undefined) return -e.ENOENT;
  if (!(object instanceof Directory)) return -e.ENOTDIR;
  if (!object.takesFiles) return -e.EOPNOTSUPP;
  const { caller } = call;
  if (!object.permits(caller, MAY_WRITE | MAY_SEARCH)) return -e.EACCES;
  const { uid, gid, machine } = caller;
  const inode = new RegularFile(machine, object.fileSystem, { mode, uid, gid });
  const file = new Description(inode, shown(flags));
  inode.unlinked(`${object.path === '/' ? '' : object.path}/#${inode.inode}`);
  return file;
}

function openFound(call: Call, found: Found, how: How): Opening {
  const { flags } = how;
  const creates = (flags & f.O_CREAT) !== 0;
  const { object } = found;
  if (object === undefined) return creates ? create(call, found, how) : -e.ENOENT;
  if (creates && (flags & f.O_EXCL) !== 0) return -e.EEXIST;
  const isDirectory = object instanceof Directory;
  if (creates && isDirectory) return -e.EISDIR;
  const wantsDirectory = found.wantsDirectory || (flags & f.O_DIRECTORY) !== 0;
  if (wantsDirectory && !isDirectory) return -e.ENOTDIR;
  if ((flags & f.O_PATH) !== 0) return new Description(object, shown(flags));
  return openObject(call, object, flags);
}

/** The umask is 0: a process of the sim has none. */
function create(call: Call, { parent, name }: Found, { flags, mode }: How): Opening {
  if (parent === undefined) return -e.ENOENT;
  const { caller } = call;
  if (!parent.takesFiles) return -e.ENOENT;
  if (!parent.permits(caller, MAY_WRITE | MAY_SEARCH)) return -e.EACCES;
  const { uid, gid, machine } = caller;
  const inode = new RegularFile(machine, parent.fileSystem, { mode, uid, gid });
  return parent.link(name, inode).open(call, shown(flags));
}

/** What is there, once more. A magic link of /proc leads to pipes and sockets, too. */
function openObject(call: Call, object: SimObject, flags: number): Opening {
  if (object instanceof Link) return -e.ELOOP;
  if (object instanceof Pipe) {
    const { fifo } = object;
    return fifo === undefined
      ? new Description(object, shown(flags))
      : fifo.open(call, shown(flags));
  }
  if (!(object instanceof Inode)) return -e.ENXIO;
  const wanted = access(flags);
  if (object instanceof Directory && (wanted & MAY_WRITE) !== 0) return -e.EISDIR;
  if (!object.permits(call.caller, wanted)) return -e.EACCES;
  if ((flags & f.O_NOATIME) !== 0 && !object.isOwnedBy(call.caller)) return -e.EPERM;
  if ((flags & f.O_DIRECT) !== 0 && !object.supportsDirect) return -e.EINVAL;
  const emptied = (flags & f.O_TRUNC) !== 0 ? object.empty(call) : 0;
  return emptied < 0 ? emptied : object.open(call, shown(flags));
}

function access(flags: number): number {
  const mode = flags & f.O_ACCMODE;
  const reads = mode === f.O_WRONLY ? 0 : MAY_READ;
  const writes = mode === f.O_RDONLY && (flags & f.O_TRUNC) === 0 ? 0 : MAY_WRITE;
  return reads | writes;
}
