import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { formatPath, parseTarget } from '../../src/cli/serve/paths.js';
import { TRAVERSALS } from './traversals.js';

const PLAIN = /^[^./\\\p{Cc}][^/\\\p{Cc}]*$/u;

test('parseTarget() decodes once and splits', () => {
  const read = (target: string) => parseTarget(target);
  assert.deepEqual(read('/'), { names: [], directory: true, query: '' });
  assert.deepEqual(read('/a/b'), { names: ['a', 'b'], directory: false, query: '' });
  assert.deepEqual(read('/a/?x=/../'), { names: ['a'], directory: true, query: '?x=/../' });
  assert.deepEqual(read('/%25%32%66'), { names: ['%2f'], directory: false, query: '' });
  assert.deepEqual(read('/%C3%A9%20%3F'), { names: ['é ?'], directory: false, query: '' });
  assert.deepEqual(read('http://h:1/a'), { names: ['a'], directory: false, query: '' });
  assert.deepEqual(read('http://h'), { names: [], directory: true, query: '' });
});

for (const { id, target, status } of TRAVERSALS) {
  test(`H5 ${id}: ${JSON.stringify(target)} is ${status}`, () => {
    assert.deepEqual(parseTarget(target), { status });
  });
}

test('H5: whatever is decoded, every name is an entry of its directory', () => {
  const piece = fc.constantFrom(...'/ \\ . .. %2e %2f %5c %00 %0a %7f a %25 %c0%af ? #'.split(' '));
  const target = fc.array(piece, { maxLength: 8 }).map((pieces) => `/${pieces.join('')}`);
  fc.assert(
    fc.property(target, (text) => {
      const path = parseTarget(text);
      if ('status' in path) return;
      for (const name of path.names) assert.match(name, PLAIN);
    }),
    { numRuns: 20_000, seed: 1 },
  );
});

test('H5 CVE-2015-1164 CVE-2021-28861: a path is never written with two slashes in front', () => {
  const name = fc.string({ minLength: 1, unit: 'grapheme' });
  fc.assert(
    fc.property(fc.array(name), fc.boolean(), (names, directory) => {
      assert.match(formatPath(names, directory), /^\/(?![/\\])[\x21-\x7e]*$/);
    }),
    { seed: 1 },
  );
});

test('formatPath() and parseTarget() are inverses', () => {
  const name = fc.string({ minLength: 1, unit: 'grapheme' }).filter((text) => PLAIN.test(text));
  fc.assert(
    fc.property(fc.array(name, { minLength: 1 }), fc.boolean(), (names, directory) => {
      const path = parseTarget(formatPath(names, directory));
      assert.deepEqual(path, { names, directory, query: '' });
    }),
    { seed: 1 },
  );
});
