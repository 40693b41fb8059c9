import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { linux } from '../../../src/kernel/linux.js';
import * as sys from '../../../src/sys.js';
import { succeeds } from '../../helpers/claims.js';
import {
  ANONYMOUS,
  anonymous,
  areas,
  file,
  isMapped,
  PAGE,
  READ_WRITE,
} from '../../helpers/mappings.js';

const [major, minor] = process.versions.node.split('.').map(Number) as [number, number];

test('mmap: 5 GiB is a RangeError on Node 20 and a mapping elsewhere; nothing is leaked', () => {
  const fd = file(new Uint8Array(1));
  const length = 5 * 2 ** 30 + 1;
  succeeds(linux.ftruncate(fd, length), 0);
  const map = () => sys.mmap(null, length, READ_WRITE, sys.MAP_SHARED | sys.MAP_NORESERVE, fd, 0);
  if (major < 22) {
    assert.throws(map, { name: 'RangeError', code: 'ERR_OUT_OF_RANGE', message: /"length"/ });
    const small = anonymous(PAGE);
    const grow = () => sys.mremap(small, length, sys.MREMAP_MAYMOVE);
    assert.throws(grow, { name: 'RangeError', message: /"newLength"/ });
    assert.equal(small.byteLength, PAGE);
    sys.munmap(small);
  } else {
    const buffer = map();
    new Uint8Array(buffer)[length - 1] = 7;
    const last = new Uint8Array(1);
    sys.pread(fd, last, length - 1);
    assert.equal(last[0], 7);
    sys.munmap(buffer);
  }
  assert.equal(areas(), 0);
  sys.close(fd);
});

test('mmap: 33 GiB does not abort the process, whatever the V8', () => {
  const length = 33 * 2 ** 30;
  const flags = ANONYMOUS | sys.MAP_NORESERVE;
  const map = () => sys.mmap(null, length, READ_WRITE, flags, -1, 0);
  const holds = major >= 22 && major !== 25 && !(major === 26 && minor < 10);
  if (!holds) return assert.throws(map, RangeError);
  const buffer = map();
  new Uint8Array(buffer)[length - 1] = 7;
  sys.munmap(buffer);
});

test('mmap, munmap: 10^4 cycles leave no area behind', () => {
  const fd = file(new Uint8Array(PAGE));
  const before = readFileSync('/proc/self/maps', 'latin1').split('\n').length;
  for (let cycle = 0; cycle < 10_000; cycle++) {
    const buffer = sys.mmap(null, PAGE, READ_WRITE, sys.MAP_SHARED, fd, 0);
    if (cycle % 100 === 0) new Uint8Array(buffer)[0] = cycle;
    sys.munmap(buffer);
  }
  assert.equal(areas(), 0);
  const grown = readFileSync('/proc/self/maps', 'latin1').split('\n').length - before;
  assert.ok(grown < 200, `areas of the process grew by ${grown}`);
  sys.close(fd);
});

test('mmap: a mapping outlives the worker that made it', async () => {
  const module = JSON.stringify(new URL('../../../src/sys.js', import.meta.url).href);
  const source = `
    const { parentPort } = require('node:worker_threads');
    import(${module}).then((sys) => {
      const buffer = sys.mmap(null, 4096, 3, ${ANONYMOUS}, -1, 0);
      new Uint8Array(buffer)[0] = 42;
      parentPort.postMessage(sys.addressOf(buffer));
    });`;
  const worker = new Worker(source, { eval: true });
  const address = await new Promise<number>((resolve) => worker.once('message', resolve));
  await worker.terminate();
  const byte = new Uint8Array(1);
  succeeds(linux.load(address, byte), 1);
  assert.equal(byte[0], 42);
  succeeds(linux.munmap(address, 4096), 0);
});

test('mmap: a mapping outlives its collected buffer', () => {
  setFlagsFromString('--expose-gc');
  const address = sys.addressOf(anonymous(PAGE));
  for (let round = 0; round < 3; round++) runInNewContext('gc')();
  isMapped(address);
  succeeds(linux.munmap(address, PAGE), 0);
});
