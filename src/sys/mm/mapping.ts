/**
 * Which ArrayBuffer is which mapping: what keeps a view from reaching memory that is no longer its
 * own.
 *
 * Invariant: while a mapping is held, the buffer that `mmap` returned, and no other, reaches its
 * memory; memory is given back only after that buffer was detached. JavaScript can break the first
 * half: on Node ≥ 22 `ArrayBuffer.prototype.transfer` moves the memory to a new buffer, and asm.js
 * makes a buffer undetachable. Both are seen here, and such memory stays mapped.
 *
 * Nothing is unmapped when a buffer is collected or a worker ends. An address may outlive its
 * ArrayBuffer (`addressOf`), and Linux keeps a mapping for as long as the process unless somebody
 * unmaps it.
 */
import { ArgumentOutOfRange, InvalidArgumentType } from '../../kernel/argument.js';
import { EINVAL } from '../../kernel/errno.js';
import { SluiceError } from '../../kernel/error.js';
import * as f from '../../kernel/flags.js';
import { linux } from '../../kernel/linux.js';

/** What one call of mmap made. */
export interface Mapping {
  readonly address: number;
  /** In bytes, as it was asked: Linux rounds it up to whole pages. */
  readonly length: number;
  readonly buffer: ArrayBuffer;
  /** `detached`: by sluice, on the way to being unmapped. */
  state: 'held' | 'detached' | 'unmapped';
  /** The reservation that it was placed in by MAP_FIXED. */
  readonly within: Mapping | undefined;
  /**
   * For a reservation: what is placed in it. The buffers are kept, to be detached before it goes.
   */
  readonly contents: Set<Mapping> | undefined;
}

const RESERVE = f.MAP_PRIVATE | f.MAP_ANONYMOUS | f.MAP_NORESERVE;
const KIND = RESERVE | f.MAP_SHARED | f.MAP_HUGETLB | f.MAP_GROWSDOWN;

/** The largest huge page there is: 16 GiB. */
const LARGEST_PAGE = 2 ** 34;

const mappings = new WeakMap<object, Mapping>();
const reservations = new Set<Mapping>();

/** Whether these arguments of mmap reserve a range of addresses for MAP_FIXED. */
export function reserves(protection: number, flags: number): boolean {
  return protection === f.PROT_NONE && (flags & KIND) === RESERVE;
}

/**
 * An ArrayBuffer over memory that was mapped just now.
 * Where there can be none, the memory is given back.
 */
export function hold(
  address: number,
  length: number,
  within: Mapping | undefined,
  reservation: boolean,
): ArrayBuffer | number {
  const buffer = linux.view(address, length);
  if (typeof buffer === 'number') {
    giveBack({ address, length, within });
    return buffer;
  }
  const contents = reservation ? new Set<Mapping>() : undefined;
  const mapping: Mapping = { address, length, buffer, state: 'held', within, contents };
  mappings.set(buffer, mapping);
  if (reservation) reservations.add(mapping);
  within?.contents?.add(mapping);
  return buffer;
}

/** The mapping behind a buffer that still reaches it. */
export function held(buffer: unknown, name: string): Mapping {
  const mapping = known(buffer, name);
  if (mapping.state !== 'held') {
    throw new SluiceError('ERR_SLUICE_CLOSED', `The mapping of "${name}" was unmapped`);
  }
  if (linux.address_of(mapping.buffer) < 0) {
    throw new SluiceError(
      'ERR_SLUICE_MAPPING',
      `The memory of "${name}" went to another ArrayBuffer, as transfer() does. It stays mapped`,
    );
  }
  return mapping;
}

/** The reservation that this range lies in, free for MAP_FIXED. */
export function reservationAround(address: number, length: number): Mapping {
  const end = address + wholePages(length);
  const around = [...reservations].find(
    (one) => one.address <= address && end <= one.address + wholePages(one.length),
  );
  if (around === undefined) {
    const expected =
      'with MAP_FIXED, in a range that this thread reserved by mmap with PROT_NONE, MAP_PRIVATE, ' +
      'MAP_ANONYMOUS and MAP_NORESERVE';
    throw new ArgumentOutOfRange('addr', expected, address);
  }
  for (const placed of around.contents ?? []) {
    if (placed.address < end && address < placed.address + wholePages(placed.length)) {
      throw new ArgumentOutOfRange('addr', 'with MAP_FIXED, where nothing is placed yet', address);
    }
  }
  return around;
}

/** Closes the hole that a MAP_FIXED may have torn into a reservation before it failed. */
export function mend(address: number, length: number): void {
  linux.mmap(address, length, f.PROT_NONE, RESERVE | f.MAP_FIXED_NOREPLACE, -1, 0);
}

/**
 * Detaches the buffer and what is placed in the mapping, then gives the memory back. Answers as
 * munmap does; after a failure it may be called again, and goes on where it stopped.
 */
export function release(buffer: unknown, name: string): number {
  const mapping =
    known(buffer, name).state === 'detached' ? known(buffer, name) : held(buffer, name);
  const parts = [...(mapping.contents ?? []), mapping].filter(({ state }) => state === 'held');
  for (const part of parts) held(part.buffer, name);
  for (const part of parts) detach(part, name);
  const result = giveBack(mapping);
  if (result >= 0) forget(mapping);
  return result;
}

/**
 * The old buffer of a mapping that mremap has moved or resized:
 * it must not reach what is elsewhere now.
 */
export function retire(mapping: Mapping, moved: number, newLength: number): void {
  if (linux.detach(mapping.buffer) < 0) {
    unmap(moved, newLength);
    const flags = f.MAP_PRIVATE | f.MAP_ANONYMOUS | f.MAP_FIXED_NOREPLACE;
    linux.mmap(mapping.address, mapping.length, f.PROT_READ | f.PROT_WRITE, flags, -1, 0);
    forget(mapping);
    throw undetachable('buffer', 'Its memory is private zeros now');
  }
  forget(mapping);
}

function known(buffer: unknown, name: string): Mapping {
  const mapping = mappings.get(buffer as object);
  if (mapping !== undefined) return mapping;
  throw new InvalidArgumentType(name, 'an ArrayBuffer that mmap or mremap returned', buffer);
}

function detach(mapping: Mapping, name: string): void {
  if (linux.detach(mapping.buffer) < 0) throw undetachable(name, 'It stays mapped');
  mapping.state = 'detached';
}

function undetachable(name: string, then: string): SluiceError {
  const message = `The ArrayBuffer "${name}" cannot be detached: an asm.js module has it. ${then}`;
  return new SluiceError('ERR_SLUICE_MAPPING', message);
}

/**
 * A part of a reservation becomes reserved again in one step,
 * so that no other mapping ever gets in between.
 */
function giveBack({ address, length, within }: Pick<Mapping, 'address' | 'length' | 'within'>) {
  if (within === undefined) return unmap(address, length);
  const result = linux.mmap(address, length, f.PROT_NONE, RESERVE | f.MAP_FIXED, -1, 0);
  return Math.min(result, 0);
}

/**
 * Of huge pages only whole ones can be unmapped. A rounding that ends inside one is EINVAL, so the
 * first that Linux takes ends where the mapping does.
 */
function unmap(address: number, length: number): number {
  let result = linux.munmap(address, length);
  for (let unit = linux.page_size(); result === -EINVAL && unit <= LARGEST_PAGE; unit *= 2) {
    result = linux.munmap(address, wholePages(length, unit));
  }
  return result;
}

function forget(mapping: Mapping): void {
  for (const placed of mapping.contents ?? []) placed.state = 'unmapped';
  mapping.state = 'unmapped';
  mapping.within?.contents?.delete(mapping);
  reservations.delete(mapping);
}

function wholePages(length: number, page = linux.page_size()): number {
  return Math.ceil(length / page) * page;
}

/** The buffer that `mmap` returned, all of it, or a view that begins at a page of it. */
export type Range = ArrayBuffer | ArrayBufferView;

/** The address and length that a range stands for. */
export function place(range: Range): { address: number; length: number } {
  if (!ArrayBuffer.isView(range)) {
    const { address, length } = held(range, 'range');
    return { address, length };
  }
  const { address } = held(range.buffer, 'range');
  return { address: address + range.byteOffset, length: range.byteLength };
}
