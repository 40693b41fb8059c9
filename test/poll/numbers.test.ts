/**
 * F4: epoll knows open file descriptions, while a number goes from one of them to the next.
 */
import assert from 'node:assert/strict';
import process from 'node:process';
import { test } from 'node:test';
import { EMFILE } from '../../src/kernel/errno.js';
import * as f from '../../src/kernel/flags.js';
import { succeeds } from '../helpers/claims.js';
import { throughThread } from '../helpers/doors.js';
import { turns, until } from '../helpers/turns.js';
import {
  allDelivered,
  type Bench,
  bench,
  close,
  isClosed,
  pipe,
  put,
  READABLE,
  socketPair,
  states,
  take,
  takingNumber,
  type Watched,
  WRITABLE,
  watched,
} from './bench.js';

const REOPENINGS = process.env.SLUICE_POLLER === undefined ? 100_000 : 10_000;
const AT_ONCE = 100;

/** A number that has gone from one pipe to the next, while the first pipe lives on. */
interface Reopened {
  readonly abandoned: Watched;
  readonly wait: Watched;
  readonly reader: number;
  readonly writer: number;
  readonly before: readonly number[];
}

/**
 * A number with an event in epoll is closed, its file kept open by a duplicate; the next pipe takes
 * the number and is waited for; then the file of before sends another event. `late`: the poller
 * hears of the close afterwards, when the number cannot be taken out of epoll any more.
 */
function reopen({ kernel, poller }: Bench, late: boolean): Reopened {
  const [number, oldWriter] = pipe();
  const abandoned = watched(poller.wait(number, READABLE));
  const duplicate = succeeds(kernel.fcntl(number, f.F_DUPFD_CLOEXEC, 0));
  put(oldWriter);
  if (!late) poller.forget(number);
  close(number);
  if (late) poller.forget(number);
  const [reader, writer] = takingNumber(number, pipe);
  const wait = watched(poller.wait(reader, READABLE));
  put(oldWriter);
  return { abandoned, wait, reader, writer, before: [oldWriter, duplicate] };
}

async function reopenMany(subject: Bench): Promise<number> {
  const many = Array.from({ length: AT_ONCE }, (_, index) => reopen(subject, index % 4 === 0));
  await allDelivered(subject.poller);
  const wrong = many.filter(({ wait }) => wait.state !== 'pending').length;
  for (const { writer } of many) put(writer);
  await until(() => many.every(({ wait }) => wait.state === 'ready'));
  for (const { abandoned, reader, writer, before } of many) {
    assert.equal(abandoned.state, 'refused');
    take(reader);
    subject.poller.forget(reader);
    close(reader, writer, ...before);
  }
  return wrong;
}

test('F4: 100,000 numbers reopened under events: none reaches the wrong owner', async () => {
  const subject = bench();
  let wrong = 0;
  for (let done = 0; done < REOPENINGS; done += AT_ONCE) wrong += await reopenMany(subject);
  assert.equal(wrong, 0);
});

test('F4: a file whose number is gone cannot make the poller spin', async () => {
  const { kernel, poller, count } = bench();
  const [reader, writer] = pipe();
  const [left, right] = socketPair();
  const other = watched(poller.wait(left, READABLE));
  const gone = poller.wait(reader, READABLE);
  const duplicate = succeeds(kernel.fcntl(reader, f.F_DUPFD_CLOEXEC, 0));
  close(reader);
  poller.forget(reader);
  await isClosed(gone);
  for (let event = 0; event < 200; event++) {
    put(writer);
    await allDelivered(poller);
  }
  assert.equal(count('epoll_create1'), 2);
  const drains = count('epoll_wait');
  put(writer);
  await turns(50);
  assert.equal(count('epoll_wait'), drains);
  assert.deepEqual(states(other), ['pending']);
  put(right);
  await until(() => other.state === 'ready');
  poller.forget(left);
  close(duplicate, writer, left, right);
});

test('F4: the poller that is replaced wakes no one wrongly and holds what waits', async () => {
  const { kernel, poller, count } = bench();
  const [reader, writer] = pipe();
  const gone = poller.wait(reader, READABLE);
  const duplicate = succeeds(kernel.fcntl(reader, f.F_DUPFD_CLOEXEC, 0));
  close(reader);
  poller.forget(reader);
  await isClosed(gone);
  const pairs = Array.from({ length: 20 }, socketPair);
  const waits = pairs.map(([left]) => watched(poller.wait(left, READABLE)));
  for (let event = 0; count('epoll_create1') < 2; event++) {
    assert.ok(event < 100);
    put(writer);
    await allDelivered(poller);
  }
  await allDelivered(poller);
  assert.deepEqual(new Set(states(...waits)), new Set(['pending']));
  for (const [, right] of pairs) put(right);
  await until(() => waits.every(({ state }) => state === 'ready'));
  for (const [left] of pairs) poller.forget(left);
  close(duplicate, writer, ...pairs.flat());
});

test('F4: where no new epoll descriptor is to be had, the waits are refused', async () => {
  let failing = false;
  const subject = bench((name) => (failing && name === 'epoll_create1' ? -EMFILE : undefined));
  const { kernel, poller } = subject;
  const [reader, writer] = pipe();
  const [left, right] = socketPair();
  const other = poller.wait(left, READABLE);
  const refused = watched(other);
  const gone = poller.wait(reader, READABLE);
  const duplicate = succeeds(kernel.fcntl(reader, f.F_DUPFD_CLOEXEC, 0));
  close(reader);
  poller.forget(reader);
  await isClosed(gone);
  failing = true;
  await until(() => {
    put(writer);
    return refused.state !== 'pending';
  });
  await assert.rejects(other, { code: 'EMFILE', syscall: 'epoll_create1' });
  failing = false;
  const again = watched(poller.wait(left, READABLE));
  await turns(10);
  assert.deepEqual(states(again), ['pending']);
  put(right);
  await until(() => again.state === 'ready');
  poller.forget(left);
  close(duplicate, writer, left, right);
});

test('a number closed and reopened without forget() is added again', async () => {
  const { poller } = bench();
  const [reader, writer] = pipe();
  const first = poller.wait(reader, READABLE);
  put(writer);
  await first;
  close(reader, writer);
  const [left, right] = takingNumber(reader, socketPair);
  await poller.wait(left, WRITABLE);
  const wait = watched(poller.wait(left, READABLE));
  await turns(10);
  assert.deepEqual(states(wait), ['pending']);
  put(right);
  await until(() => wait.state === 'ready');
  poller.forget(left);
  close(left, right);
});

test('F4: reopened without forget(), the file of before does not wake its wait', async () => {
  const { kernel, poller } = bench();
  const [number, oldWriter] = pipe();
  const first = poller.wait(number, READABLE);
  put(oldWriter);
  await first;
  const duplicate = succeeds(kernel.fcntl(number, f.F_DUPFD_CLOEXEC, 0));
  close(number);
  const [left, right] = socketPair();
  assert.equal(left, number);
  await poller.wait(left, WRITABLE);
  const wait = watched(poller.wait(left, READABLE));
  put(oldWriter);
  await allDelivered(poller);
  assert.deepEqual(states(wait), ['pending']);
  put(right);
  await until(() => wait.state === 'ready');
  poller.forget(left);
  close(left, right, duplicate, oldWriter);
});

test('a number that comes back to the file it had is waited for all the same', async () => {
  const { kernel, poller } = bench();
  const [reader, writer] = pipe();
  const gone = poller.wait(reader, READABLE);
  const duplicate = succeeds(kernel.fcntl(reader, f.F_DUPFD_CLOEXEC, 0));
  close(reader);
  poller.forget(reader);
  await isClosed(gone);
  succeeds(kernel.dup2(duplicate, reader), reader);
  const wait = poller.wait(reader, READABLE);
  put(writer);
  await wait;
  poller.forget(reader);
  close(reader, duplicate, writer);
});

test('a number that has become a regular file under a wait is always ready', async () => {
  const { kernel, poller } = bench();
  const [reader, writer] = pipe();
  const reading = poller.wait(reader, READABLE);
  const file = succeeds(kernel.openat(f.AT_FDCWD, 'package.json', f.O_CLOEXEC, 0));
  succeeds(kernel.dup2(file, reader), reader);
  await poller.wait(reader, WRITABLE);
  await reading;
  poller.forget(reader);
  close(reader, writer, file);
});

test('a number closed under a wait refuses the next with EBADF, and the first too', async () => {
  const { poller } = bench();
  const [left, right] = socketPair();
  const reading = poller.wait(left, READABLE);
  close(left);
  const expected = { code: 'EBADF' };
  await Promise.all([
    assert.rejects(poller.wait(left, WRITABLE), expected),
    assert.rejects(reading, expected),
  ]);
  close(right);
});

throughThread(import.meta.url);
