import assert from 'node:assert/strict';
import { join } from 'node:path';
import * as e from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import type { Kernel } from '../../../src/kernel/kernel.js';
import { failsWith, string, succeeds, text } from '../../helpers/claims.js';
import { row } from '../../helpers/conformance.js';
import { position, receive } from '../../helpers/transfer.js';

const { AT_FDCWD, O_CLOEXEC, O_CREAT, O_RDONLY, O_RDWR } = f;

function mode(kernel: Kernel, fd: number): number {
  const stat = new BigInt64Array(f.STAT_FIELDS);
  succeeds(kernel.fstat(fd, stat), 0);
  return Number(stat[f.STAT_MODE]);
}

row('openat', 'O_CREAT makes a file with the mode, without the umask', (subject) => {
  const { kernel, keep, path } = subject;
  const fd = keep(kernel.openat(AT_FDCWD, path(), O_RDWR | O_CREAT | O_CLOEXEC, 0o640));
  assert.equal(mode(kernel, fd) & ~0o022, f.S_IFREG | (0o640 & ~0o022));
  succeeds(kernel.fcntl(fd, f.F_GETFD), f.FD_CLOEXEC);
  const plain = keep(kernel.openat(AT_FDCWD, path(), O_RDWR | O_CREAT, 0o600));
  succeeds(kernel.fcntl(plain, f.F_GETFD), 0);
});

row('openat', 'O_EXCL, O_TRUNC, O_APPEND', ({ kernel, keep, path }) => {
  const name = path();
  const open = (flags: number) => kernel.openat(AT_FDCWD, name, flags | O_CLOEXEC, 0o600);
  failsWith(open(O_RDWR), e.ENOENT);
  succeeds(kernel.write(keep(open(O_RDWR | O_CREAT | f.O_EXCL)), text('content')), 7);
  failsWith(open(O_RDWR | O_CREAT | f.O_EXCL), e.EEXIST);
  const appending = keep(open(f.O_WRONLY | f.O_APPEND));
  succeeds(kernel.write(appending, text(' and more')), 9);
  assert.equal(position(kernel, appending), 16);
  assert.equal(string(receive(kernel, keep(open(O_RDONLY)))), 'content and more');
  assert.equal(receive(kernel, keep(open(O_RDWR | f.O_TRUNC))).length, 0);
});

row('openat', 'a name is relative to the directory', ({ kernel, keep, directory }) => {
  const name = directory();
  const flags = O_RDONLY | f.O_DIRECTORY | O_CLOEXEC;
  const parent = keep(kernel.openat(AT_FDCWD, name, flags, 0));
  keep(kernel.openat(parent, 'child', O_RDWR | O_CREAT | O_CLOEXEC, 0o600));
  keep(kernel.openat(AT_FDCWD, join(name, 'child'), O_RDONLY | O_CLOEXEC, 0));
  failsWith(kernel.openat(-1, 'child', O_RDONLY, 0), e.EBADF);
  // An absolute name does not look at the directory.
  keep(kernel.openat(-1, join(name, 'child'), O_RDONLY | O_CLOEXEC, 0));
});

row('openat', 'O_TMPFILE makes a file without a name', ({ kernel, keep, directory, names }) => {
  const name = directory();
  const fd = keep(kernel.openat(AT_FDCWD, name, f.O_TMPFILE | O_RDWR | O_CLOEXEC, 0o600));
  succeeds(kernel.write(fd, text('x')), 1);
  assert.deepEqual(names.readdir(name), []);
  failsWith(kernel.openat(AT_FDCWD, name, f.O_TMPFILE | O_RDONLY, 0o600), e.EINVAL);
});

row('openat', 'O_DIRECTORY, O_NOFOLLOW and kinds that do not fit', (subject) => {
  const { kernel, path, directory, names } = subject;
  const file = path();
  names.writeFile(file, 'x');
  const link = path();
  names.symlink(file, link);
  const open = (name: string, flags: number) => kernel.openat(AT_FDCWD, name, flags, 0);
  failsWith(open(file, O_RDONLY | f.O_DIRECTORY), e.ENOTDIR);
  failsWith(open(`${file}/`, O_RDONLY), e.ENOTDIR);
  failsWith(open(join(file, 'child'), O_RDONLY), e.ENOTDIR);
  failsWith(open(directory(), O_RDWR), e.EISDIR);
  failsWith(open(link, O_RDONLY | f.O_NOFOLLOW), e.ELOOP);
  assert.equal(mode(kernel, subject.keep(open(link, O_RDONLY))) & f.S_IFMT, f.S_IFREG);
  const itself = subject.keep(open(link, f.O_PATH | f.O_NOFOLLOW | O_CLOEXEC));
  assert.equal(mode(kernel, itself) & f.S_IFMT, f.S_IFLNK);
});

row('openat', 'O_PATH names a file and reads nothing', ({ kernel, keep, path, names }) => {
  const name = path();
  names.writeFile(name, 'x');
  const fd = keep(kernel.openat(AT_FDCWD, name, f.O_PATH | O_CLOEXEC, 0));
  failsWith(kernel.read(fd, new Uint8Array(1)), e.EBADF);
  failsWith(kernel.fsync(fd), e.EBADF);
  assert.equal(mode(kernel, fd) & f.S_IFMT, f.S_IFREG);
});

row('openat', 'names as bytes, not UTF-8', ({ kernel, keep, directory }) => {
  const parent = directory();
  const name = Buffer.concat([text(`${parent}/`), Uint8Array.of(0xff, 0xfe)]);
  keep(kernel.openat(AT_FDCWD, name, O_RDWR | O_CREAT | O_CLOEXEC, 0o600));
  failsWith(kernel.openat(AT_FDCWD, name, O_RDWR | O_CREAT | f.O_EXCL, 0o600), e.EEXIST);
  // As UTF-8 each of the two would be this character.
  failsWith(kernel.openat(AT_FDCWD, `${parent}/\ufffd\ufffd`, O_RDONLY, 0), e.ENOENT);
});

row('openat', 'names with a NUL, too long, empty, of no type', ({ kernel, path, names }) => {
  const name = path();
  names.writeFile(name, 'x');
  const open = (path: unknown) => kernel.openat(AT_FDCWD, path as string, O_RDONLY, 0);
  failsWith(open(`${name}\0z`), e.EINVAL);
  failsWith(open(text(`${name}\0z`)), e.EINVAL);
  failsWith(open('a'.repeat(300)), e.ENAMETOOLONG);
  failsWith(open('/a'.repeat(2048)), e.ENAMETOOLONG);
  failsWith(open(new Uint8Array(4096).fill(47)), e.ENAMETOOLONG);
  failsWith(open('é'.repeat(2048)), e.ENAMETOOLONG);
  failsWith(open(''), e.ENOENT);
  for (const value of [null, undefined, 5, {}, ['x']]) failsWith(open(value), e.EFAULT);
});

row(
  'openat',
  'a name of 4095 bytes, and one more character of any length',
  ({ kernel, path, names }) => {
    const name = path();
    names.writeFile(name, 'x');
    const longest = name.replace(/[^/]+$/, (last) => '/'.repeat(4095 - name.length) + last);
    const open = (path: string) => kernel.openat(AT_FDCWD, path, O_RDONLY, 0);
    succeeds(kernel.close(succeeds(open(longest))), 0);
    for (const character of ['a', 'é', '€', '😀', '\ud800']) {
      failsWith(open(`${longest}${character}`), e.ENAMETOOLONG);
      failsWith(
        open(`${longest.slice(1)}${character}`),
        character === 'a' ? e.ENOENT : e.ENAMETOOLONG,
      );
    }
  },
);

row('openat', 'a FIFO without the other side: O_NONBLOCK, and asleep', async (subject) => {
  const { kernel, keep, directory } = subject;
  const fifo = join(directory(), 'fifo');
  const child = await subject.process();
  succeeds(await child.call('mknodat', AT_FDCWD, fifo, f.S_IFIFO | 0o600, 0), 0);
  failsWith(kernel.openat(AT_FDCWD, fifo, f.O_WRONLY | f.O_NONBLOCK, 0), e.ENXIO);
  const opening = child.call('openat', AT_FDCWD, fifo, f.O_WRONLY, 0);
  await child.asleep('openat');
  keep(kernel.openat(AT_FDCWD, fifo, O_RDONLY | f.O_NONBLOCK | O_CLOEXEC, 0));
  succeeds(await opening);
});

row('openat', 'offloaded, it sleeps for a FIFO and answers the descriptor', async (subject) => {
  const { kernel, keep, directory } = subject;
  const fifo = join(directory(), 'fifo');
  const child = await subject.process();
  succeeds(await child.call('mknodat', AT_FDCWD, fifo, f.S_IFIFO | 0o600, 0), 0);
  const opening = subject.offload('openat', AT_FDCWD, fifo, O_RDONLY | O_CLOEXEC, 0);
  const writer = await child.call('openat', AT_FDCWD, fifo, f.O_WRONLY, 0);
  const reader = keep(await opening);
  succeeds(await child.call('write', writer, text('through')), 7);
  assert.equal(string(receive(kernel, reader)), 'through');
});

row('openat', 'without a free descriptor it is EMFILE', async (subject) => {
  const child = await subject.process();
  const limit = BigUint64Array.of(3n, 3n);
  succeeds(await child.call('prlimit', 0, f.RLIMIT_NOFILE, limit, null), 0);
  failsWith(await child.call('openat', AT_FDCWD, '/dev/null', O_RDONLY, 0), e.EMFILE);
});

row(
  'openat',
  'without permission it is EACCES',
  async (subject) => {
    const name = subject.path();
    subject.names.mkdir(name, 0o700);
    const child = await subject.process();
    await child.dropPrivileges();
    failsWith(await child.call('openat', AT_FDCWD, join(name, 'x'), O_RDONLY, 0), e.EACCES);
  },
  { skip: process.getuid?.() === 0 ? false : 'needs root, to become another user' },
);
