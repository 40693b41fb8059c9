/** What a parameter may be: a value that its call expects, and which edges can do no harm there. */
import * as f from '../../../src/kernel/flags.js';
import { EDGES, integerOf } from './edges.js';
import type { World } from './world.js';

export interface Parameter {
  valid(world: World): unknown;
  /** Whether this wrong value may be passed here. */
  allows(edge: unknown): boolean;
}

const anything = () => true;

/** Not a number that a descriptor of Node could have. */
export const isNoDescriptor = (edge: unknown): boolean => {
  const number = integerOf(edge);
  return number === undefined || number < 0 || number >= 2 ** 20;
};

/** Not an address that something could be mapped at. */
const isNoAddress = (edge: unknown): boolean => {
  const number = integerOf(edge);
  return number === undefined || number <= 0 || number >= 2 ** 47;
};

/** Not a timeout that would be waited for. */
const isNoTimeout = (edge: unknown): boolean => {
  const number = integerOf(edge);
  return number === undefined || number === 0 || number < -(2 ** 31) || number >= 2 ** 32;
};

export const fd: Parameter = {
  valid: (world) => (world.random.chance(0.9) ? world.slot() : world.random.pick([-1, 999_999])),
  allows: isNoDescriptor,
};

export const directory: Parameter = {
  valid: (world) => (world.random.chance(0.8) ? f.AT_FDCWD : world.slot()),
  allows: isNoDescriptor,
};

/** One of these, alone or or'ed with another. */
export const oneOf = (...values: readonly number[]): Parameter => ({
  valid: ({ random }) =>
    random.chance(0.7) ? random.pick(values) : random.pick(values) | random.pick(values),
  allows: anything,
});

export const none: Parameter = { valid: () => null, allows: anything };

/**
 * One of these and always SPLICE_F_NONBLOCK: the flag of the description does not keep all of them
 * from waiting.
 */
export const spliceFlags: Parameter = {
  valid: ({ random }) => f.SPLICE_F_NONBLOCK | random.below(16),
  allows: (edge) => {
    const number = integerOf(edge);
    return number === undefined || (number & f.SPLICE_F_NONBLOCK) !== 0;
  },
};

export const offset: Parameter = {
  valid: ({ random }) =>
    random.pick([0, 1, 100, 4096, 70_000, -1, 2 ** 31, 2 ** 40, 10n, 2n ** 62n]),
  allows: anything,
};

/** How many bytes: few, so that a call is short. */
export const count: Parameter = {
  valid: ({ random }) => random.pick([0, 1, 100, 4096, 4097, 65_536, 5n]),
  allows: (edge) => {
    const number = integerOf(edge);
    return number === undefined || number <= 65_536 || number > 2 ** 63;
  },
};

export const memory: Parameter = { valid: (world) => world.memory(), allows: anything };

export const bytes = (...lengths: readonly number[]): Parameter => ({
  valid: (world) => world.bytes(world.random.pick(lengths)),
  allows: anything,
});

export const bytesOrNull = (...lengths: readonly number[]): Parameter => ({
  valid: (world) => (world.random.chance(0.2) ? null : world.bytes(world.random.pick(lengths))),
  allows: anything,
});

export const vector: Parameter = {
  valid: (world) => {
    const { random } = world;
    const length = random.chance(0.02) ? random.pick([1023, 1024, 1025]) : random.below(7);
    return Array.from({ length }, () =>
      random.chance(0.05) ? random.pick(EDGES)() : world.memory(),
    );
  },
  allows: anything,
};

export const offsetPointer: Parameter = {
  valid: (world) => {
    const kind = world.random.next();
    if (kind < 0.4) return null;
    return kind < 0.8 ? offset.valid(world) : world.addressMemory();
  },
  allows: anything,
};

/** All of them in the directory of the run. */
const NAMES = ['f0', 'f1', 'f5', 'new', '.', '', 'missing/f', 'f0/f', 'x'.repeat(4095), 'a\0b'];

export const path: Parameter = {
  valid: (world) => {
    const { random } = world;
    const name = random.chance(0.02)
      ? 'y'.repeat(random.pick([4094, 4096, 9000]))
      : random.pick(NAMES);
    if (random.chance(0.6)) return name;
    const encoded = Buffer.from(name);
    const copy = world.bytes(encoded.length);
    copy.set(encoded);
    return copy;
  },
  allows: anything,
};

type Words = Int32Array | BigInt64Array | BigUint64Array;

/** An array for results, or of what is read. */
export const words = (make: (world: World) => Words): Parameter => ({
  valid: make,
  allows: anything,
});

export const pair: Parameter = words(({ random }) => new Int32Array(2 + random.below(2)));

/** Descriptors to be sent, or room for those that come; or null. */
export const fds: Parameter = {
  valid: (world) => {
    const { random } = world;
    if (random.chance(0.2)) return null;
    const length = random.chance(0.05) ? random.pick([252, 253, 254, 300]) : random.below(5);
    return Int32Array.from({ length }, () => world.slot());
  },
  allows: anything,
};

export const timeout: Parameter = { valid: () => 0, allows: isNoTimeout };

/** Addresses of the run's own sockets, and what is no address. */
export const sockaddr: Parameter = {
  valid: (world) => {
    const { random } = world;
    const kind = random.next();
    const bytes =
      kind < 0.6
        ? random.pick(world.addresses)
        : random.pick([
            Uint8Array.of(f.AF_INET, 0, 0, 0, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0),
            Uint8Array.from(Buffer.from(`\x01\0\0${random.below(9)}`)),
            new Uint8Array(random.pick([0, 1, 2, 15, 16, 128])),
            new Uint8Array(random.pick([2, 16, 110, 129, 500])).fill(99),
          ]);
    const copy = world.bytes(bytes.length);
    copy.set(bytes);
    return copy;
  },
  allows: anything,
};

export const rangeAddress: Parameter = { valid: (world) => world.address(), allows: isNoAddress };

export const regionAddress: Parameter = { valid: (world) => world.region(), allows: isNoAddress };

/** In pages of the range or region: a large edge only goes with an address that is none. */
export const rangeLength: Parameter = { valid: (world) => world.length(), allows: anything };

/** A length of an ArrayBuffer: not so large that V8 starts to collect garbage. */
export const viewLength: Parameter = {
  valid: (world) => world.length(),
  allows: (edge) => {
    const number = integerOf(edge);
    return number === undefined || number <= 2 ** 32 || number >= 2 ** 53;
  },
};

export const view: Parameter = {
  valid: ({ random, views }) => (views.length > 0 ? random.pick(views) : new ArrayBuffer(8)),
  allows: anything,
};
