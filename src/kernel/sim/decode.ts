/**
 * What a call is given, read from JavaScript as the addon reads it: a value of the wrong type is
 * one that Linux would refuse, and no memory is touched before every value is checked. This module
 * is browser compatible.
 */
import * as e from '../errno.js';
import { IOV_MAX, PATH_MAX } from '../flags.js';
import type { Address, Memory, Offset, OffsetPointer } from '../kernel.js';

/** Why a value is refused. */
export class Refusal {
  constructor(readonly errno: number) {}
}

/** Reads one parameter; `before` are the values of those before it. */
export type Kind<T> = (value: unknown, before?: readonly unknown[]) => T | Refusal;

/** What a list of kinds makes of a list of parameters. */
export type Values<Kinds extends readonly Kind<unknown>[]> = {
  [Index in keyof Kinds]: Kinds[Index] extends (
    value: unknown,
    before?: readonly unknown[],
  ) => infer T
    ? Exclude<T, Refusal>
    : never;
};

const INVALID = new Refusal(e.EINVAL);
const FAULT = new Refusal(e.EFAULT);
const BAD = new Refusal(e.EBADF);
const TOO_LONG = new Refusal(e.ENAMETOOLONG);

const INT64_END = 2n ** 63n;
const EXACT = 2 ** 53;

/** Each parameter by its kind; the first refusal is the answer. */
export function decode(
  kinds: readonly Kind<unknown>[],
  parameters: readonly unknown[],
): unknown[] | Refusal {
  const values: unknown[] = [];
  for (let index = 0; index < kinds.length; index++) {
    const value = (kinds[index] as Kind<unknown>)(parameters[index], values);
    if (value instanceof Refusal) return value;
    values.push(value);
  }
  return values;
}

/** A descriptor. Anything that is not an int cannot be open. */
export const fd: Kind<number> = (value) => {
  const number = integer(value);
  if (typeof number !== 'number' || number < -(2 ** 31) || number >= 2 ** 31) return BAD;
  return number;
};

/** An int or unsigned int, as an int: flags, a command, a signal, a timeout. */
export const int: Kind<number> = (value) => {
  const number = integer(value);
  if (typeof number !== 'number' || number < -(2 ** 31) || number >= 2 ** 32) return INVALID;
  return number | 0;
};

/** An off_t: a number up to 2^53, a bigint beyond. Its sign is the call's to judge. */
export const offset: Kind<Offset> = (value) => integer(value) ?? INVALID;

/** A size_t. */
export const size: Kind<number> = (value) => {
  const number = integer(value);
  return number === undefined || number < 0 ? INVALID : Number(number);
};

/** 64 bits as they are. */
export const word: Kind<bigint> = (value) => {
  if (typeof value === 'bigint') {
    return value >= -INT64_END && value < 2n * INT64_END ? BigInt.asUintN(64, value) : INVALID;
  }
  const number = integer(value);
  return number === undefined ? INVALID : BigInt.asUintN(64, BigInt(number));
};

/** An Int32Array of at least so many elements. */
export const ints =
  (least: number): Kind<Int32Array> =>
  (value) =>
    isArray<Int32Array>(value, 'Int32Array', least) ? value : FAULT;

/** An Int32Array of any length, or null. */
export const intsOrNull: Kind<Int32Array | null> = (value) =>
  value === null ? value : ints(0)(value);

/** Its elements as they are now. */
export const numbersOrNull: Kind<readonly number[] | null> = (value) => {
  const numbers = intsOrNull(value);
  return numbers instanceof Int32Array ? Array.from(numbers) : numbers;
};

/** A BigInt64Array of at least so many elements. */
export const words =
  (least: number): Kind<BigInt64Array> =>
  (value) =>
    isArray<BigInt64Array>(value, 'BigInt64Array', least) ? value : FAULT;

/** Two words without sign, or null: an rlimit. */
export const limit: Kind<BigUint64Array | null> = (value) =>
  value === null || isArray<BigUint64Array>(value, 'BigUint64Array', 2) ? value : FAULT;

export const bytes: Kind<Uint8Array> = (value) =>
  isArray<Uint8Array>(value, 'Uint8Array', 0) ? ofThisRealm(value) : FAULT;

export const bytesOrNull: Kind<Uint8Array | null> = (value) =>
  value === null ? value : bytes(value);

/** The words as they are now: who has passed them may change them while the call sleeps. */
const address: Kind<Address> = (value) =>
  isArray<BigUint64Array>(value, 'BigUint64Array', 2)
    ? BigUint64Array.of(value[0] as bigint, value[1] as bigint)
    : FAULT;

/** Bytes of JavaScript or an address. */
export const memory: Kind<Memory> = (value) => {
  const own = bytes(value);
  return own instanceof Refusal ? address(value) : own;
};

/** An iovec. More pieces than there may be are not looked at: their count is refused later. */
export const vector: Kind<readonly Memory[]> = (value) => {
  const elements = elementsOf(value);
  if (elements === undefined) return FAULT;
  if (elements.length > IOV_MAX) return elements as Memory[];
  const pieces = elements.map((element) => memory(element));
  return pieces.some((piece) => piece instanceof Refusal) ? FAULT : (pieces as Memory[]);
};

/** An off_t *: null, a number by value, or an address. */
export const offsetPointer: Kind<OffsetPointer> = (value) => {
  if (value === null) return null;
  if (typeof value === 'number' || typeof value === 'bigint') return offset(value);
  return address(value);
};

/** A name as bytes, without a NUL. */
export const path: Kind<Uint8Array> = (value) => {
  const name = typeof value === 'string' ? new TextEncoder().encode(value) : bytes(value);
  if (name instanceof Refusal) return name;
  if (name.length >= PATH_MAX) return TOO_LONG;
  return name.includes(0) ? INVALID : name;
};

/** A whole number that fits int64; a bigint only beyond 2^53. */
function integer(value: unknown): Offset | undefined {
  if (typeof value === 'number') {
    return Number.isInteger(value) && value <= EXACT && value >= -EXACT ? value + 0 : undefined;
  }
  if (typeof value !== 'bigint' || value < -INT64_END || value >= INT64_END) return undefined;
  return value >= -EXACT && value <= EXACT ? Number(value) : value;
}

/**
 * The elements of an array, each fetched before the first is looked into, because an accessor may
 * run JavaScript. undefined: not an array, or one that throws. More than IOV_MAX are not fetched.
 */
export function elementsOf(value: unknown): unknown[] | undefined {
  try {
    if (!Array.isArray(value)) return undefined;
    const elements: unknown[] = Array(value.length);
    if (elements.length > IOV_MAX) return elements;
    for (let index = 0; index < elements.length; index++) elements[index] = value[index];
    return elements;
  } catch {
    return undefined;
  }
}

/** %TypedArray%.prototype[Symbol.toStringTag]: the kind of array, which no proxy can pretend. */
const kindOf = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)?.get as () => string | undefined;

/** Bytes of JavaScript, whatever realm they are of. Runs no JavaScript. */
export function isBytes(value: unknown): value is Uint8Array {
  return kindOf.call(value) === 'Uint8Array';
}

function isArray<T extends { length: number; buffer: ArrayBufferLike }>(
  value: unknown,
  kind: string,
  least: number,
): value is T {
  if (kindOf.call(value) !== kind) return false;
  const { length, buffer } = value as T;
  return length >= least && (length > 0 || !isDetached(buffer));
}

/**
 * The same bytes by a view that `instanceof` knows: a test runner or a frame may have its own
 * Uint8Array. Of a view whose buffer has become shorter there are none.
 */
function ofThisRealm(value: Uint8Array): Uint8Array {
  if (value.length === 0) return new Uint8Array(0);
  if (value instanceof Uint8Array) return value;
  const { buffer, byteOffset, length } = value as Uint8Array;
  return new Uint8Array(buffer, byteOffset, length);
}

function isDetached(buffer: ArrayBufferLike): boolean {
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}
