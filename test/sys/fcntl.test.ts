import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import * as sys from '../../src/sys.js';

/** A pipe for the length of a test. */
function withPipe(body: (reader: number, writer: number) => void): void {
  const ends = sys.pipe2(sys.O_CLOEXEC);
  try {
    body(...ends);
  } finally {
    for (const fd of ends) sys.close(fd);
  }
}

/** The leader of a process group of its own. */
async function groupLeader(): Promise<{ child: ChildProcess; pid: number }> {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  await once(child, 'spawn');
  return { child, pid: child.pid as number };
}

test('sys.fcntl(F_GETOWN) answers a process group as a negative number', async () => {
  const { child, pid } = await groupLeader();
  withPipe((reader) => {
    assert.equal(sys.fcntl(reader, sys.F_GETOWN), 0);
    assert.equal(sys.fcntl(reader, sys.F_SETOWN, -pid), 0);
    assert.equal(sys.fcntl(reader, sys.F_GETOWN), -pid);
    assert.deepEqual(sys.fcntl(reader, sys.F_GETOWN_EX), { type: sys.F_OWNER_PGRP, id: pid });
    assert.equal(sys.fcntl(reader, sys.F_SETOWN, pid), 0);
    assert.equal(sys.fcntl(reader, sys.F_GETOWN), pid);
  });
  child.stdin?.end();
  await once(child, 'exit');
});

test('sys.fcntl(F_SETPIPE_SZ) answers the capacity that there is', () => {
  withPipe((reader, writer) => {
    assert.equal(sys.fcntl(writer, sys.F_SETPIPE_SZ, 5000), 8192);
    assert.equal(sys.fcntl(reader, sys.F_GETPIPE_SZ), 8192);
  });
});

test('sys.fcntl() takes whatever carries a descriptor', () => {
  withPipe((reader) => {
    assert.equal(sys.fcntl({ fd: reader }, sys.F_GETFD), sys.FD_CLOEXEC);
  });
});

test('sys.fcntl(F_OFD_GETLK) answers the lock, exact beyond 2^53', () => {
  const file = sys.memfd_create('locks', sys.MFD_CLOEXEC);
  const other = sys.openat(sys.AT_FDCWD, `/proc/self/fd/${file}`, sys.O_RDWR | sys.O_CLOEXEC, 0);
  const far = 2n ** 53n + 1n;
  const range = { whence: sys.SEEK_SET, start: far, len: 3 };
  assert.equal(sys.fcntl(file, sys.F_OFD_SETLK, { type: sys.F_WRLCK, ...range }), 0);
  const all = { type: sys.F_RDLCK, whence: sys.SEEK_SET, start: 0, len: 0 };
  const found = sys.fcntl(other, sys.F_OFD_GETLK, all);
  assert.deepEqual(found, { type: sys.F_WRLCK, whence: sys.SEEK_SET, start: far, len: 3, pid: -1 });
  assert.throws(() => sys.fcntl(other, sys.F_OFD_SETLK, all), { code: 'EAGAIN', fd: other });
  assert.equal(sys.fcntl(file, sys.F_OFD_SETLK, { ...all, type: sys.F_UNLCK }), 0);
  assert.equal(sys.fcntl(other, sys.F_OFD_GETLK, all).type, sys.F_UNLCK);
  sys.close(other);
  sys.close(file);
});

test('sys.fcntl(F_ADD_SEALS) seals, F_GET_SEALS tells', () => {
  const file = sys.memfd_create('seals', sys.MFD_CLOEXEC | sys.MFD_ALLOW_SEALING);
  assert.equal(sys.fcntl(file, sys.F_ADD_SEALS, sys.F_SEAL_WRITE | sys.F_SEAL_SEAL), 0);
  assert.equal(sys.fcntl(file, sys.F_GET_SEALS), sys.F_SEAL_WRITE | sys.F_SEAL_SEAL);
  assert.throws(() => sys.write(file, new Uint8Array(1)), { code: 'EPERM', syscall: 'write' });
  sys.close(file);
});

test('sys.ioctl(FIONBIO) takes a boolean or a number', () => {
  withPipe((reader) => {
    for (const [on, flag] of [
      [true, sys.O_NONBLOCK],
      [false, 0],
      [7, sys.O_NONBLOCK],
      [0, 0],
    ] as const) {
      assert.equal(sys.ioctl(reader, sys.FIONBIO, on), 0);
      assert.equal(sys.fcntl(reader, sys.F_GETFL) & sys.O_NONBLOCK, flag);
    }
  });
});

test('sys.read() and sys.write() take every shape of bytes', () => {
  withPipe((reader, writer) => {
    for (const bytes of [
      new Uint8Array(8),
      new Float64Array(1),
      new DataView(new ArrayBuffer(16), 4, 8),
      new ArrayBuffer(8),
      new SharedArrayBuffer(8),
      Buffer.alloc(8),
    ]) {
      assert.equal(sys.write(writer, bytes), 8);
      assert.equal(sys.read(reader, bytes), 8);
    }
  });
});
