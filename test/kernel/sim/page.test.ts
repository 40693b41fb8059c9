import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PAGE_SIZE, Pages } from '../../../src/kernel/sim/page.js';
import { Ring } from '../../../src/kernel/sim/pipe/ring.js';

test('pages: the last reference gives the page to the next taker', () => {
  const pages = new Pages();
  const page = pages.take();
  page.bytes.fill(7);
  pages.release(pages.share(page));
  assert.deepEqual([page.references, pages.used], [1, 1]);
  pages.release(page);
  assert.equal(pages.used, 0);
  const next = pages.takeZeroed();
  assert.equal(next, page);
  assert.deepEqual(next.bytes, new Uint8Array(PAGE_SIZE));
});

test('pages: a reference too few is seen', () => {
  const pages = new Pages();
  const page = pages.take();
  pages.release(page);
  assert.throws(() => pages.release(page), /released more often/);
  assert.throws(() => pages.share(page), /without references/);
});

test('ring: first in, first out, however it grows', () => {
  const ring = new Ring<number>();
  let taken = 0;
  let put = 0;
  for (let round = 0; round < 200; round++) {
    for (let count = 0; count < 7; count++) ring.push(put++);
    assert.equal(ring.last, put - 1);
    for (let count = 0; count < 4; count++) assert.equal(ring.shift(), taken++);
    assert.deepEqual([ring.at(0), ring.count], [taken, put - taken]);
  }
});
