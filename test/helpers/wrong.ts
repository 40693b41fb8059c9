/**
 * What a call may be given by mistake: each kind of parameter, and everything that it is not.
 */
import { EBADF, EFAULT, EINVAL } from '../../src/kernel/errno.js';

/** A kind of parameter: a value of it that does no harm, and the errno of what is not of it. */
export interface Kind {
  readonly name: string;
  readonly errno: number;
  readonly harmless: () => unknown;
  /** An array of the right type that is too short by one. */
  readonly tooShort?: () => unknown;
}

function kind(name: string, errno: number, harmless: () => unknown): Kind {
  return { name, errno, harmless };
}

/** An array whose every byte is the same. */
function array(name: string, type: new (length: number) => ArrayBufferView, length: number): Kind {
  const harmless = () => {
    const view = new type(length);
    new Uint8Array(view.buffer).fill(7);
    return view;
  };
  return { name, errno: EFAULT, harmless, tooShort: () => new type(length - 1) };
}

/** Not open, and above every limit. */
const NO_DESCRIPTOR = 0x7ffffff0;
const POLLIN = 1;

export const fd = kind('descriptor', EBADF, () => -1);
export const int = (value: number) => kind('int', EINVAL, () => value);
export const offset = (value: number) => kind('offset', EINVAL, () => value);
export const size = (value: number) => kind('size', EINVAL, () => value);
export const word = kind('word', EINVAL, () => 0);
export const offsetPointer = kind('offset pointer', EFAULT, () => null);
export const memory = kind('memory', EFAULT, () => new Uint8Array(8));
export const bytes = kind('bytes', EFAULT, () => new Uint8Array(0));
export const bytesOrNull = kind('bytes or null', EFAULT, () => null);
export const intsOrNull = kind('ints or null', EFAULT, () => null);
export const vector = kind('vector', EFAULT, () => [new Uint8Array(8), new Uint8Array(8)]);
export const path = kind('path', EFAULT, () => '/nonexistent/sluice');
export const listener = kind('function', EINVAL, () => () => {});
export const alive = kind('boolean', EINVAL, () => true);
export const buffer = kind('view', EINVAL, () => new ArrayBuffer(8));
export const callName = kind('call', EINVAL, () => 'fsync');
export const parameters = kind('parameters', EINVAL, () => [-1]);
export const triples = kind('triples', EFAULT, () => Int32Array.of(NO_DESCRIPTOR, POLLIN, 0));
export const ints = (length: number) => array('ints', Int32Array, length);
export const words = (length: number) => array('words', BigInt64Array, length);
export const limit = array('limit', BigUint64Array, 2);

/** A thing that is right for the kinds in `fits` only, where Linux judges it. */
interface Wrong {
  readonly label: string;
  readonly make: () => unknown;
  readonly fits: readonly string[];
}

function wrong(label: string, make: () => unknown, ...fits: string[]): Wrong {
  return { label, make, fits };
}

const WHOLE = ['offset', 'size', 'word', 'offset pointer'];
const SIGNED = ['offset', 'word', 'offset pointer'];
const NULLABLE = ['bytes or null', 'ints or null', 'limit'];
const MEMORY = ['memory', 'bytes', 'bytes or null'];

const NUMBERS: readonly Wrong[] = [
  wrong('NaN', () => NaN),
  wrong('1.5', () => 1.5),
  wrong('Infinity', () => Infinity),
  wrong('-Infinity', () => -Infinity),
  wrong('-1', () => -1, 'descriptor', 'int', ...SIGNED),
  wrong('2^31', () => 2 ** 31, 'int', 'ticket', ...WHOLE),
  wrong('2^32', () => 2 ** 32, 'ticket', ...WHOLE),
  wrong('2^53', () => 2 ** 53, 'ticket', ...WHOLE),
  wrong('2^53+2', () => 2 ** 53 + 2),
  wrong('-2^53', () => -(2 ** 53), ...SIGNED),
  wrong('-1n', () => -1n, 'descriptor', 'int', ...SIGNED),
  wrong('2n^63-1', () => 2n ** 63n - 1n, 'ticket', ...WHOLE),
  wrong('2n^63', () => 2n ** 63n, 'word'),
  wrong('2n^64', () => 2n ** 64n),
  wrong('-2n^63-1', () => -(2n ** 63n) - 1n),
];

const VALUES: readonly Wrong[] = [
  wrong('undefined', () => undefined),
  wrong('null', () => null, 'offset pointer', ...NULLABLE),
  wrong('a string', () => 'wrong', 'path'),
  wrong('an empty string', () => '', 'path'),
  wrong('a boolean', () => true, 'boolean'),
  wrong('a symbol', () => Symbol('wrong')),
  wrong('a function', () => () => {}, 'function'),
  wrong('{}', () => ({})),
  wrong('{ valueOf }', () => ({ valueOf: () => 1, toString: () => '1' })),
  wrong('[]', () => [], 'vector', 'parameters'),
  wrong('a Date', () => new Date(0)),
  wrong('a proxy that throws', () => proxyThatThrows({})),
  wrong('a proxy of bytes', () => proxyThatThrows(new Uint8Array(8))),
];

/** A page has none unless it is isolated. */
const SHARED: readonly Wrong[] =
  'SharedArrayBuffer' in globalThis
    ? [wrong('a SharedArrayBuffer', () => new SharedArrayBuffer(64))]
    : [];

const BUFFERS: readonly Wrong[] = [
  wrong('detached bytes', () => detached(new Uint8Array(8))),
  wrong('detached ints', () => detached(new Int32Array(8))),
  wrong('bytes out of bounds', bytesOutOfBounds, 'path', ...MEMORY),
  wrong('an ArrayBuffer', () => new ArrayBuffer(64)),
  ...SHARED,
  wrong('a DataView', () => new DataView(new ArrayBuffer(64))),
  wrong('an Int8Array', () => new Int8Array(64)),
  wrong('a Uint8ClampedArray', () => new Uint8ClampedArray(64)),
  wrong('a Uint16Array', () => new Uint16Array(64)),
  wrong('a Uint32Array', () => new Uint32Array(64)),
  wrong('a Float64Array', () => new Float64Array(64)),
  wrong('an Int32Array of 0', () => new Int32Array(0), 'triples', 'ints or null'),
  wrong('a BigUint64Array of 1', () => new BigUint64Array(1)),
  wrong('a BigInt64Array of 0', () => new BigInt64Array(0)),
];

const LISTS: readonly Wrong[] = [
  wrong('[null]', () => [null], 'parameters'),
  wrong('a list with a hole', () => Array(2), 'parameters'),
  wrong('1025 buffers', () => Array(1025).fill(new Uint8Array(1)), 'vector', 'parameters'),
  wrong('a last element of the wrong kind', () => [new Uint8Array(8), 'x'], 'parameters'),
  wrong('an accessor that throws', () => withAccessor(fail), 'parameters'),
  wrong('an accessor that detaches the first', listThatDetaches, 'parameters'),
  wrong('an accessor that empties the list', listThatEmpties, 'parameters'),
  wrong('a proxy of a list', () => proxyThatThrows([new Uint8Array(8)])),
  wrong('a list of typed array kinds', () => [new Uint16Array(8)], 'parameters'),
];

export const WRONG: readonly Wrong[] = [...NUMBERS, ...VALUES, ...BUFFERS, ...LISTS];

/** The errno of this thing as this kind; undefined where Linux judges it. */
export function refusal(of: Kind, { fits }: Wrong, value: unknown): number | undefined {
  if (fits.includes(of.name)) return undefined;
  const isNumber = typeof value === 'number' || typeof value === 'bigint';
  return of === offsetPointer && isNumber ? EINVAL : of.errno;
}

function fail(): never {
  throw new Error('an accessor or a trap of the caller');
}

function proxyThatThrows(target: object): object {
  return new Proxy(target, { get: fail, has: fail, getPrototypeOf: fail, ownKeys: fail });
}

function detached(view: Uint8Array | Int32Array): unknown {
  structuredClone(view.buffer, { transfer: [view.buffer as ArrayBuffer] });
  return view;
}

/** A view whose buffer has shrunk below its first byte. */
function bytesOutOfBounds(): Uint8Array {
  const Resizable = ArrayBuffer as unknown as new (
    length: number,
    options: object,
  ) => ArrayBuffer & { resize(length: number): void };
  const shrinking = new Resizable(64, { maxByteLength: 64 });
  const view = new Uint8Array(shrinking, 32, 32);
  shrinking.resize(16);
  return view;
}

function withAccessor(get: () => unknown, list: unknown[] = [new Uint8Array(8), null]): unknown[] {
  return Object.defineProperty(list, list.length - 1, { get });
}

function listThatDetaches(): unknown[] {
  const first = new Uint8Array(8);
  return withAccessor(() => {
    detached(first);
    return new Uint8Array(8);
  }, [first, null]);
}

function listThatEmpties(): unknown[] {
  const list: unknown[] = [null, new Uint8Array(8)];
  return Object.defineProperty(list, 0, {
    configurable: true,
    get: () => {
      list.length = 1;
      return new Uint8Array(8);
    },
  });
}
