/** The parameters of calls: how each is picked, given to a kernel, written as code, simplified. */
import * as f from '../../../src/kernel/flags.js';
import { linux } from '../../../src/kernel/linux.js';
import { pattern } from '../../helpers/claims.js';
import type { Scene } from './scene.js';
import type { Side } from './side.js';
import type { Kind, Name, Value } from './step.js';

export interface Parameter {
  /** Where the value is a name: what it should be open on. */
  readonly kinds?: readonly Kind[];
  /** The name of the mapping it is in. */
  readonly mappingOf?: (value: Value) => Name;
  readonly pick: (scene: Scene) => Value;
  readonly make: (value: Value, side: Side) => unknown;
  /** The value in TypeScript, for a row. */
  readonly show: (value: Value) => string;
  /** Values to be tried in its place, the simplest first. */
  readonly simpler: (value: Value) => readonly Value[];
}

const PAGE = 4096;
const LENGTHS = [0, 1, 10, 100, 1000, 4095, 4096, 4097, 5000, 8192, 20_000, 65_536, 70_000];
const SHORT_LENGTHS = LENGTHS.filter((length) => length <= 5000);
/** The pages at which data begins: bytes tell where they come from. */
const STARTS = 16;

/**
 * What is written, in memory that begins with a page and never changes: vmsplice(2) puts these very
 * pages into pipes.
 */
const DATA = pages(pattern((STARTS + 18) * PAGE));
/** A pointer where nothing is mapped. */
const NOWHERE = new BigUint64Array([8n, 4096n]);

function pages(bytes: Uint8Array): Uint8Array {
  const { PROT_READ, PROT_WRITE, MAP_PRIVATE, MAP_ANONYMOUS } = f;
  const flags = MAP_PRIVATE | MAP_ANONYMOUS;
  const address = linux.mmap(0, bytes.length, PROT_READ | PROT_WRITE, flags, -1, 0);
  const buffer = linux.view(address, bytes.length);
  if (typeof buffer === 'number') return bytes;
  const copy = new Uint8Array(buffer);
  copy.set(bytes);
  return copy;
}

/** A descriptor, as a rule of one of these kinds. */
export function fd(...kinds: Kind[]): Parameter {
  return {
    kinds,
    pick: (scene) => scene.pick(kinds),
    make: (value, side) => side.fd(value as Name),
    show: (value) => (value === -1 ? '-1' : `d${value}`),
    simpler: () => [],
  };
}

/** One of these numbers, or names of constants joined by |; the first is the simplest. */
export function oneOf(...choices: (number | string)[]): Parameter {
  return {
    pick: ({ random }) => random.pick(choices),
    make: (value) => numberOf(value as number | string),
    show: (value) => (typeof value === 'string' ? value.replace(/\w+/g, 'f.$&') : String(value)),
    simpler: (value) => choices.slice(0, choices.indexOf(value as number | string)),
  };
}

const numbers = new Map<string, number>();

function numberOf(value: number | string): number {
  if (typeof value === 'number') return value;
  let number = numbers.get(value);
  if (number === undefined) {
    const constants: Readonly<Record<string, number>> = { ...f };
    const parts = value.split(' | ').map((name) => constants[name] ?? Number.NaN);
    number = parts.reduce((all, part) => all | part, 0);
    if (parts.some(Number.isNaN)) throw new Error(`no such constant in ${value}`);
    numbers.set(value, number);
  }
  return number;
}

/** A number of bytes. */
export const length: Parameter = oneOf(...LENGTHS);
export const shortLength: Parameter = oneOf(...SHORT_LENGTHS);

/** A position in a file. */
export const position: Parameter = oneOf(0, 1, 100, 4095, 4096, 5000, 8192, 20_000, 100_000, -1);

/** An offset pointer: null, or a position by value. */
export const pointer: Parameter = {
  ...position,
  pick: (scene) => (scene.random.chance(0.6) ? null : position.pick(scene)),
  make: (value) => value,
  simpler: (value) => (value === null ? [] : [null, ...position.simpler(value)]),
};

/** Bytes to be written: [first page, length]. */
export const data: Parameter = dataOf(LENGTHS);
export const shortData: Parameter = dataOf(SHORT_LENGTHS);

function dataOf(lengths: readonly number[]): Parameter {
  return {
    pick: ({ random }) => [random.below(STARTS), random.pick(lengths)],
    make: (value) => bytesOf(value),
    show: (value) => {
      const [start, count] = value as [number, number];
      return start === 0 ? `pattern(${count})` : `bytes(${start}, ${count})`;
    },
    simpler: (value) => {
      const [start, count] = value as [number, number];
      const shorter = lengths.filter((one) => one < count).map((one) => [start, one]);
      return start === 0 ? shorter : [[0, count], ...shorter];
    },
  };
}

function bytesOf(value: Value): Uint8Array {
  const [start, count] = value as [number, number];
  return DATA.subarray(start * PAGE, start * PAGE + count);
}

/** Memory to be filled, by its length. */
export const room: Parameter = roomOf(length);
export const shortRoom: Parameter = roomOf(shortLength);

function roomOf(lengths: Parameter): Parameter {
  return {
    ...lengths,
    make: (value, side) => side.room(value as number),
    show: (value) => `new Uint8Array(${value})`,
  };
}

/** Some pieces of memory, one in twenty of them where nothing is mapped: null. */
export function vector(piece: Parameter): Parameter {
  return {
    pick: (scene) => {
      const { random } = scene;
      const one = () => (random.chance(0.05) ? null : piece.pick(scene));
      return Array.from({ length: random.below(4) }, one);
    },
    make: (value, side) =>
      list(value).map((one) => (one === null ? NOWHERE : piece.make(one, side))),
    show: (value) => {
      const pieces = list(value).map((one) => (one === null ? 'NOWHERE' : piece.show(one)));
      return `[${pieces.join(', ')}]`;
    },
    simpler: (value) => [
      ...list(value).map((_, index) => list(value).toSpliced(index, 1)),
      ...list(value).flatMap((one, index) =>
        one === null ? [] : piece.simpler(one).map((simple) => list(value).with(index, simple)),
      ),
    ],
  };
}

const list = (value: Value): readonly Value[] => value as readonly Value[];

/** An array of numbers to be filled. */
export function words(make: () => ArrayBufferView, code: string): Parameter {
  return {
    pick: () => null,
    make: (_, side) => side.words(make()),
    show: () => code,
    simpler: () => [],
  };
}

/** An array of numbers to be read, and perhaps filled; `code` makes one in a row. */
export function wordsOf(
  parameters: readonly Parameter[],
  make: (numbers: readonly number[]) => ArrayBufferView,
  code: (shown: readonly string[]) => string,
): Parameter {
  return {
    pick: (scene) => parameters.map((one) => one.pick(scene)),
    make: (value, side) =>
      side.words(
        make(list(value).map((one, index) => parameters[index]?.make(one, side) as number)),
      ),
    show: (value) => code(list(value).map((one, index) => parameters[index]?.show(one) ?? '')),
    simpler: (value) =>
      list(value).flatMap(
        (one, index) =>
          parameters[index]?.simpler(one).map((simple) => list(value).with(index, simple)) ?? [],
      ),
  };
}

/** A name in the directory of the run. */
export const path: Parameter = {
  pick: ({ random }) => random.pick(['a', 'b']),
  make: (value, side) => `${side.directory}/${value}`,
  show: (value) => `\`\${directory}/${value}\``,
  simpler: (value) => (value === 'a' ? [] : ['a']),
};

/** Where results are numbers that are not compared: pipe2(2), socketpair(2). */
export const ends: Parameter = {
  pick: () => null,
  make: (_, side) => side.ends.fill(-1),
  show: () => 'ends',
  simpler: () => [],
};
