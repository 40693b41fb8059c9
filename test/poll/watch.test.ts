import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Watcher } from '../../src/fd/runtime.js';
import { EPERM } from '../../src/kernel/errno.js';
import * as f from '../../src/kernel/flags.js';
import { linux } from '../../src/kernel/linux.js';
import { failsWith, succeeds } from '../helpers/claims.js';
import { turns } from '../helpers/turns.js';
import {
  allDelivered,
  bench,
  close,
  fill,
  isClosed,
  pipe,
  put,
  READABLE,
  socketPair,
  take,
  WRITABLE,
} from './bench.js';

/** A watcher that writes down what it is told. */
function noting(): Watcher & { readonly told: number[]; ended: Error | undefined } {
  return {
    told: [],
    ended: undefined,
    ready(interests) {
      this.told.push(interests);
    },
    forgotten(error) {
      this.ended = error();
    },
  };
}

test('watch() tells of every edge, for one epoll_ctl', async () => {
  const { poller, count } = bench();
  const [reader, writer] = pipe();
  const watcher = noting();
  succeeds(poller.watch(reader, READABLE, watcher), 0);
  for (let round = 1; round <= 10; round++) {
    put(writer);
    await allDelivered(poller);
    assert.equal(watcher.told.length, round);
    take(reader);
  }
  poller.forget(reader);
  assert.equal(count('epoll_ctl'), 1 + 2 * 10 + 1);
  close(reader, writer);
});

test('a watched number that has become a regular file tells its watcher', async () => {
  const { poller } = bench();
  const [reader, writer] = pipe();
  const watcher = noting();
  succeeds(poller.watch(reader, READABLE, watcher), 0);
  const file = succeeds(linux.openat(f.AT_FDCWD, 'package.json', f.O_CLOEXEC, 0));
  succeeds(linux.dup2(file, reader), reader);
  await poller.wait(reader, WRITABLE);
  assert.equal((watcher.ended as NodeJS.ErrnoException | undefined)?.code, 'EPERM');
  poller.forget(reader);
  close(reader, writer, file);
});

test('watch() again asks for more, and reports what is ready once more', async () => {
  const { poller } = bench();
  const [left, right] = socketPair();
  const watcher = noting();
  succeeds(poller.watch(left, READABLE, watcher), 0);
  await turns(5);
  assert.deepEqual(watcher.told, []);
  succeeds(poller.watch(left, READABLE | WRITABLE, watcher), 0);
  await allDelivered(poller);
  assert.deepEqual(watcher.told, [WRITABLE]);
  poller.forget(left);
  close(left, right);
});

test('forget() ends a watch with ERR_SLUICE_CLOSED, and nothing is told after it', async () => {
  const { poller } = bench();
  const [reader, writer] = pipe();
  const watcher = noting();
  poller.watch(reader, READABLE, watcher);
  put(writer);
  poller.forget(reader);
  await allDelivered(poller);
  assert.deepEqual(watcher.told, []);
  assert.equal((watcher.ended as NodeJS.ErrnoException | undefined)?.code, 'ERR_SLUICE_CLOSED');
  close(reader, writer);
});

test('a watcher may forget the others of its batch, whose events are dropped', async () => {
  const { poller, count } = bench();
  const pairs = Array.from({ length: 40 }, () => pipe());
  let told = 0;
  for (const [reader] of pairs) {
    const watcher: Watcher = {
      ready() {
        told++;
        for (const [other] of pairs) poller.forget(other);
      },
      forgotten() {},
    };
    succeeds(poller.watch(reader, READABLE, watcher), 0);
  }
  for (const [, writer] of pairs) put(writer);
  await allDelivered(poller);
  assert.equal(told, 1);
  assert.equal(count('epoll_create1'), 1, 'these are no stale events');
  for (const pair of pairs) close(...pair);
});

test('waits and a watch of one descriptor are both told', async () => {
  const { poller } = bench();
  const [left, right] = socketPair();
  const watcher = noting();
  poller.watch(left, READABLE, watcher);
  const reading = poller.wait(left, READABLE);
  put(right);
  await reading;
  assert.deepEqual(watcher.told, [READABLE]);
  take(left);
  fill(left);
  const writing = poller.wait(left, WRITABLE);
  poller.forget(left);
  await isClosed(writing);
  close(left, right);
});

test('urgent data is among the events of a watch', async () => {
  const { poller } = bench();
  const [left, right] = socketPair();
  let all = 0;
  const watcher: Watcher = {
    ready(_interests, events) {
      all |= events;
    },
    forgotten() {},
  };
  poller.watch(left, READABLE, watcher);
  linux.send(right, Uint8Array.of(1), f.MSG_OOB);
  await allDelivered(poller);
  assert.notEqual(all & f.EPOLLPRI, 0);
  poller.forget(left);
  close(left, right);
});

test('F4b: what epoll refuses cannot be watched', () => {
  const { poller } = bench();
  const file = succeeds(linux.memfd_create('file', f.MFD_CLOEXEC));
  const watcher = noting();
  failsWith(poller.watch(file, READABLE, watcher), EPERM);
  poller.forget(file);
  assert.equal(watcher.ended, undefined);
  close(file);
});
