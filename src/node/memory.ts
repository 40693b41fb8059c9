/** `map` and `reserve` on this machine's kernel. */
import type { FileHandle } from 'node:fs/promises';
import type { Mappable } from '../memory/file.js';
import * as mapping from '../memory/map.js';
import type { Mapping } from '../memory/mapping.js';
import type { MapOptions } from '../memory/options.js';
import * as reserving from '../memory/reservation.js';
import { linuxRuntime } from './runtime.js';

/**
 * mmap(2): a file, or a part of it, as an ArrayBuffer. Nothing is read until it is looked at,
 * nothing is copied but into Linux's own cache, and with access 'write' a store is a store into the
 * file.
 *
 * Differs from the manual page: a file that becomes shorter cannot kill the process (SIGBUS), a
 * store into a mapping to read from neither (SIGSEGV): see `Mapping`. `offset` may be anywhere. An
 * empty file is an empty mapping. The mapping has a duplicate of the descriptor, so the file may be
 * closed. For the exact call there is `sys.mmap`.
 *
 * Not to be relied on: on overlayfs (containers) a mapping to read from, made before somebody
 * writes to the file for the first time, goes on showing the old file.
 *
 * @param file a path, a descriptor in any shape (number, `Fd`, FileHandle), which is only borrowed;
 *   or null for fresh memory of `length` bytes, zeros
 * @param options.offset where in the file, in bytes; 0 without
 * @param options.length in bytes; the rest of the file without
 * @param options.access 'read' (as without), 'write' or 'private'
 * @param options.create makes the file (access 'write'); a number is its mode, 0o666 without
 * @param options.grow makes the file as long as it has to be (access 'write'), with room on the
 *   disk
 * @param options.allocate `true`: room on the disk for all of the range; `false`: not for what
 *   `grow` adds either
 * @param options.populate reads everything in now
 * @param options.hugePages `true` asks for them; a number, for fresh memory, insists on that size
 * @param options.advice what madvise(2) shall be told: 'sequential', 'random', 'willneed' …
 * @returns a `Mapping`; give it to `using`, or call `close`
 * @throws ENOENT, EACCES, … of openat(2); EACCES the descriptor is not open for it (write-only, or
 *   read-only and access 'write'); EBADF not open; ENODEV a pipe, a socket, a directory; ENOMEM no
 *   memory, no free huge pages, or more than vm.max_map_count mappings; EPERM sealed against it;
 *   ENOSPC, EDQUOT, EFBIG no room for `grow`; EMFILE no more descriptors; ERR_OUT_OF_RANGE longer
 *   than the file, or than one ArrayBuffer of this V8 (4 GiB on Node 20: map windows), or an option
 *   that does not go with another; ERR_INVALID_ARG_TYPE; ERR_SLUICE_UNSUPPORTED external
 *   ArrayBuffers are forbidden here (Electron)
 * @see mmap(2)
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import { readFileSync, rmSync, writeFileSync } from 'node:fs';
 * import { map } from 'sluice';
 *
 * writeFileSync('/tmp/sluice-example', 'hello, file');
 * const mapping = map('/tmp/sluice-example', { access: 'write' });
 * const text = Buffer.from(mapping.buffer);
 * equal(text.toString('latin1', 0, 5), 'hello');
 * text.write('J', 0);
 * equal(readFileSync('/tmp/sluice-example', 'utf8'), 'Jello, file');
 * await mapping.flush(); // on the disk
 * mapping.close();
 * equal(text.length, 0); // no view reaches what is gone
 * rmSync('/tmp/sluice-example');
 * ```
 */
export function map(file: Mappable | FileHandle | null, options?: MapOptions): Mapping {
  return mapping.map(linuxRuntime, file, options);
}

/**
 * Sets addresses aside: one ArrayBuffer of zeros, which costs no memory, and into whose parts files
 * are mapped. So a file can grow under views that stay good, and files lie side by side.
 *
 * @param length in bytes; far more than there is memory is fine
 * @returns a `Reservation`; give it to `using`, or call `close`
 * @throws ENOMEM no such range of addresses; ERR_OUT_OF_RANGE longer than one ArrayBuffer of this
 *   V8
 * @see mmap(2), MAP_NORESERVE, MAP_FIXED
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import { rmSync, writeFileSync } from 'node:fs';
 * import { reserve } from 'sluice';
 *
 * writeFileSync('/tmp/sluice-example', 'one');
 * using space = reserve(1 << 30);
 * const view = Buffer.from(space.buffer);
 * const log = space.map('/tmp/sluice-example', 0, { access: 'write' });
 * equal(view.toString('latin1', 0, 3), 'one');
 * log.resize(1 << 20); // the file and the mapping, in place
 * view.write('two', 100_000);
 * equal(log.bytes[100_000], 't'.charCodeAt(0));
 * log.close();
 * equal(view[0], 0);
 * rmSync('/tmp/sluice-example');
 * ```
 */
export function reserve(length: number): reserving.Reservation {
  return new reserving.Reservation(linuxRuntime, length);
}

/**
 * Maps a range of a file twice, one right behind the other: `bytes` is twice as long as the range,
 * and what is stored at i is seen at i + length too. So a record in a ring is never cut at the end.
 *
 * @param file a descriptor in any shape, which is only borrowed; memfd_create makes a file for it
 * @param options.offset where in the file, in bytes: a multiple of the page size; 0 without
 * @param options.length of the range, in bytes: a multiple of the page size; the rest of the file
 *   without
 * @param options.access as in `map`; 'write' without
 * @returns a `Mapping`
 * @throws as `map`
 * @see mmap(2), MAP_FIXED
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import { mirror } from 'sluice';
 * import * as sys from 'sluice/sys';
 *
 * const fd = sys.memfd_create('ring', sys.MFD_CLOEXEC);
 * sys.ftruncate(fd, 65536);
 * using ring = mirror(fd);
 * sys.close(fd);
 * const bytes = Buffer.from(ring.buffer);
 * bytes.write('across the end', 65529);
 * equal(bytes.toString('latin1', 65529, 65543), 'across the end');
 * equal(bytes.toString('latin1', 0, 7), 'the end');
 * ```
 */
export function mirror(
  file: Exclude<Mappable, string | Uint8Array>,
  options?: mapping.MirrorOptions,
): Mapping {
  return mapping.mirror(linuxRuntime, file, options);
}
