const PLAIN: readonly (() => unknown)[] = [
  ...[undefined, null, true, false, '', 'text', '\0', NaN, Infinity, -Infinity, -0, 0.5, 1e300],
  ...[-1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, 2 ** 53, 2 ** 53 + 2],
  ...[-(2 ** 31), -(2 ** 31) - 1, -(2 ** 53), -(2 ** 63), 0n, -1n, 2n ** 31n, 2n ** 63n - 1n],
  ...[2n ** 63n, 2n ** 64n - 1n, 2n ** 64n, -(2n ** 63n), -(2n ** 63n) - 1n, 2n ** 200n],
].map((value) => () => value);

const MADE: readonly (() => unknown)[] = [
  () => Symbol('edge'),
  () => () => 0,
  () => ({}),
  () => ({ fd: 0, length: 8, 0: 1 }),
  () => [],
  () => new Date(0),
  () => new Uint8Array(0),
  () => detached(new Uint8Array(8)),
  () => detached(new Int32Array(8)),
  () => detached(new BigUint64Array(2)),
  () => detached(new BigInt64Array(32)),
  () => new ArrayBuffer(8),
  () => detached(new Uint8Array(8)).buffer,
  () => new SharedArrayBuffer(8),
  () => new Uint8Array(new SharedArrayBuffer(8)),
  () => new DataView(new ArrayBuffer(8)),
  () => new Int8Array(8),
  () => new Uint8ClampedArray(8),
  () => new Uint16Array(8),
  () => new Float64Array(8),
  () => new Int32Array(0),
  () => new Int32Array(1),
  () => new Uint32Array(64),
  () => new BigInt64Array(0),
  () => new BigInt64Array(4),
  () => new BigUint64Array(1),
  () => Buffer.alloc(0),
  () => outOfBounds(),
  () => new Proxy(new Uint8Array(8), {}),
  () => new Proxy([new Uint8Array(8)], {}),
  () => revoked([]),
  () => revoked({}),
  () => throwing({}),
  () => throwing([0, 1]),
  () => sparse(2 ** 32 - 1),
  () => sparse(1024),
  () => Array.from({ length: 1025 }, () => new Uint8Array(1)),
  () => detachingArray(),
];

/** Every wrong type, and what is at the end of each range. Each value is made anew. */
export const EDGES: readonly (() => unknown)[] = [...PLAIN, ...MADE];

/** The whole number that a value is, as far as a double goes. */
export function integerOf(value: unknown): number | undefined {
  if (typeof value === 'bigint') return Number(value);
  return typeof value === 'number' && Number.isInteger(value) ? value : undefined;
}

function detached<T extends ArrayBufferView>(view: T): T {
  structuredClone(view.buffer, { transfer: [view.buffer as ArrayBuffer] });
  return view;
}

/** A view whose buffer became too short for it. */
function outOfBounds(): Uint8Array {
  const Resizable = ArrayBuffer as unknown as new (
    length: number,
    options: { maxByteLength: number },
  ) => ArrayBuffer & { resize(length: number): void };
  const buffer = new Resizable(16, { maxByteLength: 32 });
  const view = new Uint8Array(buffer, 8, 8);
  buffer.resize(4);
  return view;
}

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

/** Whoever looks into it, or converts it, gets an exception. */
function throwing(target: object): object {
  const fail = () => {
    throw new Error('looked at');
  };
  return new Proxy(target, { get: fail, has: fail, ownKeys: fail, getPrototypeOf: fail });
}

function sparse(length: number): unknown[] {
  const array: unknown[] = [];
  array.length = length;
  return array;
}

/** While its elements are read, one takes the memory of the other away. */
function detachingArray(): unknown[] {
  const first = new Uint8Array(1024);
  const array: unknown[] = [first, null];
  Object.defineProperty(array, 1, { get: () => detached(first) });
  return array;
}
