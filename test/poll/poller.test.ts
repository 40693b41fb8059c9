import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { EMFILE, ENOSYS } from '../../src/kernel/errno.js';
import * as f from '../../src/kernel/flags.js';
import { succeeds } from '../helpers/claims.js';
import { throughThread } from '../helpers/doors.js';
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
  states,
  take,
  WRITABLE,
  watched,
} from './bench.js';

test('wait() resolves when bytes arrive, not before', async () => {
  const { poller } = bench();
  const [reader, writer] = pipe();
  const wait = watched(poller.wait(reader, READABLE));
  await turns(20);
  assert.deepEqual(states(wait), ['pending']);
  put(writer);
  await poller.wait(reader, READABLE);
  assert.deepEqual(states(wait), ['ready']);
  poller.forget(reader);
  close(reader, writer);
});

test('wait() for room resolves when the reader takes a page', async () => {
  const { kernel, poller } = bench();
  const [reader, writer] = pipe();
  fill(writer);
  const wait = poller.wait(writer, WRITABLE);
  succeeds(kernel.read(reader, new Uint8Array(4096)), 4096);
  await wait;
  poller.forget(writer);
  close(reader, writer);
});

test('wait() again after a refusal, a hundred times, costs one epoll_ctl', async () => {
  const { poller, count } = bench();
  const [reader, writer] = pipe();
  for (let round = 0; round < 100; round++) {
    const wait = poller.wait(reader, READABLE);
    put(writer);
    await wait;
    take(reader);
  }
  assert.equal(count('epoll_ctl'), 1);
  assert.equal(count('epoll_create1'), 1);
  poller.forget(reader);
  close(reader, writer);
});

test('wait() to read and to write the same socket are independent', async () => {
  const { kernel, poller } = bench();
  const [left, right] = socketPair();
  const filled = fill(left);
  const reading = watched(poller.wait(left, READABLE));
  const writing = watched(poller.wait(left, WRITABLE));
  await turns(10);
  assert.deepEqual(states(reading, writing), ['pending', 'pending']);
  put(right);
  await poller.wait(left, READABLE);
  assert.deepEqual(states(reading, writing), ['ready', 'pending']);
  const room = poller.wait(left, WRITABLE);
  for (let n = 0; n < filled; ) n += succeeds(kernel.read(right, new Uint8Array(65536)));
  await room;
  assert.deepEqual(states(reading, writing), ['ready', 'ready']);
  poller.forget(left);
  close(left, right);
});

test('wait() by several on one interest: all are woken', async () => {
  const { poller } = bench();
  const [reader, writer] = pipe();
  const waits = [1, 2, 3].map(() => poller.wait(reader, READABLE));
  put(writer);
  await Promise.all(waits);
  poller.forget(reader);
  close(reader, writer);
});

test('wait() ends for both interests when the peer is gone', async () => {
  const { poller } = bench();
  const [reader, writer] = pipe();
  const [otherReader, otherWriter] = pipe();
  const [left, right] = socketPair();
  for (const fd of [otherWriter, left]) fill(fd);
  const waits = [
    poller.wait(reader, READABLE),
    poller.wait(otherWriter, WRITABLE),
    poller.wait(left, READABLE),
    poller.wait(left, WRITABLE),
  ];
  close(writer, otherReader, right);
  await Promise.all(waits);
  for (const fd of [reader, otherWriter, left]) poller.forget(fd);
  close(reader, otherWriter, left);
});

test('wait() for readable ends when the peer half-closes', async () => {
  const { kernel, poller } = bench();
  const [left, right] = socketPair();
  const wait = poller.wait(left, READABLE);
  succeeds(kernel.shutdown(right, f.SHUT_WR), 0);
  await wait;
  poller.forget(left);
  close(left, right);
});

test('an edge that came while only the other interest was waited for is not lost', async () => {
  const { kernel, poller } = bench();
  const [left, right] = socketPair();
  await poller.wait(left, WRITABLE);
  const reading = watched(poller.wait(left, READABLE));
  let filled = fill(left);
  while (filled > 0) filled -= succeeds(kernel.read(right, new Uint8Array(65536)));
  await allDelivered(poller);
  await poller.wait(left, WRITABLE);
  assert.deepEqual(states(reading), ['pending']);
  put(right);
  await poller.wait(left, READABLE);
  poller.forget(left);
  close(left, right);
});

test('an edge that came between the refusal and the wait is not lost', async () => {
  const { poller } = bench();
  const [reader, writer] = pipe();
  const first = poller.wait(reader, READABLE);
  put(writer);
  await first;
  take(reader);
  put(writer);
  await turns(20);
  await poller.wait(reader, READABLE);
  poller.forget(reader);
  close(reader, writer);
});

test('more events than one call takes up are all delivered', async () => {
  const { kernel, poller, count } = bench();
  const fds = Array.from({ length: 600 }, () => succeeds(kernel.eventfd(0, f.EFD_NONBLOCK)));
  const waits = fds.map((fd) => poller.wait(fd, READABLE));
  for (const fd of fds) succeeds(kernel.write(fd, Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0)), 8);
  await Promise.all(waits);
  assert.ok(count('epoll_wait') >= 2);
  for (const fd of fds) poller.forget(fd);
  close(...fds);
});

test('forget() rejects the waits with ERR_SLUICE_CLOSED', async () => {
  const { poller } = bench();
  const [left, right] = socketPair();
  fill(left);
  const waits = [poller.wait(left, READABLE), poller.wait(left, WRITABLE)];
  poller.forget(left);
  for (const wait of waits) await isClosed(wait);
  close(left, right);
});

test('F1: forget() of unknown numbers, and twice, touches nothing', async () => {
  const { poller, count } = bench();
  const [reader, writer] = pipe();
  poller.forget(reader);
  poller.forget(-1);
  assert.equal(count('epoll_ctl'), 0);
  const wait = poller.wait(reader, READABLE);
  poller.forget(reader);
  poller.forget(reader);
  await isClosed(wait);
  assert.equal(count('epoll_ctl'), 2);
  assert.equal(count('close'), 0);
  close(reader, writer);
});

test('F5: no flag of a description is changed', async () => {
  const { kernel, poller, count } = bench();
  const fds = new Int32Array(2);
  succeeds(kernel.pipe2(f.O_CLOEXEC, fds), 0);
  const [reader, writer] = [...fds] as [number, number];
  const wait = poller.wait(reader, READABLE);
  put(writer);
  await wait;
  assert.equal(count('fcntl'), 0);
  assert.equal(kernel.fcntl(reader, f.F_GETFL) & f.O_NONBLOCK, 0);
  poller.forget(reader);
  close(reader, writer);
});

test('an abort rejects with an AbortError and leaves nothing behind', async () => {
  const { poller } = bench();
  const [reader, writer] = pipe();
  const controller = new AbortController();
  const other = watched(poller.wait(reader, READABLE));
  const wait = poller.wait(reader, READABLE, controller.signal);
  const reason = new Error('enough');
  controller.abort(reason);
  await assert.rejects(wait, { name: 'AbortError', code: 'ABORT_ERR', cause: reason });
  await assert.rejects(poller.wait(reader, READABLE, controller.signal), { cause: reason });
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
  assert.deepEqual(states(other), ['pending']);
  put(writer);
  await poller.wait(reader, READABLE);
  assert.deepEqual(states(other), ['ready']);
  poller.forget(reader);
  close(reader, writer);
});

test('a wait that is over no longer listens to its signal', async () => {
  const { poller } = bench();
  const [reader, writer] = pipe();
  const { signal } = new AbortController();
  const wait = poller.wait(reader, READABLE, signal);
  assert.equal(getEventListeners(signal, 'abort').length, 1);
  put(writer);
  await wait;
  assert.equal(getEventListeners(signal, 'abort').length, 0);
  const second = poller.wait(reader, READABLE, signal);
  poller.forget(reader);
  await isClosed(second);
  assert.equal(getEventListeners(signal, 'abort').length, 0);
  close(reader, writer);
});

test('F4b: what epoll refuses is always ready, in a later turn', async () => {
  const { kernel, poller } = bench();
  const open = (path: string) => succeeds(kernel.openat(f.AT_FDCWD, path, f.O_CLOEXEC, 0));
  for (const path of ['package.json', '/dev/null', '/dev/full']) {
    const fd = open(path);
    const wait = watched(poller.wait(fd, READABLE));
    for (let microtask = 0; microtask < 20; microtask++) await null;
    assert.deepEqual(states(wait), ['pending']);
    await poller.wait(fd, WRITABLE);
    assert.deepEqual(states(wait), ['ready']);
    const waits = [poller.wait(fd, READABLE), poller.wait(fd, READABLE, AbortSignal.abort())];
    poller.forget(fd);
    await isClosed(waits[0] as Promise<void>);
    await assert.rejects(waits[1] as Promise<void>, { name: 'AbortError' });
    close(fd);
  }
});

test('a descriptor that is not open rejects with EBADF', async () => {
  const { poller } = bench();
  const expected = { code: 'EBADF', syscall: 'epoll_ctl', fd: -1 };
  await assert.rejects(poller.wait(-1, READABLE), expected);
});

test('without an epoll descriptor or a watch the wait rejects, and the next may do', async () => {
  for (const [call, errno, code] of [
    ['epoll_create1', EMFILE, 'EMFILE'],
    ['watch', ENOSYS, 'ENOSYS'],
  ] as const) {
    let failing = true;
    const { poller, count } = bench((name) => (failing && name === call ? -errno : undefined));
    const [reader, writer] = pipe();
    await assert.rejects(poller.wait(reader, READABLE), { code, syscall: call });
    failing = false;
    put(writer);
    await poller.wait(reader, READABLE);
    assert.equal(count('close'), call === 'watch' ? 1 : 0);
    poller.forget(reader);
    close(reader, writer);
  }
});

throughThread(import.meta.url);
