/**
 * What is known about a file and its filesystem: fstat(2), statfs(2).
 */
import * as argument from '../../kernel/argument.js';
import { check } from '../../kernel/error.js';
import * as f from '../../kernel/flags.js';
import type { Path } from '../../kernel/kernel.js';
import { linux } from '../../kernel/linux.js';
import { printable } from './how.js';

/**
 * struct stat, named as in `fs.BigIntStats`. What has 64 bits is a bigint, never rounded; the rest
 * are numbers. Times are nanoseconds since 1970, clamped to 64 bits (the years 1677 to 2262).
 */
export interface Stat {
  readonly dev: bigint;
  readonly ino: bigint;
  /** The kind (`mode & S_IFMT`) and the permissions. */
  readonly mode: number;
  /** How many names it has. */
  readonly nlink: number;
  readonly uid: number;
  readonly gid: number;
  readonly rdev: bigint;
  /** In bytes; 0 for a pipe or socket. */
  readonly size: bigint;
  /** The preferred size of one read or write, in bytes. */
  readonly blksize: number;
  /** What it takes on disk, in units of 512 bytes. */
  readonly blocks: bigint;
  readonly atimeNs: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

/** struct statfs. Counts of blocks are in units of `bsize` bytes. */
export interface StatFs {
  /** Which filesystem: EXT4_SUPER_MAGIC, TMPFS_MAGIC, PROC_SUPER_MAGIC … */
  readonly type: number;
  readonly bsize: number;
  readonly blocks: bigint;
  readonly bfree: bigint;
  /** Free for the unprivileged. */
  readonly bavail: bigint;
  readonly files: bigint;
  readonly ffree: bigint;
  /** The longest name, in bytes. */
  readonly namelen: number;
  readonly frsize: number;
  /** ST_…: how it is mounted. */
  readonly flags: number;
}

/**
 * `int fstat(int fd, struct stat *statbuf)` — what is known about the open file.
 *
 * Introductory texts take `size` for what can be read. Files of /proc say 0 and have content; a
 * file may grow or shrink right after the call.
 *
 * @param fd any descriptor, O_PATH too
 * @throws EBADF not open; EIO the disk failed; ENOMEM
 * @see fstat(2), inode(7)
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const [reader, writer] = sys.pipe2(sys.O_CLOEXEC);
 * equal(sys.fstat(reader).mode & sys.S_IFMT, sys.S_IFIFO);
 * equal(sys.fstat(reader).ino, sys.fstat(writer).ino);
 * for (const fd of [reader, writer]) sys.close(fd);
 * ```
 */
export function fstat(fd: argument.Descriptor): Stat {
  const number = argument.descriptor(fd, 'fd');
  const stat = new BigInt64Array(f.STAT_FIELDS);
  check(linux.fstat(number, stat), 'fstat', number);
  const field = (place: number) => stat[place] as bigint;
  return {
    dev: BigInt.asUintN(64, field(f.STAT_DEV)),
    ino: BigInt.asUintN(64, field(f.STAT_INO)),
    mode: Number(field(f.STAT_MODE)),
    nlink: Number(field(f.STAT_NLINK)),
    uid: Number(field(f.STAT_UID)),
    gid: Number(field(f.STAT_GID)),
    rdev: BigInt.asUintN(64, field(f.STAT_RDEV)),
    size: field(f.STAT_SIZE),
    blksize: Number(field(f.STAT_BLKSIZE)),
    blocks: field(f.STAT_BLOCKS),
    atimeNs: field(f.STAT_ATIME),
    mtimeNs: field(f.STAT_MTIME),
    ctimeNs: field(f.STAT_CTIME),
  };
}

/**
 * `int statfs(const char *path, struct statfs *buf)` — what is known about the filesystem that has
 * this file.
 *
 * @param path any file on it
 * @throws EACCES a directory on the way may not be searched; EIO; ELOOP; ENAMETOOLONG; ENOENT;
 *   ENOMEM; ENOSYS the filesystem does not tell; ENOTDIR
 * @see statfs(2)
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * equal(sys.statfs('/proc').type, sys.PROC_SUPER_MAGIC);
 * ```
 */
export function statfs(path: Path): StatFs {
  const name = argument.path(path, 'path');
  const fields = new BigInt64Array(f.STATFS_FIELDS);
  check(linux.statfs(name, fields), 'statfs', undefined, printable(name));
  return toStatFs(fields);
}

/**
 * `int fstatfs(int fd, struct statfs *buf)` — what is known about the filesystem that has the open
 * file.
 *
 * @param fd any descriptor
 * @throws EBADF not open; EIO; ENOMEM; ENOSYS the filesystem does not tell
 * @see statfs(2)
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const fd = sys.memfd_create('example', sys.MFD_CLOEXEC);
 * equal(sys.fstatfs(fd).type, sys.TMPFS_MAGIC);
 * sys.close(fd);
 * ```
 */
export function fstatfs(fd: argument.Descriptor): StatFs {
  const number = argument.descriptor(fd, 'fd');
  const fields = new BigInt64Array(f.STATFS_FIELDS);
  check(linux.fstatfs(number, fields), 'fstatfs', number);
  return toStatFs(fields);
}

function toStatFs(fields: BigInt64Array): StatFs {
  const count = (place: number) => BigInt.asUintN(64, fields[place] as bigint);
  return {
    type: Number(count(f.STATFS_TYPE)),
    bsize: Number(count(f.STATFS_BSIZE)),
    blocks: count(f.STATFS_BLOCKS),
    bfree: count(f.STATFS_BFREE),
    bavail: count(f.STATFS_BAVAIL),
    files: count(f.STATFS_FILES),
    ffree: count(f.STATFS_FFREE),
    namelen: Number(count(f.STATFS_NAMELEN)),
    frsize: Number(count(f.STATFS_FRSIZE)),
    flags: Number(count(f.STATFS_FLAGS)),
  };
}
