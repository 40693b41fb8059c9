import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { linux } from '../../src/kernel/linux.js';
import * as sys from '../../src/sys.js';

const SO_PASSCRED = 16;
const SO_PASSPIDFD = 76;
const { AF_UNIX, SOCK_STREAM, SOCK_CLOEXEC, MSG_CTRUNC, MSG_DONTWAIT } = sys;

const pair = () => sys.socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
const open = (): string => readdirSync('/proc/self/fd').join(' ');
const byte = () => Buffer.alloc(1);

function close(...fds: readonly number[]): void {
  for (const fd of fds) sys.close(fd);
}

test('sys.promises.recvmsg() waits, and answers as sys.recvmsg() does', async () => {
  const [left, right] = pair();
  const receiving = sys.promises.recvmsg(right, [Buffer.alloc(8)], 1, sys.MSG_CMSG_CLOEXEC);
  assert.equal(await sys.promises.sendmsg({ fd: left }, [byte()], [left, { fd: right }], 0), 1);
  const { bytes, fds, flags } = await receiving;
  assert.deepEqual([bytes, fds.length], [1, 1]);
  assert.equal(flags, MSG_CTRUNC | sys.MSG_CMSG_CLOEXEC);
  close(left, right, ...fds);
});

test('sys: SO_PASSCRED takes room, and what has none is closed', () => {
  const before = open();
  const [left, right] = pair();
  sys.setsockopt(right, sys.SOL_SOCKET, SO_PASSCRED, 1);
  for (const [room, count] of [
    [1, 0],
    [8, 0],
    [9, 1],
    [10, 2],
    [16, 2],
  ] as const) {
    sys.sendmsg(left, [byte()], [left, right], 0);
    const { fds, flags } = sys.recvmsg(right, [byte()], room, 0);
    assert.equal(fds.length, count, `room for ${room}`);
    assert.equal(flags, count === 2 ? 0 : MSG_CTRUNC);
    close(...fds);
  }
  close(left, right);
  assert.equal(open(), before);
});

const [left, right] = pair();
const knows =
  linux.setsockopt(right, sys.SOL_SOCKET, SO_PASSPIDFD, Uint8Array.of(1, 0, 0, 0)) === 0;
close(left, right);
const skip = knows ? false : 'needs Linux 6.5';
test('sys: a pidfd of SO_PASSPIDFD is closed, and MSG_CTRUNC says so', { skip }, () => {
  const before = open();
  const [left, right] = pair();
  sys.setsockopt(right, sys.SOL_SOCKET, SO_PASSPIDFD, 1);
  for (const sent of [[], [left], [left, right]]) {
    sys.sendmsg(left, [byte()], sent, 0);
    const { fds, flags } = sys.recvmsg(right, [byte()], 16, 0);
    assert.deepEqual([fds.length, flags], [sent.length, MSG_CTRUNC]);
    close(...fds);
  }
  close(left, right);
  assert.equal(open(), before);
});

test('what a worker was about to receive when it ended is not left open', async () => {
  const [left, right] = pair();
  const body = new URL('./passing.worker.js', import.meta.url);
  const round = async () => {
    const worker = new Worker(body, { workerData: right });
    await once(worker, 'message');
    const exit = once(worker, 'exit');
    void worker.terminate();
    sys.sendmsg(left, [byte()], [left, right], 0);
    await exit;
    // Either the worker's thread has taken it, or it is still there.
    linux.recv(right, byte(), MSG_DONTWAIT);
  };
  await round();
  const before = readdirSync('/proc/self/fd').length;
  for (let index = 0; index < 30; index++) await round();
  assert.ok(readdirSync('/proc/self/fd').length <= before);
  close(left, right);
});

type Mistake = [what: string, call: () => unknown, error: object];
const MISTAKES: readonly Mistake[] = [
  [
    'descriptors that are no array',
    () => sys.sendmsg(3, [byte()], 4 as never, 0),
    { code: 'ERR_INVALID_ARG_TYPE', message: /"fds"/ },
  ],
  [
    'a descriptor that is a string',
    () => sys.sendmsg(3, [byte()], [0, '1' as never], 0),
    { code: 'ERR_INVALID_ARG_TYPE', message: /"fds\[1\]"/ },
  ],
  [
    'room for more than Linux sends',
    () => sys.recvmsg(3, [byte()], 254, 0),
    { code: 'ERR_OUT_OF_RANGE', message: /"maxFds".*253/ },
  ],
  [
    'bytes that are no array of buffers',
    () => sys.recvmsg(3, byte() as never, 1, 0),
    { code: 'ERR_INVALID_ARG_TYPE', message: /"iov"/ },
  ],
  [
    'a refusal of Linux',
    () => sys.sendmsg(-1, [byte()], null, 0),
    { code: 'EBADF', errno: -9, syscall: 'sendmsg', fd: -1 },
  ],
];
for (const [what, call, error] of MISTAKES) {
  test(`sys: ${what} is a clear error`, () => assert.throws(call, error));
}
