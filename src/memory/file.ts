/** The file of a mapping: opened, described, and made long enough. */
import { FIRST_AFTER_STDIO } from '../fd/lifetime.js';
import * as argument from '../kernel/argument.js';
import { EACCES, ENODEV, EOPNOTSUPP } from '../kernel/errno.js';
import { check, retry } from '../kernel/error.js';
import * as f from '../kernel/flags.js';
import type { Path } from '../kernel/kernel.js';
import type { LinuxKernel } from '../kernel/linux-kernel.js';
import type { Access, MapOptions } from './options.js';

/** What can be mapped: a name, or a descriptor in any shape, which is only borrowed. */
export type Mappable = Path | argument.Descriptor;

/** A file as it is to be mapped. */
export interface MappedFile {
  readonly fd: number;
  /** Where `fd` was opened for the mapping, and may be kept. */
  readonly opened: Opened | undefined;
  /** In bytes; 0 where the file has no size of its own. */
  readonly size: number;
  /** Whether `size` says how much there is: not so for a device. */
  readonly sized: boolean;
  /** The size of its pages in memory. */
  readonly unit: number;
}

/** The f_type of a hugetlbfs: linux/magic.h. */
const HUGETLBFS_MAGIC = 0x958458f6n;
const DEFAULT_MODE = 0o666;

/** A number that was opened for a mapping, which may keep it. */
export class Opened {
  readonly #kernel: LinuxKernel;
  #fd: number;

  constructor(kernel: LinuxKernel, fd: number) {
    this.#kernel = kernel;
    this.#fd = fd;
  }

  /** The caller's to close from here on. −1: it was taken before, or is one of stdio's. */
  take(): number {
    if (this.#fd < FIRST_AFTER_STDIO) return -1;
    const fd = this.#fd;
    this.#fd = -1;
    return fd;
  }

  close(): void {
    if (this.#fd >= 0) this.#kernel.close(this.#fd);
    this.#fd = -1;
  }
}

/** Calls `use` with a number of the file: of a path it is closed then, unless somebody took it. */
export function withFile<Result>(
  kernel: LinuxKernel,
  file: Mappable,
  access: Access,
  create: boolean | number,
  use: (fd: number, opened?: Opened) => Result,
): Result {
  if (typeof file !== 'string' && !(file instanceof Uint8Array)) {
    return use(argument.descriptor(file, 'file'));
  }
  const fd = openNow(kernel, argument.path(file, 'file'), access, create);
  const opened = new Opened(kernel, fd);
  try {
    return use(fd, opened);
  } finally {
    opened.close();
  }
}

function openNow(
  kernel: LinuxKernel,
  path: Path,
  access: Access,
  create: boolean | number,
): number {
  const how = access === 'write' ? f.O_RDWR : f.O_RDONLY;
  const making = create === false ? 0 : f.O_CREAT;
  // O_NONBLOCK: to open a FIFO would wait for its writer, only to be refused.
  const flags = how | making | f.O_CLOEXEC | f.O_NOCTTY | f.O_NONBLOCK;
  const mode = typeof create === 'number' ? create : DEFAULT_MODE;
  const fd = retry(() => kernel.openat(f.AT_FDCWD, path, flags, mode));
  const shown = typeof path === 'string' ? path : new TextDecoder().decode(path);
  return check(fd, 'openat', undefined, shown);
}

/** Filled and read at once, so one does for all. */
const stat = new BigInt64Array(f.STAT_FIELDS);

export function describe(kernel: LinuxKernel, fd: number, opened?: Opened): MappedFile {
  check(kernel.fstat(fd, stat), 'fstat', fd);
  const kind = Number(stat[f.STAT_MODE]) & f.S_IFMT;
  const sized = kind === f.S_IFREG;
  if (!sized && kind !== f.S_IFBLK && kind !== f.S_IFCHR) check(-ENODEV, 'mmap', fd);
  const size = sized ? Number(stat[f.STAT_SIZE]) : 0;
  const page = kernel.page_size();
  const unit = Number(stat[f.STAT_BLKSIZE]) > page ? hugePageOf(kernel, fd, page) : page;
  return { fd, opened, size, sized, unit };
}

function hugePageOf(kernel: LinuxKernel, fd: number, page: number): number {
  const fields = new BigInt64Array(f.STATFS_FIELDS);
  const isHuge = kernel.fstatfs(fd, fields) >= 0 && fields[f.STATFS_TYPE] === HUGETLBFS_MAGIC;
  return isHuge ? Number(fields[f.STATFS_BSIZE]) : page;
}

/**
 * The file with its range [offset, end) there, as the options ask. Answers its new size.
 */
export function provide(
  kernel: LinuxKernel,
  file: MappedFile,
  offset: number,
  end: number,
  { grow = false, allocate }: MapOptions,
): number {
  const { fd, size } = file;
  if (end > size && !grow) {
    const left = Math.max(size - offset, 0);
    const expected = `at most the ${left} bytes that the file has there, or with grow`;
    throw new argument.ArgumentOutOfRange('length', expected, end - offset);
  }
  const from = allocate === true ? offset : Math.max(size, offset);
  if (end > from) refuseUnmappable(kernel, fd);
  if (allocate !== false && end > from) {
    const result = takeRoom(kernel, file, from, end - from);
    if (result !== -EOPNOTSUPP) check(result, 'fallocate', fd);
  }
  // Where the file system cannot reserve, or shall not, it is at least long enough.
  if (end > size && (allocate === false || describe(kernel, fd).size < end)) {
    check(kernel.ftruncate(fd, end), 'ftruncate', fd);
  }
  return Math.max(size, end);
}

/**
 * Room on the disk, all of it or none: where there is too little, ext4 keeps what it got, and
 * without FALLOC_FL_KEEP_SIZE the file is longer afterwards.
 */
function takeRoom(kernel: LinuxKernel, file: MappedFile, from: number, length: number): number {
  const { fd, size } = file;
  const result = retry(() => kernel.fallocate(fd, f.FALLOC_FL_KEEP_SIZE, from, length));
  if (result >= 0) return retry(() => kernel.fallocate(fd, 0, from, length));
  // To the length that it has: what is behind it is given back.
  if (describe(kernel, fd).size === size) kernel.ftruncate(fd, size);
  return result;
}

/** As mmap does, before the file is longer: in vain, or by an error that names something else. */
function refuseUnmappable(kernel: LinuxKernel, fd: number): void {
  const flags = check(kernel.fcntl(fd, f.F_GETFL), 'fcntl', fd);
  if ((flags & f.O_ACCMODE) !== f.O_RDWR) check(-EACCES, 'mmap', fd);
}

/** Throws a RangeError for what does not begin at a page of this size. */
export function atPage(value: number, unit: number, name: string): void {
  argument.count(value, name);
  if (value % unit === 0) return;
  throw new argument.ArgumentOutOfRange(name, `a multiple of ${unit}, the page size`, value);
}
