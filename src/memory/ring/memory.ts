/**
 * The memory of a lane: a memfd whose size is sealed, and how an end maps it. This module is
 * browser compatible.
 */

import { check } from '../../kernel/error.js';
import * as f from '../../kernel/flags.js';
import type { LinuxKernel } from '../../kernel/linux-kernel.js';
import { mapPieces } from '../map.js';
import type { MemoryRuntime } from '../runtime.js';
import { RingError } from './error.js';
import * as l from './layout.js';

const SEALS = f.F_SEAL_SHRINK | f.F_SEAL_GROW;
const NAME = 'sluice-ring';

/** What `map` gives: the lane, and the way back. */
export interface MappedLane extends l.LaneMemory {
  /** Every view of it has length 0 from then on. */
  unmap(): void;
}

/** A memfd with a new lane in it; the number is the caller's to close. */
export function createMemory(kernel: LinuxKernel, geometry: l.Geometry): number {
  const fd = check(kernel.memfd_create(NAME, f.MFD_CLOEXEC | f.MFD_ALLOW_SEALING), 'memfd_create');
  try {
    const control = new Uint8Array(l.formatted(geometry).buffer);
    check(kernel.ftruncate(fd, kernel.page_size() + geometry.capacity), 'ftruncate', fd);
    check(kernel.pwrite(fd, control, 0), 'pwrite', fd);
    check(kernel.fcntl(fd, f.F_ADD_SEALS, SEALS | f.F_SEAL_SEAL), 'fcntl', fd);
    return fd;
  } catch (error) {
    kernel.close(fd);
    throw error;
  }
}

/**
 * Maps the lane in this descriptor, which stays the caller's.
 *
 * @throws ERR_SLUICE_RING it is no lane, or one whose size can change under the mapping
 */
export function mapLane(runtime: MemoryRuntime, fd: number): MappedLane {
  const { kernel } = runtime;
  const control = kernel.page_size();
  const seals = kernel.fcntl(fd, f.F_GET_SEALS);
  if (seals < 0) throw noRing(fd, 'memory', NO_MEMORY);
  if ((seals & SEALS) !== SEALS) throw noRing(fd, 'memory', 'its size is not sealed');
  const dataBytes = Number(statOf(kernel, fd)[f.STAT_SIZE]) - control;
  const words = new Int32Array(l.CONTROL_WORDS);
  check(kernel.pread(fd, new Uint8Array(words.buffer), 0), 'pread', fd);
  const geometry = l.geometryOf(words, dataBytes);
  if (geometry === undefined) throw noRing(fd, 'memory', 'its first page is another');
  if (dataBytes < control) throw noRing(fd, 'memory', 'its data is no whole page');
  const first = { offset: 0, length: control + dataBytes };
  const again = { offset: control, length: dataBytes };
  const mapping = mapPieces(runtime, fd, [first, again], 'write');
  const { buffer } = mapping;
  return {
    geometry,
    control: new Int32Array(buffer, 0, l.CONTROL_WORDS),
    bytes: new Uint8Array(buffer, control),
    words: new Int32Array(buffer, control),
    unmap: () => mapping.close(),
  };
}

/** @throws ERR_SLUICE_RING it is no socket */
export function refuseNoSocket(kernel: LinuxKernel, fd: number): void {
  const mode = Number(statOf(kernel, fd)[f.STAT_MODE]);
  if ((mode & f.S_IFMT) !== f.S_IFSOCK) throw noRing(fd, 'socket', 'it is no socket');
}

/** Which file it is, as long as that is open anywhere; undefined where the number is not open. */
export function fileOf(kernel: LinuxKernel, fd: number): string | undefined {
  const stat = new BigInt64Array(f.STAT_FIELDS);
  if (kernel.fstat(fd, stat) < 0) return undefined;
  return `${stat[f.STAT_DEV]}:${stat[f.STAT_INO]}`;
}

/** The word of a lane that nobody here has mapped; −1 where it cannot be read. */
export function wordOf(kernel: LinuxKernel, fd: number, index: number): number {
  const word = new Int32Array(1);
  const bytes = new Uint8Array(word.buffer);
  return kernel.pread(fd, bytes, 4 * index) === bytes.length ? (word[0] as number) : -1;
}

export function setWord(kernel: LinuxKernel, fd: number, index: number, value: number): void {
  kernel.pwrite(fd, new Uint8Array(Int32Array.of(value).buffer), 4 * index);
}

const NO_MEMORY = 'it is no memory. They go in the order in which they were given';

function noRing(fd: number, what: 'memory' | 'socket', why: string): RingError {
  return new RingError(
    'ERR_SLUICE_RING',
    `the descriptor ${fd} is not the ${what} of a ring: ${why}`,
  );
}

function statOf(kernel: LinuxKernel, fd: number): BigInt64Array {
  const stat = new BigInt64Array(f.STAT_FIELDS);
  check(kernel.fstat(fd, stat), 'fstat', fd);
  return stat;
}
