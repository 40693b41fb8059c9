import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { EAGAIN, EBADF, EINVAL, EPERM } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import type { Kernel } from '../../../src/kernel/kernel.js';
import { failsWith, string, succeeds, text } from '../../helpers/claims.js';
import { row } from '../../helpers/conformance.js';
import { content, fill } from '../../helpers/transfer.js';

const SETTABLE = f.O_APPEND | f.O_ASYNC | f.O_DIRECT | f.O_NOATIME | f.O_NONBLOCK;

function statusFlags(kernel: Kernel, fd: number): number {
  return succeeds(kernel.fcntl(fd, f.F_GETFL)) & ~f.O_LARGEFILE;
}

row('FFL-01', 'F_GETFL shows the access mode under mask 3', ({ kernel, keep, path }) => {
  const name = path();
  keep(kernel.openat(f.AT_FDCWD, name, f.O_WRONLY | f.O_CREAT, 0o600));
  for (const mode of [f.O_RDONLY, f.O_WRONLY, f.O_RDWR]) {
    const fd = keep(kernel.openat(f.AT_FDCWD, name, mode | f.O_NONBLOCK, 0));
    assert.equal(statusFlags(kernel, fd) & f.O_ACCMODE, mode);
    assert.equal(statusFlags(kernel, fd), mode | f.O_NONBLOCK);
  }
});

row('FFL-02', 'F_GETFL shows O_APPEND', ({ kernel, keep, path }) => {
  const flags = f.O_WRONLY | f.O_CREAT | f.O_APPEND;
  const fd = keep(kernel.openat(f.AT_FDCWD, path(), flags, 0o600));
  assert.equal(statusFlags(kernel, fd), f.O_WRONLY | f.O_APPEND);
});

row(['FFL-03', 'FFL-04'], 'F_GETFL shows no creation flags and no O_CLOEXEC', (subject) => {
  const { kernel, keep, path } = subject;
  const creation = f.O_CREAT | f.O_EXCL | f.O_TRUNC | f.O_NOCTTY;
  const fd = keep(kernel.openat(f.AT_FDCWD, path(), f.O_RDWR | creation | f.O_CLOEXEC, 0o600));
  assert.equal(statusFlags(kernel, fd), f.O_RDWR);
  succeeds(kernel.fcntl(fd, f.F_GETFD), f.FD_CLOEXEC);
});

row('FFL-05', 'with O_NONBLOCK what would wait is EAGAIN', ({ kernel, pipe }) => {
  const [reader, writer] = pipe();
  for (const fd of [reader, writer]) succeeds(kernel.fcntl(fd, f.F_SETFL, f.O_NONBLOCK), 0);
  failsWith(kernel.read(reader, new Uint8Array(1)), EAGAIN);
  fill(kernel, writer);
  failsWith(kernel.write(writer, new Uint8Array(1)), EAGAIN);
});

row('FFL-06', 'old flags, then with O_NONBLOCK, then the old again: it blocks', async (subject) => {
  const { kernel, pipe, process } = subject;
  const [reader, writer] = pipe();
  const child = await process([reader]);
  const old = succeeds(kernel.fcntl(reader, f.F_GETFL));
  succeeds(kernel.fcntl(reader, f.F_SETFL, old | f.O_NONBLOCK), 0);
  failsWith(kernel.read(reader, new Uint8Array(1)), EAGAIN);
  succeeds(kernel.fcntl(reader, f.F_SETFL, old), 0);
  const reading = child.call('read', child.inherited[0] as number, new Uint8Array(1));
  await child.asleep('read');
  succeeds(kernel.write(writer, text('x')), 1);
  succeeds(await reading, 1);
});

row('FFL-07', 'F_SETFL ignores the access mode', ({ kernel, pipe }) => {
  const [reader] = pipe();
  succeeds(kernel.fcntl(reader, f.F_SETFL, f.O_RDWR), 0);
  assert.equal(statusFlags(kernel, reader), f.O_RDONLY);
  failsWith(kernel.write(reader, text('x')), EBADF);
});

row('FFL-08', 'F_SETFL ignores creation flags, O_SYNC, O_DSYNC, O_CLOEXEC', ({ kernel, file }) => {
  const fd = file();
  const creation = f.O_CREAT | f.O_EXCL | f.O_TRUNC | f.O_NOCTTY | f.O_DIRECTORY;
  succeeds(kernel.write(fd, text('kept')), 4);
  succeeds(kernel.fcntl(fd, f.F_SETFL, creation | f.O_SYNC | f.O_DSYNC | f.O_CLOEXEC), 0);
  assert.equal(statusFlags(kernel, fd), f.O_RDWR);
  assert.equal(string(content(kernel, fd)), 'kept');
});

row('FFL-09', 'F_SETFL replaces all five settable flags', ({ kernel, pipe }) => {
  const [, writer] = pipe();
  succeeds(kernel.fcntl(writer, f.F_SETFL, SETTABLE), 0);
  assert.equal(statusFlags(kernel, writer), f.O_WRONLY | SETTABLE);
  succeeds(kernel.fcntl(writer, f.F_SETFL, f.O_NONBLOCK), 0);
  assert.equal(statusFlags(kernel, writer), f.O_WRONLY | f.O_NONBLOCK);
});

row('FFL-10', 'after F_SETFL O_APPEND a write goes to the end', ({ kernel, file }) => {
  const fd = file(text('0123456789'));
  succeeds(kernel.fcntl(fd, f.F_SETFL, f.O_APPEND), 0);
  succeeds(kernel.write(fd, text('end')), 3);
  assert.equal(string(content(kernel, fd)), '0123456789end');
});

/** CAP_LINUX_IMMUTABLE, without which no file becomes append-only. */
function withoutImmutable(): string | false {
  const effective = /^CapEff:\s*(\w+)/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1];
  const may = (BigInt(`0x${effective}`) >> 9n) & 1n;
  return may === 1n ? false : 'needs CAP_LINUX_IMMUTABLE';
}

row(
  'FFL-11',
  'clearing O_APPEND on an append-only file is EPERM',
  async ({ kernel, keep, path, process }) => {
    const FS_IOC_SETFLAGS = 0x40086602;
    const FS_APPEND_FL = 0x20;
    const fd = keep(kernel.openat(f.AT_FDCWD, path(), f.O_WRONLY | f.O_CREAT | f.O_APPEND, 0o600));
    const child = await process([fd]);
    const [theirs] = child.inherited as [number];
    const set = (bits: number) => child.call('ioctl', theirs, FS_IOC_SETFLAGS, Int32Array.of(bits));
    succeeds(await set(FS_APPEND_FL), 0);
    const cleared = kernel.fcntl(fd, f.F_SETFL, 0);
    const kept = kernel.fcntl(fd, f.F_SETFL, f.O_APPEND | f.O_NONBLOCK);
    succeeds(await set(0), 0);
    failsWith(cleared, EPERM);
    succeeds(kept, 0);
  },
  { skip: withoutImmutable() },
);

row('FFL-12', 'F_SETFL of an O_PATH descriptor is EBADF; F_GETFL works', (subject) => {
  const { kernel, keep, directory } = subject;
  const fd = keep(kernel.openat(f.AT_FDCWD, directory(), f.O_PATH, 0));
  assert.equal(statusFlags(kernel, fd), f.O_PATH);
  failsWith(kernel.fcntl(fd, f.F_SETFL, f.O_NONBLOCK), EBADF);
});

row(['FFL-13', 'FFL-14'], 'every command on a bad descriptor is EBADF', (subject) => {
  const { kernel, file, close } = subject;
  const closed = file();
  close(closed);
  const ints = () => new Int32Array(2);
  const lock = () => new BigInt64Array(5);
  for (const fd of [closed, -1]) {
    for (const command of [f.F_GETFD, f.F_GETFL, f.F_GETSIG, f.F_GETPIPE_SZ, f.F_GET_SEALS])
      failsWith(kernel.fcntl(fd, command), EBADF);
    for (const command of [f.F_DUPFD, f.F_DUPFD_CLOEXEC, f.F_SETFD, f.F_SETFL, f.F_SETOWN])
      failsWith(kernel.fcntl(fd, command, 0), EBADF);
    for (const command of [f.F_SETSIG, f.F_SETPIPE_SZ, f.F_ADD_SEALS])
      failsWith(kernel.fcntl(fd, command, 0), EBADF);
    for (const command of [f.F_GETOWN_EX, f.F_SETOWN_EX])
      failsWith(kernel.fcntl(fd, command, ints()), EBADF);
    for (const command of [f.F_OFD_GETLK, f.F_OFD_SETLK])
      failsWith(kernel.fcntl(fd, command, lock()), EBADF);
  }
});

row('FFL-09', 'O_DIRECT is refused where memfd_create made the file', ({ kernel, keep }) => {
  const fd = keep(kernel.memfd_create('direct', f.MFD_CLOEXEC));
  failsWith(kernel.fcntl(fd, f.F_SETFL, f.O_DIRECT), EINVAL);
});

row('FFL-15', 'O_NONBLOCK on a regular file is accepted and changes nothing', (subject) => {
  const { kernel, file } = subject;
  const fd = file();
  succeeds(kernel.fcntl(fd, f.F_SETFL, f.O_NONBLOCK), 0);
  assert.equal(statusFlags(kernel, fd), f.O_RDWR | f.O_NONBLOCK);
  succeeds(kernel.pwrite(fd, text('abc'), 0), 3);
  succeeds(kernel.read(fd, new Uint8Array(8)), 3);
  succeeds(kernel.read(fd, new Uint8Array(8)), 0);
});

row('FFL-16', 'the commands have the numbers of the headers', () => {
  const commands = [f.F_DUPFD, f.F_GETFD, f.F_SETFD, f.F_GETFL, f.F_SETFL, f.F_SETOWN, f.F_GETOWN];
  const linux = [f.F_SETSIG, f.F_GETSIG, f.F_DUPFD_CLOEXEC, f.F_SETPIPE_SZ, f.F_GETPIPE_SZ];
  assert.deepEqual(commands, [0, 1, 2, 3, 4, 8, 9]);
  assert.deepEqual(linux, [10, 11, 1030, 1031, 1032]);
});

row('FFL-17', 'the flags have the values of the headers', () => {
  const modes = [f.FD_CLOEXEC, f.O_RDONLY, f.O_WRONLY, f.O_RDWR];
  const flags = [f.O_CREAT, f.O_APPEND, f.O_NONBLOCK, f.O_ASYNC, f.O_CLOEXEC];
  assert.deepEqual(modes, [1, 0, 1, 2]);
  assert.deepEqual(flags, [0o100, 0o2000, 0o4000, 0o20000, 0o2000000]);
  assert.equal(f.O_DIRECT, process.arch === 'arm64' ? 0o200000 : 0o40000);
});
