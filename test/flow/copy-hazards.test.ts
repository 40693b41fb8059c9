/** copy(): each hazard by its row, on the real kernel. */
import assert from 'node:assert/strict';
import { renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { Fd } from '../../src/fd/fd.js';
import { copy } from '../../src/flow/copy.js';
import { tee } from '../../src/flow/tee.js';
import { EAGAIN } from '../../src/kernel/errno.js';
import * as f from '../../src/kernel/flags.js';
import { linux } from '../../src/kernel/linux.js';
import { pattern, string, succeeds, text } from '../helpers/claims.js';
import { runtimeOver } from '../helpers/flows.js';
import { turns, turnsUntil } from '../helpers/turns.js';
import {
  contentOf,
  device,
  diskFile,
  drain,
  endOf,
  feed,
  keep,
  memfd,
  openDescriptors,
  pipe,
  runtime,
  sockets,
  tcp,
} from './copy/ends.js';

const { kernel } = runtime;
const CONTENT = pattern(1_500_003);
const EMPTY = new Uint8Array();

test('F4b: what epoll refuses is always ready, and copied without a spin', async (t) => {
  const calls = { epoll_ctl: 0 };
  const counted = runtimeOver({
    ...linux,
    epoll_ctl: (...parameters) => {
      calls.epoll_ctl++;
      return linux.epoll_ctl(...parameters);
    },
  });
  const result = await copy(counted, memfd(t, CONTENT), device(t, '/dev/null'));
  assert.equal(result.bytes, CONTENT.length);
  await assert.rejects(copy(counted, memfd(t, CONTENT), device(t, '/dev/full')), {
    code: 'ENOSPC',
  });
  assert.equal(calls.epoll_ctl, 0);
});

test('F5: flags of a description that was lent are as before, however the copy ends', async (t) => {
  const [reader, writer] = pipe(t, 0);
  const flags = () => [reader, writer].map((fd) => kernel.fcntl(fd, f.F_GETFL));
  const before = flags();
  const controller = new AbortController();
  const copying = copy(runtime, reader, memfd(t, EMPTY), controller);
  await turns(2);
  assert.deepEqual(flags(), before);
  controller.abort();
  await assert.rejects(copying, { name: 'AbortError' });
  assert.deepEqual(flags(), before);
});

for (const [name, make] of Object.entries({
  pipe,
  'Unix socket': sockets,
  'TCP connection': tcp,
})) {
  test(`F6: a ${name} whose peer has gone ends the copy, not the process`, async (t) => {
    const [left, right] = make(t);
    const target = make === pipe ? right : left;
    const peer = make === pipe ? left : right;
    const sink = succeeds(kernel.openat(f.AT_FDCWD, '/dev/null', f.O_RDWR | f.O_CLOEXEC, 0));
    succeeds(kernel.dup3(sink, peer, f.O_CLOEXEC));
    kernel.close(sink);
    for (const source of [memfd(t, CONTENT), diskFile(t, CONTENT)]) {
      const error = await copy(runtime, source, target, {}).catch((reason) => reason);
      assert.match(error.code, /^(EPIPE|ECONNRESET)$/);
      if (make === pipe) assert.deepEqual([error.code, error.bytes], ['EPIPE', 0]);
      assert.ok(error.bytes < CONTENT.length || name === 'TCP connection');
    }
  });
}

test('F6: a SIGPIPE that would end the process is refused before a byte moves', async (t) => {
  const status = 'SigIgn:\t0000000000000000\nSigCgt:\t0000000000004002\n';
  const deadly = runtimeOver({
    ...linux,
    openat: (...parameters) => {
      if (parameters[1] !== '/proc/self/status') return linux.openat(...parameters);
      return linux.dup(memfd(t, text(status)));
    },
  });
  const [reader, writer] = pipe(t);
  await assert.rejects(copy(deadly, memfd(t, CONTENT), writer), { code: 'ERR_SLUICE_SIGPIPE' });
  assert.equal(kernel.read(reader, new Uint8Array(1)), -EAGAIN);
  assert.equal((await copy(deadly, memfd(t, CONTENT), memfd(t, EMPTY))).bytes, CONTENT.length);
});

const BLOCKING = { 'TCP connection': tcp, 'Unix socket': sockets, pipe };

for (const [name, make] of Object.entries(BLOCKING)) {
  test(`Z5: a blocking ${name} never stops the loop, neither empty nor full`, async (t) => {
    const [left, right] = make(t, 0);
    const [source, peer] = make === pipe ? [left, right] : [right, left];
    const emptied = copy(runtime, source, memfd(t, EMPTY));
    await turns(5);
    assert.equal(kernel.write(peer, text('x')), 1);
    endOf(peer);
    assert.equal((await emptied).bytes, 1);
    const [near, far] = make(t, 0);
    const [target, reader] = make === pipe ? [far, near] : [near, far];
    const filled = copy(runtime, memfd(t, pattern(8_000_000)), target);
    await turns(20);
    const received = drain(reader);
    assert.equal((await filled).bytes, 8_000_000);
    endOf(target);
    assert.equal((await received).length, 8_000_000);
  });
}

test('Z6: a pipe fills by slots: 10-byte messages to a pipe of 16 pages never stall', async (t) => {
  for (const make of [sockets, tcp]) {
    const [source, writer] = make(t);
    const [reader, target] = pipe(t);
    const copying = copy(runtime, source, target).finally(() => endOf(target));
    const received = drain(reader);
    const count = 3000;
    for (let message = 0; message < count; message++) {
      const sent = kernel.send(writer, pattern(10, message + 1), 0);
      if (sent === -EAGAIN) {
        await turns(1);
        message--;
      } else assert.equal(sent, 10);
      if (message % 50 === 0) await turns(1);
    }
    endOf(writer);
    const { bytes } = await copying;
    const expected = Array.from({ length: count }, (_, message) => pattern(10, message + 1));
    assert.equal(bytes, 10 * count);
    assert.ok((await received).equals(Buffer.concat(expected)));
  }
});

test('Z19: golang/go#75304: a full pipe as the target of a splice does not spin', async (t) => {
  let calls = 0;
  const counted = runtimeOver({
    ...linux,
    splice: (...parameters) => {
      calls++;
      return linux.splice(...parameters);
    },
  });
  for (const make of [sockets, tcp, pipe]) {
    const [left, right] = make(t);
    const [source, writer] = make === tcp ? [right, left] : [left, right];
    const [reader, target] = pipe(t);
    const feeding = feed(writer, CONTENT);
    const copying = copy(counted, source, target).finally(() => endOf(target));
    // What the peer has on its way arrives when it likes; who spins is never at rest.
    let before = -1;
    for (let round = 0; calls !== before && round < 100; round++) {
      before = calls;
      await turns(200);
    }
    const isAtRest = calls === before;
    assert.ok((await drain(reader)).equals(CONTENT));
    await Promise.all([copying, feeding]);
    assert.ok(isAtRest, make.name);
  }
});

test('Z7: an urgent byte at any place stalls nothing and spins nothing', async (t) => {
  for (const at of [0, 1, 6, 65_535, 65_536, 200_000]) {
    const [sender, source] = tcp(t);
    const target = memfd(t, EMPTY);
    const copying = copy(runtime, source, target);
    const normal = pattern(300_000, at + 1);
    await sendAll(sender, normal.subarray(0, at));
    assert.equal(kernel.send(sender, text('!'), f.MSG_OOB), 1);
    await sendAll(sender, normal.subarray(at));
    succeeds(kernel.shutdown(sender, f.SHUT_WR));
    const made = await turnsUntil(copying);
    assert.equal((await copying).bytes, normal.length);
    assert.ok(contentOf(target).equals(normal));
    assert.ok(made < 1000, `${made} turns`);
  }
});

async function sendAll(fd: number, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length; ) {
    const count = kernel.send(fd, bytes.subarray(sent), 0);
    if (count > 0) sent += count;
    else await runtime.poller.wait(fd, 4);
  }
}

test('Z8: an end with bytes on their way is an end after the last of them', async (t) => {
  for (const length of [0, 1, 4095, 4096, 65_537, 1_048_577]) {
    const [source, writer] = tcp(t);
    const [target, reader] = tcp(t);
    const content = pattern(length);
    const feeding = feed(writer, content);
    const copying = copy(runtime, source, target, { shutdown: true });
    await turns(3);
    const received = await drain(reader);
    assert.ok(received.equals(content));
    assert.equal((await copying).bytes, length);
    await feeding;
  }
});

test('Z9: a pipe that an aborted copy left bytes in is never used again', async (t) => {
  for (let round = 0; round < 20; round++) {
    const [source, writer] = sockets(t);
    const [target] = sockets(t);
    const controller = new AbortController();
    const secret = pattern(900_000, 7);
    const feeding = feed(writer, secret).catch(() => {});
    const aborted = copy(runtime, source, target, controller);
    await turns(4);
    controller.abort();
    await assert.rejects(aborted, { name: 'AbortError' });
    const [from, mine] = sockets(t);
    const file = memfd(t, EMPTY);
    const copying = copy(runtime, from, file);
    await feed(mine, text('only mine'));
    assert.equal((await copying).bytes, 9);
    assert.equal(string(contentOf(file)), 'only mine');
    succeeds(kernel.shutdown(source, f.SHUT_RDWR));
    await feeding;
  }
});

for (const [name, make] of Object.entries({ memfd, diskFile })) {
  test(`Z10: a ${name} that shrinks below its limit is an error with the count`, async (t) => {
    for (const left of [0, 1, 70_000, CONTENT.length - 1]) {
      const source = make(t, CONTENT);
      const [target, reader] = sockets(t);
      const copying = copy(runtime, source, target, { limit: CONTENT.length });
      const failing = assert.rejects(copying, { code: 'ERR_SLUICE_SOURCE_TRUNCATED' });
      await turns(1);
      succeeds(kernel.ftruncate(source, left), 0);
      const received = drain(reader);
      const error = await copying.catch((reason) => reason);
      await failing;
      endOf(target);
      assert.equal((await received).length, error.bytes);
      assert.ok(error.bytes < CONTENT.length);
    }
  });
}

test('Z10: a file that grows is cut at the limit', async (t) => {
  const source = diskFile(t, CONTENT);
  const [target, reader] = sockets(t);
  const copying = copy(runtime, source, target, { limit: CONTENT.length });
  await turns(1);
  succeeds(kernel.ftruncate(source, 2 * CONTENT.length), 0);
  const received = drain(reader);
  assert.equal((await copying).bytes, CONTENT.length);
  endOf(target);
  assert.ok((await received).equals(CONTENT));
});

test('Z10b: a file that is replaced by rename(2) arrives as it was', async (t) => {
  const path = `/tmp/sluice-renamed-${process.pid}`;
  writeFileSync(path, CONTENT);
  const source = device(t, path, f.O_RDONLY);
  const [target, reader] = sockets(t);
  const copying = copy(runtime, source, target);
  await turns(1);
  writeFileSync(`${path}.new`, pattern(CONTENT.length, 2));
  renameSync(`${path}.new`, path);
  const received = drain(reader);
  await copying;
  endOf(target);
  assert.ok((await received).equals(CONTENT));
  unlinkSync(path);
});

test('Z20: sockets of messages are refused', async (t) => {
  for (const type of [f.SOCK_DGRAM, f.SOCK_SEQPACKET]) {
    const fds = new Int32Array(2);
    succeeds(kernel.socketpair(f.AF_UNIX, type | f.SOCK_CLOEXEC, 0, fds), 0);
    const [left, right] = [keep(t, fds[0] as number), keep(t, fds[1] as number)];
    const code = 'ERR_SLUICE_UNSUPPORTED';
    await assert.rejects(copy(runtime, left, memfd(t, EMPTY)), { code, bytes: 0 });
    await assert.rejects(copy(runtime, memfd(t, CONTENT), right), { code, bytes: 0 });
  }
});

test('an Fd that is closed in mid-course ends the copy, then its number is free', async (t) => {
  for (const side of ['source', 'target'] as const) {
    const open = openDescriptors();
    const [left, right] = pipe(t);
    const [near, far] = pipe(t);
    const source = new Fd(runtime, succeeds(kernel.dup(left)));
    const target = new Fd(runtime, succeeds(kernel.dup(far)));
    const copying = copy(runtime, source, target);
    const failing = assert.rejects(copying, { code: 'ERR_SLUICE_CLOSED', bytes: 0 });
    await turns(2);
    const closing = side === 'source' ? source : target;
    const number = closing.fd;
    closing.close();
    await failing;
    assert.ok(kernel.fcntl(number, f.F_GETFD) < 0);
    (side === 'source' ? target : source).close();
    assert.deepEqual(
      openDescriptors().filter((fd) => !open.includes(fd)),
      [left, right, near, far].sort((a, b) => a - b),
    );
  }
});

test('a full disk ends the copy with ENOSPC and what had arrived', async (t: TestContext) => {
  const writable = fullAfter(100_000);
  const source = diskFile(t, CONTENT);
  const target = memfd(t, EMPTY);
  const error = await copy(writable, source, target).catch((reason) => reason);
  assert.equal(error.code, 'ENOSPC');
  assert.ok(contentOf(target).equals(CONTENT.subarray(0, error.bytes)));
  assert.equal(error.bytes, 100_000);
});

/** A kernel whose files take so many bytes by sendfile, and no more by any call. */
function fullAfter(room: number) {
  let left = room;
  const full = <P extends unknown[]>(call: (...parameters: P) => number, at: number) => {
    return (...parameters: P) => {
      if (left === 0) return -28;
      parameters[at] = Math.min(parameters[at] as number, left);
      const moved = call(...parameters);
      left -= Math.max(moved, 0);
      return moved;
    };
  };
  return runtimeOver({ ...linux, sendfile: full(linux.sendfile, 3) });
}

/** Waits for its first byte, and is closed without a word to sluice, as a FileHandle would be. */
async function moveOnce(move: (source: number, target: number) => Promise<{ bytes: number }>) {
  const fds = new Int32Array(4);
  succeeds(kernel.pipe2(f.O_NONBLOCK | f.O_CLOEXEC, fds.subarray(0, 2)), 0);
  succeeds(kernel.pipe2(f.O_NONBLOCK | f.O_CLOEXEC, fds.subarray(2)), 0);
  const [source, writer, reader, target] = fds as unknown as [number, number, number, number];
  const moving = move(source, target);
  await turns(3);
  assert.equal(kernel.write(writer, text('x')), 1);
  kernel.close(writer);
  assert.equal((await moving).bytes, 1);
  for (const fd of [source, reader, target]) kernel.close(fd);
  return [source, target];
}

test('F4: a number that was lent is forgotten: the next file of it is waited for', async () => {
  const own = runtimeOver();
  const first = await moveOnce((source, target) => copy(own, source, target));
  assert.deepEqual(await moveOnce((source, target) => copy(own, source, target)), first);
  for (let round = 0; round < 2; round++) {
    assert.deepEqual(await moveOnce((source, target) => tee(own, source, [target])), first);
  }
});

test('F4: a flow that is over leaves the waits of others as they are', async (t) => {
  const [source, writer] = sockets(t);
  const [sink, target] = pipe(t);
  const waiting = runtime.poller.wait(source, 4).then(() => runtime.poller.wait(sink, 1));
  const other = runtime.poller.wait(source, 1);
  endOf(writer);
  assert.equal((await copy(runtime, source, target)).bytes, 0);
  await other;
  const still = copy(runtime, memfd(t, text('y')), target);
  assert.equal((await still).bytes, 1);
  await waiting;
});
