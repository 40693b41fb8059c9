import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KINDS, type Kind, type Method, route } from '../../src/flow/route.js';

const READ_WRITE: Method[] = ['read-write'];
const FROM_FILE: Readonly<Record<Kind, Method[]>> = {
  file: ['copy_file_range', 'sendfile', 'read-write'],
  memory: ['copy_file_range', 'sendfile', 'read-write'],
  virtual: READ_WRITE,
  block: ['sendfile', 'read-write'],
  pipe: ['sendfile', 'splice', 'read-write'],
  tcp: ['sendfile', 'read-write'],
  unix: ['sendfile', 'read-write'],
  terminal: READ_WRITE,
  device: ['sendfile', 'read-write'],
  other: READ_WRITE,
};
const FROM_SOCKET: Readonly<Record<Kind, Method[]>> = {
  file: ['splice-pipe', 'read-write'],
  memory: ['splice-pipe', 'read-write'],
  virtual: READ_WRITE,
  block: ['splice-pipe', 'read-write'],
  pipe: ['splice', 'read-write'],
  tcp: ['splice-pipe', 'read-write'],
  unix: ['splice-pipe', 'read-write'],
  terminal: READ_WRITE,
  device: ['splice-pipe', 'read-write'],
  other: READ_WRITE,
};
const FROM_PIPE: Readonly<Record<Kind, Method[]>> = {
  file: ['splice', 'read-write'],
  memory: ['splice', 'read-write'],
  virtual: READ_WRITE,
  block: ['splice', 'read-write'],
  pipe: ['splice', 'read-write'],
  tcp: ['splice', 'read-write'],
  unix: ['splice', 'read-write'],
  terminal: READ_WRITE,
  device: ['splice', 'read-write'],
  other: READ_WRITE,
};

/** The whole table, source by source. */
const ALL: Readonly<Partial<Record<Kind, Readonly<Record<Kind, Method[]>>>>> = {
  file: FROM_FILE,
  memory: FROM_FILE,
  block: { ...FROM_FILE, file: ['sendfile', 'read-write'], memory: ['sendfile', 'read-write'] },
  pipe: FROM_PIPE,
  tcp: FROM_SOCKET,
  unix: FROM_SOCKET,
};

for (const source of KINDS) {
  test(`route() from ${source} to each kind`, () => {
    for (const target of KINDS) {
      const ladder = route({ kind: source, blocking: false }, { kind: target, blocking: false });
      assert.deepEqual(ladder, ALL[source]?.[target] ?? READ_WRITE, `to ${target}`);
    }
  });
}

test('route() where one of the two may wait for ever is read and write', () => {
  for (const source of KINDS) {
    for (const target of KINDS) {
      for (const blocking of [
        [true, false],
        [false, true],
        [true, true],
      ] as const) {
        const ends = [source, target].map((kind, n) => ({ kind, blocking: blocking[n] === true }));
        assert.deepEqual(route(...(ends as [never, never])), READ_WRITE);
      }
    }
  }
});

test('route() ends with what always works, and has nothing twice', () => {
  for (const source of KINDS) {
    for (const target of KINDS) {
      const ladder = route({ kind: source, blocking: false }, { kind: target, blocking: false });
      assert.equal(ladder.at(-1), 'read-write');
      assert.equal(new Set(ladder).size, ladder.length);
    }
  }
});
