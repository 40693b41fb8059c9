/**
 * What a person passes to `sluice/sys` and `Fd`, checked by JavaScript type: a TypeError or
 * RangeError in Node's shape that names the argument. A value that Linux can judge goes to Linux.
 * This module is browser compatible.
 */
import type { Offset, OffsetPointer, Path } from './kernel.js';

/** A descriptor that is only borrowed: its number, or anything that carries one. */
export type Descriptor = number | { readonly fd: number };

/** Bytes in any of the shapes JavaScript has for them. */
export type Bytes = ArrayBufferView | ArrayBufferLike;

/** The value has the wrong JavaScript type. */
export class InvalidArgumentType extends TypeError {
  readonly code = 'ERR_INVALID_ARG_TYPE';

  constructor(name: string, expected: string, actual: unknown) {
    super(`The "${name}" argument must be ${expected}. Received ${describe(actual)}`);
  }
}

/** The value has the right type and cannot be what is meant. */
export class ArgumentOutOfRange extends RangeError {
  readonly code = 'ERR_OUT_OF_RANGE';

  constructor(name: string, expected: string, actual: unknown) {
    super(
      `The value of "${name}" is out of range. It must be ${expected}. ` +
        `Received ${describe(actual)}`,
    );
  }
}

/** An int or unsigned int of C: flags, a command, a signal. */
export function integer(value: unknown, name: string): number {
  if (typeof value !== 'number') throw new InvalidArgumentType(name, 'of type number', value);
  if (!Number.isInteger(value) || value < -0x80000000 || value > 0xffffffff) {
    throw new ArgumentOutOfRange(name, 'a whole number of 32 bits', value);
  }
  return value;
}

/** A plain yes or no. */
export function boolean(value: unknown, name: string): boolean {
  if (typeof value !== 'boolean') throw new InvalidArgumentType(name, 'of type boolean', value);
  return value;
}

/** An AbortSignal, or undefined for none. */
export function abortSignal(value: unknown, name: string): AbortSignal | undefined {
  if (value === undefined || isAbortSignal(value)) return value;
  throw new InvalidArgumentType(name, 'an AbortSignal', value);
}

/** The number of a descriptor. Whether it is open, Linux knows: −1 passes. */
export function descriptor(value: unknown, name: string): number {
  const fd = typeof value === 'object' && value !== null ? (value as { fd?: unknown }).fd : value;
  if (typeof fd !== 'number') {
    throw new InvalidArgumentType(name, 'a number or an object with a number fd', value);
  }
  if (!Number.isInteger(fd) || fd < -0x80000000 || fd > 0x7fffffff) {
    throw new ArgumentOutOfRange(name, 'a descriptor (a whole number of 31 bits)', fd);
  }
  return fd;
}

const INT64_MAX = 2n ** 63n - 1n;

/**
 * A position in bytes: a number up to 2^53, or a bigint up to 2^63. The sign is judged by Linux.
 */
export function offset(value: unknown, name: string): Offset {
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return value;
    throw new ArgumentOutOfRange(name, 'a safe integer, or a bigint above 2^53', value);
  }
  if (typeof value !== 'bigint') {
    throw new InvalidArgumentType(name, 'of type number or bigint', value);
  }
  if (value > INT64_MAX || value < -INT64_MAX - 1n) {
    throw new ArgumentOutOfRange(name, 'a whole number of 64 bits', value);
  }
  return value;
}

/** A length in bytes: as `offset`, and not negative. */
export function size(value: unknown, name: string): Offset {
  const checked = offset(value, name);
  if (checked < 0) throw new ArgumentOutOfRange(name, 'at least 0', value);
  return checked;
}

/** A position, or null for "use and move the file offset". */
export function offsetOrNull(value: unknown, name: string): OffsetPointer {
  return value === null ? null : offset(value, name);
}

/**
 * The bytes of a view or buffer, without a copy.
 * A detached Uint8Array is EFAULT, from Linux's side.
 */
export function bytes(value: unknown, name: string): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (!ArrayBuffer.isView(value) && !isAnyArrayBuffer(value)) {
    throw new InvalidArgumentType(
      name,
      'an ArrayBuffer, SharedArrayBuffer or a view of one',
      value,
    );
  }
  try {
    if (!ArrayBuffer.isView(value)) return new Uint8Array(value);
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  } catch {
    throw new InvalidArgumentType(name, 'a buffer that is not detached', value);
  }
}

/** A list of buffers, in order. */
export function vector(value: unknown, name: string): Uint8Array[] {
  if (!Array.isArray(value)) throw new InvalidArgumentType(name, 'an array of buffers', value);
  return value.map((element, index) => bytes(element, `${name}[${index}]`));
}

/** A structure of C as an object: each of its fields is checked by whoever reads it. */
export function record(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  throw new InvalidArgumentType(name, 'an object', value);
}

/** How many. A number only, for it is counted with. */
export function count(value: unknown, name: string): number {
  return countFrom(0, value, name);
}

/** As `count`, and not 0. */
export function positiveCount(value: unknown, name: string): number {
  return countFrom(1, value, name);
}

/** As `count`, and Infinity for all. */
export function limit(value: unknown, name: string): number {
  return value === Number.POSITIVE_INFINITY ? value : count(value, name);
}

/** A number above 0 that has an end. */
export function positive(value: unknown, name: string): number {
  if (typeof value !== 'number') throw new InvalidArgumentType(name, 'of type number', value);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new ArgumentOutOfRange(name, 'above 0, and finite', value);
}

/** How likely something is. */
export function chance(value: unknown, name: string): number {
  if (typeof value !== 'number') throw new InvalidArgumentType(name, 'of type number', value);
  if (value >= 0 && value <= 1) return value;
  throw new ArgumentOutOfRange(name, 'from 0 to 1', value);
}

/** What a timer of JavaScript can be set to at most, 24 days: a longer one is due at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** A time to wait, in milliseconds. */
export function timeoutMs(value: unknown, name: string): number {
  if (typeof value !== 'number') throw new InvalidArgumentType(name, 'of type number', value);
  if (value > 0 && value <= LONGEST_MS) return value;
  throw new ArgumentOutOfRange(name, `above 0, and at most ${LONGEST_MS}`, value);
}

/** Something to call. */
export function callback(value: unknown, name: string): void {
  if (typeof value !== 'function') throw new InvalidArgumentType(name, 'a function', value);
}

/** One of these words. */
export function choice(value: unknown, name: string, choices: readonly string[]): void {
  if (typeof value !== 'string') throw new InvalidArgumentType(name, 'of type string', value);
  if (choices.includes(value)) return;
  throw new ArgumentOutOfRange(name, choices.map((one) => `'${one}'`).join(' or '), value);
}

/** Throws a TypeError or RangeError that names what it was given. */
export type Check = (value: unknown, name: string) => unknown;

/** The check of something that may be left out. */
export function optional(check: Check): Check {
  return (value, name) => value === undefined || check(value, name);
}

/** Each element of an array. */
export function listOf(check: Check): Check {
  return (value, name) => {
    if (!Array.isArray(value)) throw new InvalidArgumentType(name, 'an array', value);
    for (const [index, element] of value.entries()) check(element, `${name}[${index}]`);
  };
}

/** A check for every field that there is, so that none can be forgotten. */
export type Checks<Fields> = Readonly<Record<keyof Fields, Check>>;

/** An object with these fields: `name.field` in a message. */
export function checkFields<Fields>(value: unknown, name: string, checks: Checks<Fields>): void {
  const given = record(value, name);
  for (const field of Object.keys(checks) as (string & keyof Fields)[]) {
    checks[field](given[field], `${name}.${field}`);
  }
}

/** Throws a TypeError or RangeError that names the option. What is left out is fine. */
export function checkOptions<Options>(options: Options, checks: Checks<Options>): void {
  const given = record(options, 'options');
  for (const name of Object.keys(checks) as (string & keyof Options)[]) {
    if (given[name] !== undefined) checks[name](given[name], name);
  }
}

/** The options of a function: each of them is checked by whoever reads it. */
export function options<Options extends object>(value: Options): Options {
  record(value, 'options');
  return value;
}

/** A name of a file: a string or its bytes, without a NUL. */
export function path(value: unknown, name: string): Path {
  if (typeof value !== 'string' && !(value instanceof Uint8Array)) {
    throw new InvalidArgumentType(name, 'of type string or Uint8Array', value);
  }
  const nul = typeof value === 'string' ? value.includes('\0') : value.includes(0);
  if (nul) throw new ArgumentOutOfRange(name, 'a name without a NUL', value);
  return value;
}

function countFrom(least: 0 | 1, value: unknown, name: string): number {
  if (typeof value !== 'number') throw new InvalidArgumentType(name, 'of type number', value);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new ArgumentOutOfRange(name, `a whole number, at least ${least}`, value);
}

function isAbortSignal(value: unknown): value is AbortSignal {
  return typeof value === 'object' && value !== null && 'aborted' in value;
}

function isAnyArrayBuffer(value: unknown): value is ArrayBufferLike {
  const tag = Object.prototype.toString.call(value);
  return tag === '[object ArrayBuffer]' || tag === '[object SharedArrayBuffer]';
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'function') return `function ${value.name}`;
  if (typeof value === 'object') return `an instance of ${value.constructor?.name ?? 'Object'}`;
  const text = typeof value === 'string' ? JSON.stringify(value) : literal(value);
  return `type ${typeof value} (${text.length > 28 ? `${text.slice(0, 25)}...` : text})`;
}

/** JSON would have null for NaN, and nothing for a symbol. */
function literal(value: unknown): string {
  return typeof value === 'bigint' ? `${value}n` : String(value);
}
