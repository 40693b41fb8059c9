/**
 * What is said of the pages of a mapping: msync(2), mprotect(2), madvise(2). Each takes a range
 * where C takes an address and a length: the buffer of a mapping, or a view of a part of it.
 */
import * as argument from '../../kernel/argument.js';
import { check } from '../../kernel/error.js';
import * as f from '../../kernel/flags.js';
import { linux } from '../../kernel/linux.js';
import { place, type Range } from './mapping.js';

export type { Range } from './mapping.js';

/**
 * `int msync(void *addr, size_t length, int flags)` — writes the stores of a MAP_SHARED mapping to
 * the disk.
 *
 * read(2) and other mappings see a store at once, without msync; this is only about what survives a
 * crash of the system, like fsync(2). Introductory texts say that MS_ASYNC starts the writing:
 * since Linux 2.6.19 it does nothing, and the pages are written in Linux's own time. MS_INVALIDATE
 * does nothing either, because mappings are always coherent.
 *
 * Differs from the manual page: `range` stands for `addr` and `length`.
 *
 * @param range the buffer, or a view whose `byteOffset` is a multiple of the page size
 * @param flags MS_SYNC (returns when the bytes are on the disk) or MS_ASYNC, or'ed with
 *   MS_INVALIDATE; 0 is MS_ASYNC
 * @throws EBUSY MS_INVALIDATE for locked pages; EINVAL MS_SYNC with MS_ASYNC, an unknown flag, or a
 *   view that begins inside a page; EIO the disk failed; ENOMEM a part is not mapped any more
 * @see msync(2)
 *
 * @example
 * ```ts
 * import { openSync, unlinkSync } from 'node:fs';
 * import { equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const file = openSync('msync.tmp', 'w+');
 * sys.write(file, Buffer.alloc(4096));
 * const buffer = sys.mmap(null, 4096, sys.PROT_READ | sys.PROT_WRITE, sys.MAP_SHARED, file, 0);
 * new Uint8Array(buffer)[0] = 65;
 * sys.msync(buffer, sys.MS_SYNC);
 * const byte = Buffer.alloc(1);
 * equal(sys.pread(file, byte, 0), 1);
 * equal(byte.toString(), 'A');
 * sys.munmap(buffer);
 * sys.close(file);
 * unlinkSync('msync.tmp');
 * ```
 */
export function msync(range: Range, flags: number): void {
  const { address, length } = place(range);
  check(linux.msync(address, length, argument.integer(flags, 'flags')), 'msync');
}

/**
 * `int mprotect(void *addr, size_t len, int prot)` — changes what may be done with pages. Their
 * content stays.
 *
 * JavaScript knows no protection: a store where PROT_WRITE is missing, and any access where
 * PROT_READ is, ends the process by SIGSEGV. System calls on such memory answer EFAULT instead.
 *
 * Differs from the manual page: `range` stands for `addr` and `len`.
 *
 * @param range the buffer, or a view whose `byteOffset` is a multiple of the page size
 * @param prot PROT_NONE, or PROT_READ, PROT_WRITE, PROT_EXEC, or'ed
 * @throws EACCES PROT_WRITE for a MAP_SHARED mapping of a descriptor that was not open for writing;
 *   EINVAL a view that begins inside a page; ENOMEM more than vm.max_map_count mappings, which a
 *   change in the middle of one makes
 * @see mprotect(2)
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const flags = sys.MAP_PRIVATE | sys.MAP_ANONYMOUS;
 * const buffer = sys.mmap(null, 4096, sys.PROT_NONE, flags, -1, 0);
 * sys.mprotect(buffer, sys.PROT_READ | sys.PROT_WRITE);
 * equal(new Uint8Array(buffer)[0], 0);
 * sys.munmap(buffer);
 * ```
 */
export function mprotect(range: Range, prot: number): void {
  const { address, length } = place(range);
  check(linux.mprotect(address, length, argument.integer(prot, 'prot')), 'mprotect');
}

/** Advice that changes how fast a mapping is, or who else sees it, and never what is in it. */
const SAFE_ADVICE: ReadonlySet<number> = new Set([
  f.MADV_NORMAL,
  f.MADV_RANDOM,
  f.MADV_SEQUENTIAL,
  f.MADV_WILLNEED,
  f.MADV_DONTFORK,
  f.MADV_DOFORK,
  f.MADV_HUGEPAGE,
  f.MADV_NOHUGEPAGE,
  f.MADV_DONTDUMP,
  f.MADV_DODUMP,
  f.MADV_COLD,
  f.MADV_POPULATE_READ,
]);

/** Why known advice is refused. */
const REFUSED_ADVICE: ReadonlyMap<number, string> = new Map([
  [f.MADV_DONTNEED, 'MADV_DONTNEED: it throws the content of private pages away'],
  [f.MADV_FREE, 'MADV_FREE: it throws the content away, at a time of its own'],
  [f.MADV_REMOVE, 'MADV_REMOVE: it punches a hole into the file'],
  [f.MADV_PAGEOUT, 'MADV_PAGEOUT: the next access would wait for the disk; use MADV_COLD'],
  [f.MADV_POPULATE_WRITE, 'MADV_POPULATE_WRITE: it makes every page dirty; use MAP_POPULATE'],
]);

/**
 * `int madvise(void *addr, size_t length, int advice)` — says how pages are going to be used.
 *
 * Introductory texts call it a hint that changes nothing. Several kinds destroy what is in memory:
 * those are refused here, by name.
 *
 * Differs from the manual page: `range` stands for `addr` and `length`, and only safe advice is
 * taken.
 *
 * @param range the buffer, or a view whose `byteOffset` is a multiple of the page size
 * @param advice MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL or MADV_WILLNEED (read ahead less, more
 *   or now); MADV_COLD (needed late); MADV_POPULATE_READ (there at return); MADV_HUGEPAGE,
 *   MADV_NOHUGEPAGE; MADV_DONTDUMP, MADV_DODUMP (in a core dump or not); MADV_DONTFORK, MADV_DOFORK
 *   (in a forked child or not)
 * @throws EFAULT MADV_POPULATE_READ met a page that access would be SIGBUS for; EINVAL a view that
 *   begins inside a page, or advice that this Linux or this mapping does not know; EIO the disk
 *   failed; ENOMEM a part is not mapped
 * @throws RangeError the advice is not in the list above; the message says why
 * @see madvise(2)
 *
 * @example
 * ```ts
 * import { throws } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const flags = sys.MAP_PRIVATE | sys.MAP_ANONYMOUS;
 * const buffer = sys.mmap(null, 8192, sys.PROT_READ | sys.PROT_WRITE, flags, -1, 0);
 * sys.madvise(buffer, sys.MADV_DONTDUMP);
 * throws(() => sys.madvise(buffer, sys.MADV_DONTNEED), /MADV_DONTNEED: it throws the content/);
 * sys.munmap(buffer);
 * ```
 */
export function madvise(range: Range, advice: number): void {
  const { address, length } = place(range);
  const wanted = argument.integer(advice, 'advice');
  if (!SAFE_ADVICE.has(wanted)) {
    const why = REFUSED_ADVICE.get(wanted) ?? 'this one may not be';
    throw new argument.ArgumentOutOfRange('advice', `safe for the content (${why})`, advice);
  }
  check(linux.madvise(address, length, wanted), 'madvise');
}
