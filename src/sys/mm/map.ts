/**
 * Memory mappings: mmap(2), munmap(2), mremap(2). A mapping is an ArrayBuffer. What may be said of
 * its pages (msync, mprotect, madvise) is in `pages.ts`.
 */
import * as argument from '../../kernel/argument.js';
import { EINVAL } from '../../kernel/errno.js';
import { check } from '../../kernel/error.js';
import * as f from '../../kernel/flags.js';
import type { Offset } from '../../kernel/kernel.js';
import { linux } from '../../kernel/linux.js';
import * as mapping from './mapping.js';

/** Every JavaScript engine that sluice runs in holds an ArrayBuffer of this length. */
const HELD_ANYWHERE = 2 ** 30;

/** The f_type of a hugetlbfs: linux/magic.h. */
const HUGETLBFS_MAGIC = 0x958458f6n;

/**
 * `void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset)` — maps a file
 * or fresh memory into this process, as an ArrayBuffer.
 *
 * With MAP_SHARED the bytes of the buffer are those of the file: stores are seen at once by read(2)
 * and by every other mapping, in any process. With MAP_PRIVATE a store stays here, by a copy of its
 * page. MAP_ANONYMOUS is zeroed memory and takes fd −1.
 *
 * Linux guards its pages with signals, and JavaScript cannot catch them. **The process dies** of
 * SIGSEGV when it stores into a mapping without PROT_WRITE or touches one of PROT_NONE, and of
 * SIGBUS when it touches a page that lies wholly behind the end of the file, also when the file
 * became shorter after mmap. Where bytes are only to be read, `PROT_READ | PROT_WRITE` with
 * MAP_PRIVATE is safe from stray stores.
 *
 * Differs from the manual page: the result is an ArrayBuffer of just `length` bytes (`addressOf`
 * tells the address), and a failure throws, so there is no MAP_FAILED to compare with. MAP_FIXED is
 * allowed only in a range that this thread reserved by `mmap(null, n, PROT_NONE, MAP_PRIVATE |
 * MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)`, where nothing else is placed yet: anywhere else it would
 * silently replace memory of the program. Without `munmap` a mapping lives until the process ends,
 * whether its buffer is collected or the worker that made it is gone.
 *
 * Introductory texts call a start address a demand. It is a hint, unless MAP_FIXED is set. They
 * also call 4096 the page size: `offset` must be a multiple of `getpagesize()`, which is 16384 or
 * 65536 on some arm64 systems. And the mapping needs no open descriptor: `fd` may be closed at
 * once.
 *
 * @param addr a hint where to map, or null: Linux chooses
 * @param length in bytes; the rest of the last page is mapped too, but not in the buffer
 * @param prot PROT_NONE, or PROT_READ, PROT_WRITE, PROT_EXEC, or'ed
 * @param flags one of MAP_SHARED, MAP_PRIVATE, MAP_SHARED_VALIDATE, or'ed with MAP_ANONYMOUS,
 *   MAP_POPULATE, MAP_HUGETLB, MAP_NORESERVE, MAP_LOCKED, MAP_STACK, MAP_GROWSDOWN, MAP_SYNC,
 *   MAP_FIXED, MAP_FIXED_NOREPLACE
 * @param fd the file; −1 with MAP_ANONYMOUS
 * @param offset where in the file the mapping begins, in bytes: a multiple of the page size
 * @throws EACCES the descriptor is not open for reading, or not for writing with MAP_SHARED and
 *   PROT_WRITE; EAGAIN MAP_LOCKED above RLIMIT_MEMLOCK; EBADF not open, or O_PATH; EEXIST
 *   MAP_FIXED_NOREPLACE, and something is there; EINVAL length 0, an unaligned offset, or not just
 *   one of shared and private; ENODEV the file cannot be mapped (a pipe, a directory); ENOMEM no
 *   memory, no free huge pages, or more than vm.max_map_count mappings; EOVERFLOW the end of the
 *   file range is beyond 2^63; EPERM sealed or mounted against it, or below vm.mmap_min_addr
 * @throws RangeError `length` is more than one ArrayBuffer holds here (4 GiB on Node 20), or `addr`
 *   with MAP_FIXED is outside a reservation: nothing was mapped
 * @see mmap(2); `munmap`
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import { openSync, readFileSync } from 'node:fs';
 * import * as sys from 'sluice/sys';
 *
 * const file = openSync('package.json', 'r');
 * const length = readFileSync(file).length;
 * const buffer = sys.mmap(null, length, sys.PROT_READ, sys.MAP_PRIVATE, file, 0);
 * sys.close(file);
 * equal(JSON.parse(Buffer.from(buffer).toString()).name, 'sluice');
 * sys.munmap(buffer);
 * equal(buffer.byteLength, 0);
 * ```
 */
export function mmap(
  addr: Offset | null,
  length: Offset,
  prot: number,
  flags: number,
  fd: argument.Descriptor,
  offset: Offset,
): ArrayBuffer {
  const start = addr === null ? 0 : argument.offset(addr, 'addr');
  const bytes = fitting(length, 'length');
  const protection = argument.integer(prot, 'prot');
  const wanted = argument.integer(flags, 'flags');
  const file = argument.descriptor(fd, 'fd');
  const position = argument.offset(offset, 'offset');
  const within = wanted & f.MAP_FIXED ? home(Number(start), bytes, wanted, file) : undefined;
  const address = linux.mmap(start, bytes, protection, wanted, file, position);
  if (address < 0 && within !== undefined) mapping.mend(Number(start), bytes);
  check(address, 'mmap', wanted & f.MAP_ANONYMOUS ? undefined : file);
  const reservation = within === undefined && mapping.reserves(protection, wanted);
  return viewed(mapping.hold(address, bytes, within, reservation), length, 'mmap');
}

/**
 * `int munmap(void *addr, size_t length)` — ends a mapping. The buffer is detached first: it and
 * every view of it have length 0 from then on, so nothing reads memory that is gone or somebody
 * else's.
 *
 * Stores into a MAP_SHARED mapping are not lost: they are in the file already, as read(2) sees it,
 * and Linux writes them to the disk in its own time. For a promise about the disk call `msync`
 * before.
 *
 * Differs from the manual page: only whole mappings go, because an ArrayBuffer cannot lose a part;
 * to have parts, reserve a range and place them in it by MAP_FIXED. What was placed goes back to
 * its reservation; unmapping a reservation detaches and unmaps what is placed in it too.
 *
 * No work of Node's own may be under way on the buffer: detaching does not stop a `fs.write` or a
 * zlib job that has begun on another thread, and the latter dies of SIGSEGV.
 *
 * @param buffer what `mmap` or `mremap` returned
 * @throws ENOMEM the mapping was one piece with its neighbour, and to cut it out would be one
 *   mapping more than vm.max_map_count. It is detached and still mapped: call again
 * @throws SluiceError ERR_SLUICE_CLOSED it was unmapped before; ERR_SLUICE_MAPPING its memory was
 *   moved to another ArrayBuffer, by `transfer()` on Node ≥ 22, or belongs to an asm.js module: it
 *   stays mapped until the process ends
 * @see munmap(2)
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const flags = sys.MAP_PRIVATE | sys.MAP_ANONYMOUS;
 * const buffer = sys.mmap(null, 4096, sys.PROT_READ | sys.PROT_WRITE, flags, -1, 0);
 * const view = new Uint8Array(buffer);
 * view[0] = 7;
 * sys.munmap(buffer);
 * equal(view.length, 0);
 * equal(view[0], undefined);
 * ```
 */
export function munmap(buffer: ArrayBuffer): void {
  check(mapping.release(buffer, 'buffer'), 'munmap');
}

/**
 * `void *mremap(void *old_address, size_t old_size, size_t new_size, int flags)` — makes a mapping
 * longer or shorter. The old buffer is detached; the new one has the same bytes, and more of the
 * file or zeros behind them. Not so for MAP_SHARED with MAP_ANONYMOUS: Linux keeps the size of that
 * memory, and touching what was added is SIGBUS.
 *
 * Differs from the manual page: MREMAP_FIXED and MREMAP_DONTUNMAP are refused, because one replaces
 * and the other leaves memory that no ArrayBuffer stands for; and so is a mapping that is a
 * reservation, or placed in one.
 *
 * @param buffer what `mmap` or `mremap` returned
 * @param newLength in bytes
 * @param flags MREMAP_MAYMOVE, or 0: stay at the address, or fail
 * @returns the new buffer
 * @throws ENOMEM no room at this address and no MREMAP_MAYMOVE, or no memory; EINVAL length 0;
 *   EAGAIN locked memory above RLIMIT_MEMLOCK. After an error of Linux the old buffer is as it was
 * @throws RangeError another flag, or more than one ArrayBuffer holds here
 * @see mremap(2)
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const flags = sys.MAP_PRIVATE | sys.MAP_ANONYMOUS;
 * const small = sys.mmap(null, 4096, sys.PROT_READ | sys.PROT_WRITE, flags, -1, 0);
 * new Uint8Array(small)[0] = 7;
 * const large = sys.mremap(small, 1 << 20, sys.MREMAP_MAYMOVE);
 * equal(small.byteLength, 0);
 * equal(new Uint8Array(large)[0], 7);
 * sys.munmap(large);
 * ```
 */
export function mremap(buffer: ArrayBuffer, newLength: Offset, flags: number): ArrayBuffer {
  const old = mapping.held(buffer, 'buffer');
  const length = fitting(newLength, 'newLength');
  const wanted = argument.integer(flags, 'flags');
  if ((wanted & ~f.MREMAP_MAYMOVE) !== 0) {
    throw new argument.ArgumentOutOfRange('flags', 'MREMAP_MAYMOVE or 0', flags);
  }
  if (old.within !== undefined || old.contents !== undefined) {
    const expected = 'a mapping that is no reservation and is placed in none';
    throw new argument.ArgumentOutOfRange('buffer', expected, buffer);
  }
  const address = linux.mremap(old.address, old.length, length, wanted, 0);
  check(address, 'mremap');
  mapping.retire(old, address, length);
  return viewed(mapping.hold(address, length, undefined, false), newLength, 'mremap');
}

/**
 * The address of a mapping in this process: what C's mmap returns. For `addr` of MAP_FIXED, for
 * /proc/self/maps, and for a `BigUint64Array` [address, length] at the seam. It says nothing about
 * whether the memory is still mapped later.
 *
 * @param buffer what `mmap` or `mremap` returned
 * @see mmap(2)
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const flags = sys.MAP_PRIVATE | sys.MAP_ANONYMOUS;
 * const range = sys.mmap(null, 1 << 20, sys.PROT_NONE, flags | sys.MAP_NORESERVE, -1, 0);
 * const address = sys.addressOf(range) + sys.getpagesize();
 * const page = sys.mmap(address, 4096, sys.PROT_READ, flags | sys.MAP_FIXED, -1, 0);
 * equal(sys.addressOf(page), address);
 * sys.munmap(range);
 * ```
 */
export function addressOf(buffer: ArrayBuffer): number {
  return mapping.held(buffer, 'buffer').address;
}

/**
 * `int getpagesize(void)` — the size of a page, in bytes: the unit of `offset` in mmap, and of
 * every range of pages.
 *
 * @see getpagesize(2)
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * equal(sys.getpagesize() % 4096, 0);
 * ```
 */
export function getpagesize(): number {
  return linux.page_size();
}

/**
 * A length that one ArrayBuffer can have.
 * V8 does not tell its limit, but makes one over any address.
 */
function fitting(value: Offset, name: string): number {
  const length = Number(argument.size(value, name));
  if (length <= HELD_ANYWHERE) return length;
  const page = linux.page_size();
  linux.detach(viewed(linux.view(page, length), value, 'mmap', name));
  return length;
}

function viewed(
  buffer: ArrayBuffer | number,
  length: Offset,
  syscall: string,
  name = 'length',
): ArrayBuffer {
  if (typeof buffer !== 'number') return buffer;
  if (buffer !== -EINVAL) check(buffer, syscall);
  throw new argument.ArgumentOutOfRange(name, 'at most what one ArrayBuffer holds here', length);
}

/**
 * Where MAP_FIXED may go. Huge pages would be rounded up to more than was asked,
 * over what lies behind.
 */
function home(address: number, length: number, flags: number, fd: number): mapping.Mapping {
  if (flags & f.MAP_ANONYMOUS ? flags & f.MAP_HUGETLB : isHuge(fd)) {
    throw new argument.ArgumentOutOfRange('flags', 'without MAP_FIXED for huge pages', flags);
  }
  return mapping.reservationAround(address, length);
}

function isHuge(fd: number): boolean {
  const fields = new BigInt64Array(f.STATFS_FIELDS);
  return linux.fstatfs(fd, fields) >= 0 && fields[f.STATFS_TYPE] === HUGETLBFS_MAGIC;
}
