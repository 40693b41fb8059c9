/** mmap(2). This module is browser compatible. */
import * as e from '../../errno.js';
import * as f from '../../flags.js';
import type { Offset } from '../../kernel.js';
import type { Call } from '../call.js';
import { Description } from '../description.js';
import { RegularFile } from '../file/regular.js';
import { insidePage } from '../offset.js';
import { PAGE_SIZE } from '../page.js';
import type { Process } from '../processes.js';
import { ADDRESS_END } from '../space.js';
import type { Area, Kind } from './area.js';
import { MOST_AREAS } from './area-list.js';
import { HUGE_PAGE_SIZE, HugeMemory } from './huge-pages.js';
import { VDSO_START } from './maps.js';
import { isPossible, wholePages } from './range.js';
import { LOAD, STORE } from './space.js';

/** vm.mmap_min_addr: below, only who is privileged maps, and only where it says so. */
const LOWEST = 0x10000;
/** Under a stack, which grows down to here. */
const HIGHEST = VDSO_START;
const MAP_TYPE = 0xf;
const OFFSET_END = 2 ** 63;
const SHARED_MEMORY_MODE = 0o777;

/** MAP_32BIT, MAP_ABOVE4G, MAP_DENYWRITE, MAP_EXECUTABLE */
const OTHER_LEGACY = 0x18c0;

/** What MAP_SHARED_VALIDATE takes: the flags that were there before it. */
const VALID =
  MAP_TYPE |
  f.MAP_FIXED |
  f.MAP_ANONYMOUS |
  OTHER_LEGACY |
  f.MAP_GROWSDOWN |
  f.MAP_LOCKED |
  f.MAP_NORESERVE |
  f.MAP_POPULATE |
  f.MAP_NONBLOCK |
  f.MAP_STACK |
  f.MAP_HUGETLB;

/** Answers the address. */
export function mmap(
  call: Call,
  wish: number,
  bytes: number,
  protection: number,
  flags: number,
  fd: number,
  offset: Offset,
): number {
  if (insidePage(offset) !== 0) return -e.EINVAL;
  const isAnonymous = (flags & f.MAP_ANONYMOUS) !== 0;
  const file = isAnonymous ? undefined : call.file(fd);
  if (file === undefined && !isAnonymous) return -e.EBADF;
  const position = Number(BigInt.asUintN(64, BigInt(offset)));
  return mapFile(call, wish, bytes, protection, flags, file, position);
}

function mapFile(
  { caller }: Call,
  wish: number,
  bytes: number,
  protection: number,
  flags: number,
  file: Description | undefined,
  position: number,
): number {
  if (bytes === 0) return -e.EINVAL;
  if (caller.space.areas.count > MOST_AREAS) return -e.ENOMEM;
  const isHuge = (flags & f.MAP_HUGETLB) !== 0;
  const pageBytes = isHuge ? HUGE_PAGE_SIZE : PAGE_SIZE;
  const length = wholePages(bytes, pageBytes);
  if (isHuge && file !== undefined) return -e.EINVAL;
  if (isHuge && !caller.machine.hugePages.hasRoom(length)) return -e.ENOMEM;
  const start = place(caller, wish, length, flags, pageBytes);
  if (start < 0) return start;
  const refused =
    file === undefined
      ? refusalOfMemory(flags)
      : refusalOfFile(file, position, length, protection, flags);
  return refused || mapThere(caller, start, length, protection, flags, file, position);
}

/** Where the mapping is to be; −errno. */
export function place(
  caller: Process,
  wish: number,
  length: number,
  flags: number,
  pageBytes: number,
): number {
  const { areas } = caller.space;
  if (length > ADDRESS_END) return -e.ENOMEM;
  if ((flags & (f.MAP_FIXED | f.MAP_FIXED_NOREPLACE)) !== 0) {
    if (!isPossible(wish, length)) return -e.ENOMEM;
    if (wish % pageBytes !== 0) return -e.EINVAL;
    if (wish < LOWEST && !caller.isPrivileged) return -e.EPERM;
    const isTaken = (flags & f.MAP_FIXED_NOREPLACE) !== 0 && !areas.isFree(wish, wish + length);
    return isTaken ? -e.EEXIST : wish;
  }
  const hint = wish < PAGE_SIZE ? 0 : Math.max(LOWEST, wish - (wish % pageBytes));
  if (hint > 0 && isPossible(hint, length) && areas.isFree(hint, hint + length)) return hint;
  return areas.highestFree(LOWEST, HIGHEST, length, pageBytes) ?? -e.ENOMEM;
}

function refusalOfMemory(flags: number): number {
  const type = flags & MAP_TYPE;
  if (type !== f.MAP_SHARED && type !== f.MAP_PRIVATE) return -e.EINVAL;
  return type === f.MAP_SHARED && (flags & f.MAP_GROWSDOWN) !== 0 ? -e.EINVAL : 0;
}

/** In the order of Linux. */
function refusalOfFile(
  file: Description,
  position: number,
  length: number,
  protection: number,
  flags: number,
): number {
  const type = flags & MAP_TYPE;
  if (position + length > OFFSET_END) return -e.EOVERFLOW;
  if (type === f.MAP_SHARED_VALIDATE && (flags & ~VALID) !== 0) return -e.EOPNOTSUPP;
  if (type === 0 || type > f.MAP_SHARED_VALIDATE) return -e.EINVAL;
  const stores = type !== f.MAP_PRIVATE && (protection & f.PROT_WRITE) !== 0;
  if (!file.isReadable || (stores && !file.isWritable)) return -e.EACCES;
  const refused = mappable(file, protection, type);
  if (refused === -e.ENODEV) return refused;
  return (flags & f.MAP_GROWSDOWN) !== 0 ? -e.EINVAL : refused;
}

/** For the object MAP_SHARED_VALIDATE is MAP_SHARED. */
function mappable(file: Description, protection: number, type: number): number {
  const sharing = type === f.MAP_PRIVATE ? type : f.MAP_SHARED;
  return file.object.mappable(file, protection, sharing);
}

function mapThere(
  caller: Process,
  start: number,
  length: number,
  protection: number,
  flags: number,
  file: Description | undefined,
  position: number,
): number {
  const { space } = caller;
  const end = start + length;
  const more = length - space.areas.bytesWithin(start, end);
  if (!hasRoom(caller, more)) return -e.ENOMEM;
  const refused = space.unmap(start, end);
  if (refused < 0) return refused;
  const kind = kindOf(protection, flags, file);
  const memory = memoryOf(caller, length, kind);
  if (memory === undefined) {
    space.map(start, length, kind, position);
  } else {
    // Linux keeps the offset into /dev/zero, though the memory begins at 0 and ends at `length`.
    space.map(start, length, { ...kind, file: memory }, file === undefined ? 0 : position);
    // The mapping has a reference of its own.
    memory.release();
  }
  if (wantsPages(flags)) populate(caller, start, end);
  return start;
}

/** Whether RLIMIT_AS allows so many bytes more. */
export function hasRoom({ space, limits }: Process, bytes: number): boolean {
  const [limit = 0n] = limits.get(f.RLIMIT_AS) ?? [];
  return BigInt(space.areas.bytes + bytes) <= limit;
}

function kindOf(protection: number, flags: number, file: Description | undefined): Kind {
  const isShared = (flags & MAP_TYPE) !== f.MAP_PRIVATE;
  const mayWrite =
    !isShared ||
    file === undefined ||
    (file.isWritable && mappable(file, f.PROT_WRITE, f.MAP_SHARED) === 0);
  return {
    protection: protection & (f.PROT_READ | f.PROT_WRITE | f.PROT_EXEC),
    isShared,
    mayWrite,
    pageBytes: (flags & f.MAP_HUGETLB) !== 0 ? HUGE_PAGE_SIZE : PAGE_SIZE,
    isLocked: (flags & f.MAP_LOCKED) !== 0,
    staysAtFork: false,
    file,
  };
}

/** Memory that several processes share, or of huge pages, is a file without a name, as on Linux. */
function memoryOf(caller: Process, length: number, kind: Kind): Description | undefined {
  const { machine, uid, gid } = caller;
  const { file, isShared, pageBytes } = kind;
  if (pageBytes > PAGE_SIZE) return new Description(new HugeMemory(machine, length), f.O_RDWR);
  if (!isShared || (file !== undefined && !file.object.mapsMemory)) return undefined;
  const ownership = { mode: SHARED_MEMORY_MODE, uid, gid };
  const inode = new RegularFile(machine, machine.tree.memory, ownership);
  inode.setSize(length);
  const memory = new Description(inode, f.O_RDWR);
  inode.unlinked('/dev/zero');
  return memory;
}

function wantsPages(flags: number): boolean {
  if ((flags & f.MAP_LOCKED) !== 0) return true;
  return (flags & (f.MAP_POPULATE | f.MAP_NONBLOCK)) === f.MAP_POPULATE;
}

/** Every page is there, as far as there are pages. */
function populate({ space }: Process, start: number, end: number): void {
  for (let address = start; address < end; address += PAGE_SIZE) {
    const { kind } = space.areas.at(address) as Area;
    const copies = !kind.isShared && (kind.protection & f.PROT_WRITE) !== 0;
    if (typeof space.access(address, copies ? STORE : LOAD) === 'number') return;
  }
}
