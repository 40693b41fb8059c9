import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { type Part, selectPart } from '../../src/cli/serve/ranges.js';

type Selected = Part | 'whole' | 'unsatisfiable';

const part = (offset: number, length: number): Part => ({ offset, length });

const TABLE: readonly [string, number, Selected][] = [
  ['bytes=0-0', 20, part(0, 1)],
  ['bytes=5-9', 20, part(5, 5)],
  ['bytes=5-', 20, part(5, 15)],
  ['bytes=-8', 20, part(12, 8)],
  ['bytes=-500', 20, part(0, 20)],
  ['bytes=-0', 20, 'unsatisfiable'],
  ['bytes=19-', 20, part(19, 1)],
  ['bytes=20-', 20, 'unsatisfiable'],
  ['bytes=0-999', 20, part(0, 20)],
  ['bytes=5-2', 20, 'whole'],
  ['bytes=5-2,0-1', 20, 'whole'],
  ['bytes=-', 20, 'whole'],
  ['bytes=', 20, 'whole'],
  ['bytes=a-b', 20, 'whole'],
  ['bytes=0x1-2', 20, 'whole'],
  ['bytes=+1-2', 20, 'whole'],
  ['bytes=1.0-2', 20, 'whole'],
  ['bytes=--1', 20, 'whole'],
  ['bytes=1--1', 20, 'whole'],
  ['bytes 0-1', 20, 'whole'],
  ['items=0-1', 20, 'whole'],
  ['none', 20, 'whole'],
  ['BYTES=0-1', 20, part(0, 2)],
  ['bytes=0-1,3-4', 20, 'whole'],
  ['bytes=0-1,2-4', 20, part(0, 5)],
  ['bytes=3-9 , 0-4', 20, part(0, 10)],
  ['bytes=0-1,30-', 20, part(0, 2)],
  ['bytes=20-,30-', 20, 'unsatisfiable'],
  ['bytes=0-', 0, 'whole'],
  ['bytes=-1', 0, 'whole'],
  ['bytes=0-18446744073709551615', 20, part(0, 20)],
  ['bytes=18446744073709551615-18446744073709551616', 20, 'unsatisfiable'],
  ['bytes=-9223372036854775808', 20, part(0, 20)],
  [`bytes=${'9'.repeat(400)}-`, 20, 'unsatisfiable'],
  [`bytes=-${'9'.repeat(400)}`, 20, part(0, 20)],
  ['bytes=4294967296-4294967297', 2 ** 33, part(2 ** 32, 2)],
];

for (const [header, size, expected] of TABLE) {
  const shown = header.length > 60 ? `${header.slice(0, 50)}…` : header;
  test(`H4: '${shown}' of ${size} bytes`, () => {
    assert.deepEqual(selectPart(header, size), expected);
  });
}

/** RFC 9110 §14.1.1 by a bitmap: what is asked is marked byte by byte. */
function model(header: string, size: number): Selected {
  const [unit, set, ...more] = header.split('=');
  if (size === 0 || unit?.toLowerCase() !== 'bytes' || more.length > 0) return 'whole';
  if (set === undefined || set !== set.trim()) return 'whole';
  const specs = set.split(',').map((spec) => spec.replace(/^[ \t]+|[ \t]+$/g, ''));
  if (specs.length > 16) return 'whole';
  const asked = new Array<boolean>(size).fill(false);
  for (const spec of specs) {
    const digits = spec.split('-');
    if (digits.length !== 2 || !/^[0-9]*$/.test(digits.join(''))) return 'whole';
    const [first, last] = digits.map((text) => (text === '' ? undefined : BigInt(text)));
    if (first === undefined && last === undefined) return 'whole';
    if (first !== undefined && last !== undefined && last < first) return 'whole';
    for (let byte = 0; byte < size; byte++) {
      const at = BigInt(byte);
      const inside =
        first === undefined
          ? BigInt(size) - at <= (last as bigint)
          : at >= first && (last === undefined || at <= last);
      if (inside) asked[byte] = true;
    }
  }
  const offset = asked.indexOf(true);
  const end = asked.lastIndexOf(true);
  if (offset < 0) return 'unsatisfiable';
  return asked.slice(offset, end).includes(false) ? 'whole' : part(offset, end - offset + 1);
}

const number = fc.oneof(
  fc.nat(40).map(String),
  fc.nat(40).map((n) => `00${n}`),
  fc.bigInt({ min: 0n, max: 2n ** 70n }).map(String),
  fc.constant(''),
);
const spec = fc.tuple(number, number).map(([first, last]) => `${first}-${last}`);
const separator = fc.constantFrom(',', ', ', ' ,', '\t,\t', ',,');
const valid = fc
  .tuple(fc.array(spec, { minLength: 1, maxLength: 20 }), separator)
  .map(([specs, comma]) => `bytes=${specs.join(comma)}`);
const noise = fc.string({ unit: fc.constantFrom(...'bytes=0123456789-, \t'), maxLength: 30 });

test('H4: 60 000 headers are read as by a bitmap', () => {
  const header = fc.oneof(
    { weight: 6, arbitrary: valid },
    { weight: 2, arbitrary: spec.map((one) => `bytes=${one}`) },
    { weight: 1, arbitrary: noise },
    { weight: 1, arbitrary: noise.map((text) => `bytes=${text}`) },
  );
  fc.assert(
    fc.property(header, fc.nat(40), (text, size) => {
      assert.deepEqual(selectPart(text.trim(), size), model(text.trim(), size));
    }),
    { numRuns: 60_000, seed: 1 },
  );
});

test('H3 CVE-2025-62727 CVE-2011-3192: a hundred thousand ranges are not worth reading', () => {
  const many = Array.from({ length: 100_000 }, (_, index) => `${index}-`).join(',');
  assert.equal(selectPart(`bytes=${many}`, 200_000), 'whole');
  assert.equal(selectPart(`bytes=0-${','.repeat(100_000)}`, 200_000), 'whole');
  assert.equal(selectPart(`bytes=0-${' '.repeat(100_000)}x`, 200_000), 'whole');
});
