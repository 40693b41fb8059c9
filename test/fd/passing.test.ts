import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { adopt, Fd, pipe, socketPair } from '../../src/index.js';
import { EMFILE } from '../../src/kernel/errno.js';
import * as f from '../../src/kernel/flags.js';
import { linux } from '../../src/kernel/linux.js';
import { realClock } from '../../src/node/clock.js';
import { pattern, string, text } from '../helpers/claims.js';
import { runtimeOf } from '../helpers/runtime.js';
import { tcpPair } from '../helpers/sockets.js';
import { turns } from '../helpers/turns.js';

/** The open descriptors of this process. */
const numbers = (): string => readdirSync('/proc/self/fd').join(' ');

/** The test leaves no number behind; the poller has its own from before. */
async function leavesNothing(run: () => Promise<void>): Promise<void> {
  {
    using p = pipe();
    const wait = p.reader.read(new Uint8Array(1));
    await turns(1);
    await p.writer.write(text('x'));
    await wait;
  }
  const before = numbers();
  await run();
  assert.equal(numbers(), before);
}

/** What is in a pipe whose read end came. */
async function read(fd: Fd | undefined): Promise<string> {
  const bytes = new Uint8Array(64);
  const length = await (fd as Fd).read(bytes);
  return string(bytes.subarray(0, length));
}

function closeAll(...fds: Fd[]): void {
  for (const fd of fds) fd.close();
}

test('sendFds() sends Fds, numbers and what has fd; recvFds() owns what comes', () =>
  leavesNothing(async () => {
    const [left, right] = socketPair();
    const { reader, writer } = pipe();
    await writer.write(text('piped'));
    await left.sendFds([reader, writer.fd, { fd: writer.fd }]);
    const { fds, bytes } = await right.recvFds();
    assert.equal(bytes, 1);
    assert.equal(fds.length, 3);
    assert.ok(fds.every((fd) => fd instanceof Fd && fd.closeOnExec));
    assert.equal(await read(fds[0]), 'piped');
    closeAll(left, right, reader, writer, ...fds);
  }));

test('recvFds() waits while the event loop turns, also where the description blocks', () =>
  leavesNothing(async () => {
    const [left, right] = socketPair();
    right.nonBlocking = false;
    const receiving = right.recvFds();
    await turns(5);
    await left.sendFds([left]);
    const { fds } = await receiving;
    closeAll(left, right, ...fds);
  }));

test('bytes without descriptors and the end of the stream are answers', () =>
  leavesNothing(async () => {
    const [left, right] = socketPair();
    await left.write(text('bytes'));
    const buffer = new Uint8Array(16);
    assert.deepEqual(await right.recvFds({ buffer }), { fds: [], bytes: 5 });
    await left.sendFds([], { data: text('none') });
    assert.deepEqual(await right.recvFds({ buffer }), { fds: [], bytes: 4 });
    left.close();
    assert.deepEqual(await right.recvFds(), { fds: [], bytes: 0 });
    right.close();
  }));

test('packets keep their descriptors', () =>
  leavesNothing(async () => {
    for (const type of ['seqpacket', 'datagram'] as const) {
      const [left, right] = socketPair({ type });
      const buffer = new Uint8Array(16);
      await left.sendFds([left], { data: text('one') });
      await left.sendFds([left, right], { data: text('three') });
      for (const [length, count] of [
        [3, 1],
        [5, 2],
      ] as const) {
        const { fds, bytes } = await right.recvFds({ buffer });
        assert.deepEqual([bytes, fds.length], [length, count]);
        closeAll(...fds);
      }
      closeAll(left, right);
    }
  }));

test('more than max: all that came is closed, and the error names max', () =>
  leavesNothing(async () => {
    const [left, right] = socketPair();
    const buffer = new Uint8Array(8);
    for (const max of [0, 1, 2]) {
      await left.sendFds([left, right, left], { data: text('three') });
      await assert.rejects(right.recvFds({ max, buffer }), {
        code: 'ERR_SLUICE_FDS_TRUNCATED',
        message: new RegExp(`than max \\(${max}\\)`),
        bytes: 5,
      });
      assert.equal(string(buffer.subarray(0, 5)), 'three');
    }
    await left.sendFds([left]);
    const { fds } = await right.recvFds({ max: 1 });
    closeAll(left, right, ...fds);
  }));

test('a full table: what could be opened is closed, and the error says why', () =>
  leavesNothing(async () => {
    const [left, right] = socketPair();
    await left.sendFds([left, left, left]);
    const limit = new BigUint64Array(2);
    linux.prlimit(0, f.RLIMIT_NOFILE, null, limit);
    const next = linux.dup(left.fd);
    linux.close(next);
    const few = BigUint64Array.of(BigInt(next + 1), limit[1] as bigint);
    linux.prlimit(0, f.RLIMIT_NOFILE, few, null);
    const receiving = right.recvFds();
    linux.prlimit(0, f.RLIMIT_NOFILE, limit, null);
    await assert.rejects(receiving, {
      code: 'ERR_SLUICE_FDS_TRUNCATED',
      message: /1 could, and max was 253; RLIMIT_NOFILE/,
    });
    closeAll(left, right);
  }));

test('long data goes whole, the descriptors with its first byte', () =>
  leavesNothing(async () => {
    const [left, right] = socketPair();
    const data = pattern(1 << 20);
    const sending = left.sendFds([left], { data });
    const buffer = new Uint8Array(data.length);
    const { fds, bytes } = await right.recvFds({ buffer });
    assert.equal(fds.length, 1);
    for (let got = bytes; got < data.length; ) {
      const next = await right.recvFds({ buffer: buffer.subarray(got) });
      assert.deepEqual(next.fds, []);
      got += next.bytes;
    }
    await sending;
    assert.deepEqual(buffer, data);
    closeAll(left, right, ...fds);
  }));

/** Fills the socket: what is sent now has to wait. */
async function filled(fd: Fd): Promise<number> {
  fd.nonBlocking = true;
  let length = 0;
  for (let sent = 1; sent > 0; length += Math.max(sent, 0)) {
    sent = linux.write(fd.fd, new Uint8Array(4096));
  }
  return length;
}

async function emptied(fd: Fd, length: number): Promise<void> {
  for (let left = length; left > 0; ) left -= await fd.read(new Uint8Array(Math.min(left, 65536)));
}

test('who waits for room sends what was meant, though its number is another file by then', () =>
  leavesNothing(async () => {
    const [left, right] = socketPair();
    const [meant, other] = [pipe(), pipe()];
    await meant.writer.write(text('meant'));
    await other.writer.write(text('other'));
    const length = await filled(left);
    const number = meant.reader.fd;
    const sending = left.sendFds([meant.reader]);
    meant.reader.close();
    linux.dup3(other.reader.fd, number, f.O_CLOEXEC);
    await turns(3);
    await emptied(right, length);
    await sending;
    const { fds } = await right.recvFds();
    assert.equal(await read(fds[0]), 'meant');
    linux.close(number);
    closeAll(left, right, meant.writer, other.reader, other.writer, ...fds);
  }));

test('an abort ends the wait of either, and nothing stays open', () =>
  leavesNothing(async () => {
    const [left, right] = socketPair();
    const controller = new AbortController();
    const { signal } = controller;
    const length = await filled(left);
    const sending = left.sendFds([left], { signal });
    const receiving = left.recvFds({ signal });
    await turns(3);
    controller.abort();
    await assert.rejects(sending, { code: 'ABORT_ERR', bytes: 0 });
    await assert.rejects(receiving, { code: 'ABORT_ERR' });
    await assert.rejects(left.recvFds({ signal }), { code: 'ABORT_ERR' });
    await emptied(right, length);
    await left.sendFds([left]);
    const { fds } = await right.recvFds();
    closeAll(left, right, ...fds);
  }));

test('an abort in the middle of long data tells how much had gone', () =>
  leavesNothing(async () => {
    const [left, right] = socketPair();
    const controller = new AbortController();
    const { signal } = controller;
    const sending = left.sendFds([left], { data: new Uint8Array(1 << 20), signal });
    await turns(3);
    controller.abort();
    const error = await sending.catch((reason) => reason);
    assert.equal(error.code, 'ABORT_ERR');
    assert.ok(error.bytes > 0 && error.bytes < 1 << 20);
    const { fds } = await right.recvFds();
    assert.equal(fds.length, 1);
    closeAll(left, right, ...fds);
  }));

test('close() ends the wait of either', () =>
  leavesNothing(async () => {
    const [left, right] = socketPair();
    await filled(left);
    const waits = [left.sendFds([right]), left.recvFds()];
    await turns(3);
    left.close();
    for (const wait of waits) await assert.rejects(wait, { code: 'ERR_SLUICE_CLOSED' });
    await assert.rejects(left.recvFds(), { code: 'ERR_SLUICE_CLOSED' });
    await assert.rejects(right.sendFds([left]), { code: 'ERR_SLUICE_CLOSED' });
    await assert.rejects(right.sendFds([right]), { code: 'EPIPE', syscall: 'sendmsg' });
    right.close();
  }));

test('what is no Unix socket is refused, and so is what cannot be sent', () =>
  leavesNothing(async () => {
    const [left, right] = socketPair();
    const unsupported = { code: 'ERR_SLUICE_UNSUPPORTED', message: /AF_UNIX/ };
    const tcp = tcpPair(linux).map((fd) => adopt(fd));
    const p = pipe();
    for (const fd of [...tcp, p.reader, p.writer]) {
      await assert.rejects(fd.sendFds([left]), unsupported);
      await assert.rejects(fd.recvFds(), unsupported);
    }
    await assert.rejects(left.sendFds([left, 0x7ffffff0]), { code: 'EBADF', fd: 0x7ffffff0 });
    const range = { code: 'ERR_OUT_OF_RANGE' };
    await assert.rejects(left.sendFds(Array(254).fill(left)), range);
    await assert.rejects(left.sendFds([left], { data: new Uint8Array() }), range);
    await assert.rejects(left.recvFds({ buffer: new Uint8Array() }), range);
    await assert.rejects(left.recvFds({ max: 254 }), range);
    await assert.rejects(left.recvFds({ max: -1 }), range);
    const type = { code: 'ERR_INVALID_ARG_TYPE' };
    await assert.rejects(left.sendFds(left as never), type);
    await assert.rejects(left.sendFds(['x' as never]), type);
    await assert.rejects(left.sendFds([left], { data: 'text' as never }), type);
    await assert.rejects(left.recvFds({ signal: 1 as never }), type);
    assert.equal(linux.read(right.fd, new Uint8Array(1)), -11);
    closeAll(left, right, ...tcp, p.reader, p.writer);
  }));

test('who has to wait and can hold only some of them holds none', () =>
  leavesNothing(async () => {
    let duplicates = 0;
    const fcntl: typeof linux.fcntl = (fd, command, value) => {
      if (command === f.F_DUPFD_CLOEXEC && ++duplicates === 3) return -EMFILE;
      return linux.fcntl(fd, command, value);
    };
    const [ours, right] = socketPair();
    const left = new Fd(runtimeOf({ ...linux, fcntl }, realClock), ours.release());
    await filled(left);
    await assert.rejects(left.sendFds([right, right, right]), { code: 'EMFILE', bytes: 0 });
    closeAll(left, right);
  }));

test('recvFds() gives the bytes first that came before what Linux has', () =>
  leavesNothing(async () => {
    const [left, ours] = socketPair();
    const origin = { buffered: text('early') };
    const right = new Fd(runtimeOf(linux, realClock), ours.release(), origin);
    await left.sendFds([left]);
    const buffer = new Uint8Array(16);
    const { fds, bytes } = await right.recvFds({ buffer });
    assert.deepEqual([fds, string(buffer.subarray(0, bytes))], [[], 'early']);
    const late = await right.recvFds();
    assert.deepEqual([late.fds.length, late.bytes], [1, 1]);
    closeAll(left, right, ...late.fds);
  }));
