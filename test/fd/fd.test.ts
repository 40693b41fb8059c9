import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { adopt, Fd, pipe, socketPair } from '../../src/index.js';
import { EBUSY } from '../../src/kernel/errno.js';
import * as f from '../../src/kernel/flags.js';
import { linux } from '../../src/kernel/linux.js';
import { string, text } from '../helpers/claims.js';
import { withCalls } from '../helpers/runtime.js';

const CLOSED = { code: 'ERR_SLUICE_CLOSED' };

/** What no argument may be; TypeScript is told that it is. */
const WRONG = ['1', {}, Number.NaN] as unknown as number[];

test('Fd is closed once, and a second close does nothing', () => {
  const { reader, writer } = pipe();
  const number = reader.fd;
  reader.close();
  const taken = linux.fcntl(writer.fd, f.F_DUPFD_CLOEXEC, number);
  assert.equal(taken, number);
  reader.close();
  reader[Symbol.dispose]();
  assert.ok(linux.fcntl(taken, f.F_GETFD) >= 0);
  linux.close(taken);
  writer.close();
});

test('Fd is closed at the end of a using scope', () => {
  const numbers: number[] = [];
  {
    using p = pipe();
    numbers.push(p.reader.fd, p.writer.fd);
  }
  for (const number of numbers) assert.ok(linux.fcntl(number, f.F_GETFD) < 0);
});

test('every use after close is ERR_SLUICE_CLOSED', async () => {
  const { reader: fd, writer } = pipe();
  const other = writer.dup();
  fd.close();
  writer.close();
  assert.equal(fd.closed, true);
  const uses: (() => unknown)[] = [
    () => fd.fd,
    () => fd.release(),
    () => fd.dup(),
    () => fd.dup2(1),
    () => other.dup2(fd),
    () => fd.shutdown(),
    () => fd.nonBlocking,
    () => fd.closeOnExec,
    () => fd.capacity,
    () => fd.owner,
    () => fd.ioSignal,
    () => adopt(fd),
    () => execFileSync('true', { stdio: ['ignore', fd as unknown as number, 'ignore'] }),
  ];
  for (const use of uses) assert.throws(use, CLOSED, String(use));
  await assert.rejects(fd.read(new Uint8Array(1)), CLOSED);
  await assert.rejects(fd.write(new Uint8Array(1)), CLOSED);
  await assert.rejects(fd.readv([]), CLOSED);
  await assert.rejects(fd.writev([]), CLOSED);
  other.close();
});

test('close() says EBADF where somebody else closed the number', () => {
  const { reader, writer } = pipe();
  linux.close(reader.fd);
  assert.throws(() => reader.close(), { code: 'EBADF', syscall: 'close' });
  reader.close();
  writer.close();
});

test('release() gives the number up open', () => {
  using p = pipe();
  const number = p.reader.release();
  assert.equal(p.reader.closed, true);
  assert.ok(linux.fcntl(number, f.F_GETFD) >= 0);
  using again = adopt(number);
  assert.equal(again.fd, number);
});

test('nonBlocking is shared by duplicates, closeOnExec is not', () => {
  using p = pipe();
  using twin = p.reader.dup();
  assert.equal(twin.nonBlocking, true);
  twin.nonBlocking = false;
  assert.equal(p.reader.nonBlocking, false);
  twin.closeOnExec = false;
  assert.equal(p.reader.closeOnExec, true);
  assert.equal(twin.closeOnExec, false);
});

test('nonBlocking leaves the other status flags alone', () => {
  using p = pipe();
  linux.fcntl(p.writer.fd, f.F_SETFL, f.O_APPEND | f.O_NONBLOCK);
  p.writer.nonBlocking = false;
  assert.equal(linux.fcntl(p.writer.fd, f.F_GETFL) & f.O_APPEND, f.O_APPEND);
});

test('capacity reads back what Linux gave', () => {
  using p = pipe({ capacity: 5000 });
  assert.equal(p.writer.capacity, 8192);
  p.reader.capacity = 1;
  assert.equal(p.writer.capacity, 4096);
  const [left, right] = socketPair();
  assert.throws(() => left.capacity, { code: 'EBADF' });
  left.close();
  right.close();
});

test('owner is a process, negative a process group, 0 nobody', () => {
  using p = pipe();
  assert.equal(p.reader.owner, 0);
  p.reader.owner = process.pid;
  assert.equal(p.reader.owner, process.pid);
  const group = Number(execFileSync('ps', ['-o', 'pgid=', '-p', `${process.pid}`]));
  p.reader.owner = -group;
  assert.equal(p.reader.owner, -group);
  p.reader.owner = 0;
  assert.equal(p.reader.owner, 0);
});

test('ioSignal is 0 for SIGIO', () => {
  using p = pipe();
  assert.equal(p.reader.ioSignal, 0);
  p.reader.ioSignal = 40;
  assert.equal(p.reader.ioSignal, 40);
  assert.throws(
    () => {
      p.reader.ioSignal = 65;
    },
    { code: 'EINVAL' },
  );
});

test('properties name what they are given wrongly', () => {
  using p = pipe();
  for (const property of ['capacity', 'owner', 'ioSignal'] as const) {
    for (const wrong of WRONG) {
      const set = () => {
        p.reader[property] = wrong;
      };
      assert.throws(set, new RegExp(property));
    }
  }
  for (const property of ['nonBlocking', 'closeOnExec'] as const) {
    for (const wrong of [1, 'true', null] as unknown as boolean[]) {
      const set = () => {
        p.reader[property] = wrong;
      };
      assert.throws(set, { code: 'ERR_INVALID_ARG_TYPE', message: new RegExp(property) });
    }
  }
});

test('dup() is never 0, 1 or 2, and has FD_CLOEXEC', () => {
  using p = pipe();
  using twin = p.writer.dup();
  assert.ok(twin.fd > 2);
  assert.equal(twin.closeOnExec, true);
});

test('dup2() replaces what another Fd is', async () => {
  using p = pipe();
  using q = pipe();
  const number = p.writer.fd;
  assert.equal(q.writer.dup2(p.writer), number);
  assert.equal(p.writer.fd, number);
  assert.equal(p.writer.closeOnExec, true);
  await p.writer.write(text('moved'));
  const buffer = new Uint8Array(5);
  assert.equal(await q.reader.read(buffer), 5);
  assert.equal(string(buffer), 'moved');
  assert.equal(await p.reader.read(buffer), 0);
});

test('dup2() ends the waits for what the target was', async () => {
  using p = pipe();
  using q = pipe();
  const waiting = p.reader.read(new Uint8Array(1));
  q.reader.dup2(p.reader);
  await assert.rejects(waiting, CLOSED);
  await q.writer.write(text('x'));
  assert.equal(await p.reader.read(new Uint8Array(1)), 1);
});

test('dup2() that fails ends no wait', async () => {
  const { pipe } = withCalls({ dup3: () => -EBUSY });
  using p = pipe();
  using q = pipe();
  const waiting = p.reader.read(new Uint8Array(1));
  assert.throws(() => q.reader.dup2(p.reader), { code: 'EBUSY', syscall: 'dup3' });
  await p.writer.write(text('x'));
  assert.equal(await waiting, 1);
});

test('dup2() onto itself changes nothing', () => {
  using p = pipe();
  assert.equal(p.reader.dup2(p.reader), p.reader.fd);
  assert.equal(p.reader.dup2(p.reader.fd), p.reader.fd);
});

test('dup2() refuses what is no descriptor', () => {
  using p = pipe();
  assert.throws(() => p.reader.dup2(-1), { code: 'EBADF', syscall: 'dup3' });
  assert.throws(() => p.reader.dup2(1.5), { code: 'ERR_OUT_OF_RANGE' });
  assert.throws(() => p.reader.dup2('1' as unknown as number), { code: 'ERR_INVALID_ARG_TYPE' });
  assert.throws(() => p.reader.dup2({} as Fd), { code: 'ERR_INVALID_ARG_TYPE' });
});

test('shutdown() ends a direction for every duplicate', async () => {
  const [left, right] = socketPair();
  const twin = left.dup();
  left.shutdown('write');
  assert.equal(await right.read(new Uint8Array(1)), 0);
  await assert.rejects(twin.write(text('x')), { code: 'EPIPE', syscall: 'write' });
  await right.write(text('back'));
  assert.equal(await twin.read(new Uint8Array(9)), 4);
  for (const fd of [left, right, twin]) fd.close();
});

test('shutdown() refuses what is no direction or no socket', () => {
  using p = pipe();
  assert.throws(() => p.reader.shutdown(), { code: 'ENOTSOCK' });
  for (const wrong of ['up', 1, null] as unknown as 'read'[]) {
    assert.throws(() => p.reader.shutdown(wrong), { code: 'ERR_OUT_OF_RANGE' });
  }
});

test('an Fd goes as it is into child_process', () => {
  using p = pipe();
  execFileSync('echo', ['from the child'], {
    stdio: ['ignore', p.writer as unknown as number, 'inherit'],
  });
  const buffer = new Uint8Array(100);
  assert.equal(linux.read(p.reader.fd, buffer), 15);
});

test('Fd is what the functions make', () => {
  using p = pipe();
  assert.ok(p.reader instanceof Fd);
});
