/** F4b and what else keeps an idle program asleep. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as f from '../../src/kernel/flags.js';
import { succeeds } from '../helpers/claims.js';
import { throughThread } from '../helpers/doors.js';
import { turns } from '../helpers/turns.js';
import {
  allDelivered,
  type Bench,
  bench,
  close,
  fill,
  pipe,
  put,
  READABLE,
  socketPair,
  take,
  WRITABLE,
} from './bench.js';

/** How often the poller wakes up while the event loop turns two hundred times. */
async function wakeUps({ count }: Bench): Promise<number> {
  const before = count('epoll_wait');
  await turns(200);
  return count('epoll_wait') - before;
}

/** A reader that has been waited for once, and is waited for no more. */
async function known({ poller }: Bench): Promise<[reader: number, writer: number]> {
  const [reader, writer] = pipe();
  const wait = poller.wait(reader, READABLE);
  put(writer);
  await wait;
  take(reader);
  return [reader, writer];
}

test('F4b: an idle pipe whose writer is gone wakes nobody', async () => {
  const subject = bench();
  const [reader, writer] = await known(subject);
  close(writer);
  await allDelivered(subject.poller);
  assert.equal(await wakeUps(subject), 0);
  await subject.poller.wait(reader, READABLE);
  assert.equal(succeeds(subject.kernel.read(reader, new Uint8Array(1))), 0);
  subject.poller.forget(reader);
  close(reader);
});

test('F4b: an idle pipe whose reader is gone wakes nobody', async () => {
  const subject = bench();
  const [reader, writer] = pipe();
  await subject.poller.wait(writer, WRITABLE);
  close(reader);
  await allDelivered(subject.poller);
  assert.equal(await wakeUps(subject), 0);
  await subject.poller.wait(writer, WRITABLE);
  subject.poller.forget(writer);
  close(writer);
});

test('F4b: a half-closed socket waited for in the other direction wakes nobody', async () => {
  const subject = bench();
  const { kernel, poller } = subject;
  const [left, right] = socketPair();
  const controller = new AbortController();
  const reading = poller.wait(left, READABLE);
  succeeds(kernel.shutdown(right, f.SHUT_WR), 0);
  await reading;
  fill(left);
  const writing = poller.wait(left, WRITABLE, controller.signal);
  await allDelivered(poller);
  assert.equal(await wakeUps(subject), 0);
  controller.abort();
  await assert.rejects(writing);
  poller.forget(left);
  close(left, right);
});

test('F4b: data that nobody waits for costs one wake-up, however much comes', async () => {
  const subject = bench();
  const { poller } = subject;
  const [reader, writer] = await known(subject);
  put(writer);
  await allDelivered(poller);
  for (let event = 0; event < 100; event++) put(writer);
  assert.equal(await wakeUps(subject), 0);
  await poller.wait(reader, READABLE);
  poller.forget(reader);
  close(reader, writer);
});

test('an aborted wait leaves a descriptor that wakes up once', async () => {
  const subject = bench();
  const { poller } = subject;
  const [reader, writer] = pipe();
  const controller = new AbortController();
  const wait = poller.wait(reader, READABLE, controller.signal);
  controller.abort();
  await assert.rejects(wait, { name: 'AbortError' });
  put(writer);
  await allDelivered(poller);
  put(writer);
  assert.equal(await wakeUps(subject), 0);
  poller.forget(reader);
  close(reader, writer);
});

test('a thousand silent waits wake nobody', async () => {
  const subject = bench();
  const pairs = Array.from({ length: 1000 }, pipe);
  const waits = pairs.map(([reader]) => subject.poller.wait(reader, READABLE));
  assert.equal(await wakeUps(subject), 0);
  for (const [, writer] of pairs) put(writer);
  await Promise.all(waits);
  for (const [reader] of pairs) subject.poller.forget(reader);
  close(...pairs.flat());
});

throughThread(import.meta.url);
