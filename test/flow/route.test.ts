import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KINDS, type Kind, type Method, route } from '../../src/flow/route.js';

const ALL: Readonly<Record<Kind, Readonly<Record<Kind, Method[]>>>> = {
  file: {
    file: ['copy_file_range', 'sendfile', 'read-write'],
    pipe: ['sendfile', 'splice', 'read-write'],
    socket: ['sendfile', 'read-write'],
    device: ['sendfile', 'read-write'],
    other: ['sendfile', 'read-write'],
  },
  device: {
    file: ['sendfile', 'read-write'],
    pipe: ['sendfile', 'splice', 'read-write'],
    socket: ['sendfile', 'read-write'],
    device: ['sendfile', 'read-write'],
    other: ['sendfile', 'read-write'],
  },
  pipe: {
    file: ['splice', 'read-write'],
    pipe: ['splice', 'read-write'],
    socket: ['splice', 'read-write'],
    device: ['splice', 'read-write'],
    other: ['splice', 'read-write'],
  },
  socket: {
    file: ['splice-pipe', 'read-write'],
    pipe: ['splice', 'read-write'],
    socket: ['splice-pipe', 'read-write'],
    device: ['splice-pipe', 'read-write'],
    other: ['splice-pipe', 'read-write'],
  },
  other: {
    file: ['read-write'],
    pipe: ['splice', 'read-write'],
    socket: ['read-write'],
    device: ['read-write'],
    other: ['read-write'],
  },
};

for (const source of KINDS) {
  for (const target of KINDS) {
    test(`route() from ${source} to ${target}`, () => {
      assert.deepEqual(route(source, target), ALL[source][target]);
    });
  }
}
