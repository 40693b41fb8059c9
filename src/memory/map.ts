/** `map`: files and fresh memory as mappings of their own, each with its ArrayBuffer. */
import * as argument from '../kernel/argument.js';
import { Alone } from './alone.js';
import { atPage, describe, type Mappable, type MappedFile, provide, withFile } from './file.js';
import { Mapping } from './mapping.js';
import { type Access, checkMapOptions, type MapOptions } from './options.js';
import { type Extent, type Placed, placedIn, prepare } from './placing.js';
import type { MemoryRuntime } from './runtime.js';

const NOTHING_ASKED: MapOptions = {};

/** mmap(2) of a file, or of fresh memory. See `map` in src/node. */
export function map(
  runtime: MemoryRuntime,
  file: Mappable | null | undefined,
  options: MapOptions = NOTHING_ASKED,
): Mapping {
  if (options !== NOTHING_ASKED) checkMapOptions(options);
  if (file === undefined || file === null) return mapMemory(runtime, options);
  const { access = 'read', create = false } = options;
  refuseForFile(options, access);
  return withFile(runtime.kernel, file, access, create, (fd, opened) => {
    const described = describe(runtime.kernel, fd, opened);
    const extent = extentOf(described, options);
    if (described.sized) {
      provide(runtime.kernel, described, extent.offset, extent.offset + extent.length, options);
    }
    return settled(runtime, placedIn(described, extent, access), extent, options);
  });
}

/**
 * Pieces of one file one after another in one ArrayBuffer: a mirrored ring is the same piece twice.
 *
 * @param fd only borrowed
 * @param pieces where in the file, and how long: multiples of the page size
 */
export function mapPieces(
  runtime: MemoryRuntime,
  fd: number,
  pieces: readonly Extent[],
  access: Access,
): Mapping {
  const described = describe(runtime.kernel, fd);
  for (const [index, { offset, length }] of pieces.entries()) {
    atPage(offset, described.unit, `pieces[${index}].offset`);
    atPage(length, described.unit, `pieces[${index}].length`);
    if (described.sized) provide(runtime.kernel, described, offset, offset + length, {});
  }
  const placed = pieces.map((piece) => placedIn(described, piece, access));
  return new Mapping(runtime, new Alone(runtime, placed));
}

/** As `MapOptions`, for a range that is mapped twice. */
export type MirrorOptions = Pick<MapOptions, 'offset' | 'length' | 'access'>;

/** The same range of a file twice in a row. See `mirror` in src/node. */
export function mirror(
  runtime: MemoryRuntime,
  file: argument.Descriptor,
  options: MirrorOptions = {},
): Mapping {
  checkMapOptions(options);
  const fd = argument.descriptor(file, 'file');
  const extent = extentOf(describe(runtime.kernel, fd), options);
  return mapPieces(runtime, fd, [extent, extent], options.access ?? 'write');
}

function mapMemory(runtime: MemoryRuntime, options: MapOptions): Mapping {
  const { length, hugePages } = options;
  for (const name of ['offset', 'create', 'grow', 'allocate'] as const) {
    if (options[name] === undefined) continue;
    throw new argument.ArgumentOutOfRange(name, 'left out where there is no file', options[name]);
  }
  const extent = { offset: 0, length: argument.count(length, 'length') };
  const unit = typeof hugePages === 'number' ? hugePages : runtime.kernel.page_size();
  const memory: MappedFile = { fd: -1, opened: undefined, size: 0, sized: false, unit };
  const access = options.access ?? 'write';
  return settled(runtime, placedIn(memory, extent, access), extent, options);
}

export function refuseForFile(options: MapOptions, access: Access): void {
  if (typeof options.hugePages === 'number') {
    const expected = 'true for a file: its file system chooses the size of its pages';
    throw new argument.ArgumentOutOfRange('hugePages', expected, options.hugePages);
  }
  if (access === 'write') return;
  for (const name of ['create', 'grow', 'allocate'] as const) {
    if (!options[name]) continue;
    throw new argument.ArgumentOutOfRange(name, "given with access: 'write' only", options[name]);
  }
}

export function extentOf(file: MappedFile, options: MapOptions): Extent {
  const offset = Number(options.offset ?? 0);
  const length = options.length ?? restOf(file, offset);
  // Beyond that two places are one number.
  if (Number.isSafeInteger(offset + length)) return { offset, length };
  const expected = 'such that all of the mapping is below byte 2^53';
  throw new argument.ArgumentOutOfRange('offset', expected, options.offset);
}

function restOf({ sized, size }: MappedFile, offset: number): number {
  if (!sized) throw new argument.InvalidArgumentType('length', 'given for a device', undefined);
  if (offset <= size) return size - offset;
  throw new argument.ArgumentOutOfRange('offset', `at most the file's ${size}`, offset);
}

function settled(
  runtime: MemoryRuntime,
  placed: Placed,
  extent: Extent,
  options: MapOptions,
): Mapping {
  const home = new Alone(runtime, [placed], extent);
  try {
    prepare(runtime.kernel, home.start, placed, options);
  } catch (error) {
    home.close();
    throw error;
  }
  return new Mapping(runtime, home);
}
