import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pipe } from '../../src/index.js';
import { EINTR, EIO, EOPNOTSUPP } from '../../src/kernel/errno.js';
import type { Kernel } from '../../src/kernel/kernel.js';
import { linux } from '../../src/kernel/linux.js';
import { text } from '../helpers/claims.js';
import { withCalls } from '../helpers/runtime.js';
import { turns } from '../helpers/turns.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-lifetime-'));
after(() => rmSync(folder, { recursive: true }));

/** Descriptors whose reads always go to a thread, and what is done with them there, in order. */
function onThreads() {
  const log: string[] = [];
  const calls: Partial<Kernel> = {
    preadv2: () => -EOPNOTSUPP,
    poll: () => 1,
    offload: (name, parameters, done) => {
      log.push(name);
      return linux.offload(name, parameters, (result) => {
        log.push(`${name} is back`);
        done(result);
      });
    },
    close: (fd) => {
      log.push('close');
      return linux.close(fd);
    },
  };
  return { log, ...withCalls(calls) };
}

test('F9: close is called once for a number, whatever it answers', () => {
  for (const errno of [EINTR, EIO]) {
    const closed: number[] = [];
    const { pipe: make } = withCalls({
      close: (fd) => {
        closed.push(fd);
        return linux.close(fd) || -errno;
      },
    });
    const { reader, writer } = make();
    const numbers = [reader.fd, writer.fd];
    for (const fd of [reader, writer]) {
      if (errno === EINTR) fd.close();
      else assert.throws(() => fd.close(), { code: 'EIO', syscall: 'close' });
      assert.equal(fd.closed, true);
      fd.close();
    }
    assert.deepEqual(closed, numbers);
  }
});

test('the poller forgets a number before it is closed', async () => {
  const log: string[] = [];
  const { pipe: make } = withCalls({
    epoll_ctl: (epfd, operation, ...rest) => {
      log.push(operation === 2 ? 'EPOLL_CTL_DEL' : 'epoll_ctl');
      return linux.epoll_ctl(epfd, operation, ...rest);
    },
    close: (fd) => {
      log.push('close');
      return linux.close(fd);
    },
  });
  const p = make();
  const waiting = p.reader.read(new Uint8Array(1));
  p.reader.close();
  await assert.rejects(waiting, { code: 'ERR_SLUICE_CLOSED' });
  assert.deepEqual(log, ['epoll_ctl', 'EPOLL_CTL_DEL', 'close']);
  p.writer.close();
});

test('close() wakes a call on a thread, and the number is closed after it', async () => {
  const { log, pipe: make } = onThreads();
  const { reader, writer } = make();
  reader.nonBlocking = false;
  const reading = reader.read(new Uint8Array(1));
  await turns(3);
  reader.close();
  assert.equal(reader.closed, true);
  await assert.rejects(reading, { code: 'ERR_SLUICE_CLOSED' });
  writer.close();
  assert.deepEqual(log, ['readv', 'readv is back', 'close', 'close']);
});

test('an abort wakes a call that sleeps on a thread, and the descriptor stays', async () => {
  const { pipe: make } = onThreads();
  using p = make();
  p.reader.nonBlocking = false;
  const controller = new AbortController();
  const reading = p.reader.read(new Uint8Array(1), { signal: controller.signal });
  await turns(3);
  controller.abort();
  await assert.rejects(reading, { code: 'ABORT_ERR' });
  await p.writer.write(text('x'));
  assert.equal(await p.reader.read(new Uint8Array(1)), 1);
});

test('a number that a thread may use is neither released nor replaced', async () => {
  const { pipe: make } = onThreads();
  using p = make();
  p.reader.nonBlocking = false;
  const reading = p.reader.read(new Uint8Array(1));
  assert.throws(() => p.reader.release(), { code: 'EBUSY' });
  assert.throws(() => p.writer.dup2(p.reader), { code: 'EBUSY' });
  await p.writer.write(text('x'));
  assert.equal(await reading, 1);
});

test('open() waits for the other end of a FIFO on a thread, and an abort ends that', async () => {
  const path = join(folder, 'fifo');
  execFileSync('mkfifo', [path]);
  const { open } = await import('../../src/index.js');
  const controller = new AbortController();
  const opening = open(path, 'r', { signal: controller.signal });
  await turns(3);
  controller.abort('no longer');
  await assert.rejects(opening, { code: 'ABORT_ERR', cause: 'no longer' });
  const [reader, writer] = await Promise.all([open(path, 'r'), open(path, 'w')]);
  const reading = reader.read(new Uint8Array(9));
  await turns(3);
  await writer.write(text('both'));
  assert.equal(await reading, 4);
  reader.close();
  writer.close();
});

test('a wait that is over keeps nothing, whichever end is closed first', async () => {
  const before = pipe();
  const number = before.reader.fd;
  before[Symbol.dispose]();
  for (const first of ['reader', 'writer'] as const) {
    const p = pipe();
    const reading = p.reader.read(new Uint8Array(1));
    p[first].close();
    if (first === 'reader') await assert.rejects(reading);
    else assert.equal(await reading, 0);
    p[Symbol.dispose]();
  }
  using again = pipe();
  assert.equal(again.reader.fd, number);
});
