/** What the rows need of node:assert/strict, for a browser. */

class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

export default {
  ok,
  fail,
  equal: (actual: unknown, expected: unknown, why?: string) =>
    ok(Object.is(actual, expected), why ?? `${show(actual)} is not ${show(expected)}`),
  notEqual: (actual: unknown, expected: unknown, why?: string) =>
    ok(!Object.is(actual, expected), why ?? `${show(actual)} is what it should not be`),
  deepEqual: (actual: unknown, expected: unknown, why?: string) =>
    ok(isAlike(actual, expected), `${why ?? 'not alike'}: ${show(actual)}, ${show(expected)}`),
  doesNotMatch: (text: string, pattern: RegExp) => ok(!pattern.test(text), `${text} is ${pattern}`),
  match: (text: string, pattern: RegExp) => ok(pattern.test(text), `${text} is not ${pattern}`),
  async rejects(deed: Promise<unknown> | (() => Promise<unknown>), pattern = /(?:)/) {
    const promise = typeof deed === 'function' ? deed() : deed;
    const outcome = await promise.then(
      () => undefined,
      (error: unknown) => ({ error: String(error) }),
    );
    if (outcome === undefined) fail('it was not rejected');
    else ok(pattern.test(outcome.error), `${outcome.error} is not ${pattern}`);
  },
};

function ok(value: unknown, why = `${show(value)} is not true`): asserts value {
  if (!value) fail(why);
}

function fail(why: string): never {
  throw new AssertionError(why);
}

/** Strictly: classes too, as node:assert/strict has it. */
function isAlike(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Set || a instanceof Map) return isAlike([...a], [...(b as Iterable<unknown>)]);
  const keys = Reflect.ownKeys(a);
  if (keys.length !== Reflect.ownKeys(b).length) return false;
  const [left, right] = [a, b] as Record<string | symbol, unknown>[];
  return keys.every((key) => key in b && isAlike(left?.[key], right?.[key]));
}

function show(value: unknown): string {
  if (ArrayBuffer.isView(value)) return `[${String(value).slice(0, 200)}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  return JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `${part}n` : part));
}
