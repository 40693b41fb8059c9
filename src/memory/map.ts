/** `map`: files and fresh memory as mappings of their own, each with its ArrayBuffer. */
import * as argument from '../kernel/argument.js';
import { check, SluiceError } from '../kernel/error.js';
import * as f from '../kernel/flags.js';
import { atPage, describe, type Mappable, type MappedFile, provide, withFile } from './file.js';
import { type Home, Mapping } from './mapping.js';
import { type Access, checkMapOptions, type MapOptions } from './options.js';
import { Piece } from './piece.js';
import { type Placed, place, prepare, reserveAddresses } from './placing.js';
import { Range, type Shown } from './range.js';
import type { MemoryRuntime } from './runtime.js';

/** Where a mapping lies in its file, in bytes. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
}

/** mmap(2) of a file, or of fresh memory. See `map` in src/node. */
export function map(
  runtime: MemoryRuntime,
  file: Mappable | null | undefined,
  options: MapOptions = {},
): Mapping {
  checkMapOptions(options);
  if (file === undefined || file === null) return mapMemory(runtime, options);
  const { access = 'read', create = false } = options;
  refuseForFile(options, access);
  return withFile(runtime.kernel, file, access, create, (fd) => {
    const described = describe(runtime.kernel, fd);
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
  const length = placed.reduce((sum, one) => sum + one.length, 0);
  return new Mapping(runtime, homeOf(runtime, placed, { start: 0, size: length }, cannotResize));
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
  const memory: MappedFile = { fd: -1, size: 0, sized: false, unit };
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
  if (options.length !== undefined) return { offset, length: options.length };
  if (!file.sized)
    throw new argument.InvalidArgumentType('length', 'given for a device', undefined);
  if (offset <= file.size) return { offset, length: file.size - offset };
  throw new argument.ArgumentOutOfRange('offset', `at most the file's ${file.size}`, offset);
}

/** The whole pages around an extent. Linux maps no empty range: an empty file has a page too. */
export function placedIn(file: MappedFile, { offset, length }: Extent, access: Access): Placed {
  const { fd, unit, sized } = file;
  const first = offset - (offset % unit);
  const pages = Math.max(Math.ceil((offset + length - first) / unit), 1);
  const end = sized ? offset + length : 0;
  return { fd, offset: first, length: pages * unit, unit, end, access };
}

function settled(
  runtime: MemoryRuntime,
  placed: Placed,
  extent: Extent,
  options: MapOptions,
): Mapping {
  const shown = { start: extent.offset - placed.offset, size: extent.length };
  const resize = (home: Home, length: number) => resized(runtime, home, placed, extent, length);
  const home = homeOf(runtime, [placed], shown, resize);
  try {
    prepare(runtime.kernel, home.address - shown.start, placed, options);
  } catch (error) {
    home.close();
    throw error;
  }
  return new Mapping(runtime, home);
}

type Resize = (home: Home, length: number) => Home;

function homeOf(
  runtime: MemoryRuntime,
  placed: readonly Placed[],
  shown: Shown,
  resize: Resize,
): Home {
  const { kernel } = runtime;
  const length = placed.reduce((sum, one) => sum + one.length, 0);
  const address = layOut(runtime, placed, length);
  const [range, buffer] = Range.take(runtime, address, length, shown);
  const pieces: Piece[] = [];
  try {
    let at = address;
    for (const one of placed) {
      const piece = new Piece(kernel, at, one.length, one);
      pieces.push(piece);
      range.add(piece);
      at += one.length;
    }
  } catch (error) {
    range.retire(buffer);
    throw error;
  }
  const home: Home = {
    bytes: new Uint8Array(buffer),
    address: address + shown.start,
    pieces,
    access: placed[0]?.access ?? 'read',
    get open() {
      return range.open;
    },
    close: () => range.retire(buffer),
    resized: (size) => resize(home, size),
  };
  return home;
}

/** One piece where Linux chooses; several at addresses that are reserved for all of them. */
function layOut({ kernel }: MemoryRuntime, placed: readonly Placed[], length: number): number {
  if (placed.length === 1) return place(kernel, 0, placed[0] as Placed);
  const address = reserveAddresses(kernel, length);
  try {
    let at = address;
    for (const one of placed) {
      place(kernel, at, one);
      at += one.length;
    }
  } catch (error) {
    kernel.munmap(address, length);
    throw error;
  }
  return address;
}

/**
 * Mapped anew, and what was stored in pages of its own moved there: the old addresses stay taken.
 */
function resized(
  runtime: MemoryRuntime,
  old: Home,
  { access, unit }: Placed,
  { offset, length: before }: Extent,
  length: number,
): Home {
  const { kernel } = runtime;
  const fd = old.pieces[0]?.fd ?? -1;
  const file = fd < 0 ? { fd, size: 0, sized: false, unit } : describe(kernel, fd);
  if (file.sized) provide(kernel, file, offset, offset + length, { grow: access === 'write' });
  const extent = { offset, length };
  const placed = placedIn(file, extent, access);
  const shown = { start: offset - placed.offset, size: length };
  const resize = (home: Home, next: number) => resized(runtime, home, placed, extent, next);
  const home = homeOf(runtime, [placed], shown, resize);
  if (access !== 'write' || fd < 0) {
    const kept = Math.min(placedIn(file, { offset, length: before }, access).length, placed.length);
    const flags = f.MREMAP_MAYMOVE | f.MREMAP_FIXED | f.MREMAP_DONTUNMAP;
    const from = old.address - shown.start;
    const moved = kernel.mremap(from, kept, kept, flags, home.address - shown.start);
    if (moved < 0) home.close();
    check(moved, 'mremap');
  }
  old.close();
  return home;
}

function cannotResize(): never {
  const message = 'a mapping of several pieces has its length for good';
  throw new SluiceError('ERR_SLUICE_MAPPING', message);
}
