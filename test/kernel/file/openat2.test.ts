import { join } from 'node:path';
import * as e from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { failsWith, failsWithOneOf, succeeds } from '../../helpers/claims.js';
import { row, type Subject } from '../../helpers/conformance.js';

const READ = f.O_RDONLY | f.O_CLOEXEC;

interface Tree {
  readonly root: number;
  open(path: string | Uint8Array, resolve: number): number;
}

/** A directory with files, and with links that stay in it and that leave it. */
function tree(subject: Subject): Tree {
  const { kernel, keep, names } = subject;
  const outside = subject.directory();
  names.writeFile(join(outside, 'secret'), 'secret');
  const root = join(outside, 'root');
  names.mkdir(root);
  names.mkdir(join(root, 'folder'));
  names.writeFile(join(root, 'a.txt'), 'a');
  names.writeFile(join(root, 'folder/b.txt'), 'b');
  names.symlink('a.txt', join(root, 'inside'));
  names.symlink('folder', join(root, 'way'));
  names.symlink('../secret', join(root, 'escape'));
  names.symlink('..', join(root, 'up'));
  names.symlink(join(outside, 'secret'), join(root, 'absolute'));
  names.symlink('/a.txt', join(root, 'rooted'));
  names.symlink('loop', join(root, 'loop'));
  const flags = f.O_PATH | f.O_DIRECTORY | f.O_CLOEXEC;
  const fd = keep(kernel.openat(f.AT_FDCWD, root, flags, 0));
  return {
    root: fd,
    open: (path, resolve) => {
      // EAGAIN: something was renamed meanwhile, anywhere on the machine, and .. is not certain.
      let result = -e.EAGAIN;
      for (let tries = 0; result === -e.EAGAIN && tries < 1000; tries++) {
        result = kernel.openat2(fd, path, READ, 0, resolve);
      }
      return result < 0 ? result : keep(result);
    },
  };
}

const OK = 0;
const BENEATH: [path: string, errno: number, why: string][] = [
  ['a.txt', OK, 'a file'],
  ['folder/b.txt', OK, 'a file below'],
  ['folder/../a.txt', OK, '.. that stays inside'],
  ['inside', OK, 'a link that stays inside'],
  ['way/b.txt', OK, 'a link on the way that stays inside'],
  ['.', OK, 'the directory itself'],
  ['../secret', e.EXDEV, '.. leaves'],
  ['folder/../../secret', e.EXDEV, '.. leaves later'],
  ['..', e.EXDEV, '.. alone'],
  ['/a.txt', e.EXDEV, 'a leading /'],
  ['escape', e.EXDEV, 'a link that leaves'],
  ['up/secret', e.EXDEV, 'a link on the way that leaves'],
  ['absolute', e.EXDEV, 'a link that is absolute'],
  ['rooted', e.EXDEV, 'a link that is absolute, to a name that is inside'],
  ['loop', e.ELOOP, 'a link to itself'],
  ['missing', e.ENOENT, 'nothing there'],
  ['a.txt/', e.ENOTDIR, 'a trailing / after a file'],
  ['a.txt/..', e.ENOTDIR, 'through a file'],
  ['x'.repeat(300), e.ENAMETOOLONG, '300 characters'],
  ['a.txt\0z', e.EINVAL, 'a NUL, which C would cut at'],
];
for (const [path, errno, why] of BENEATH) {
  row('openat2 H1b', `RESOLVE_BENEATH: ${why}`, (subject) => {
    const result = tree(subject).open(path, f.RESOLVE_BENEATH);
    if (errno === OK) succeeds(result);
    else failsWith(result, errno);
  });
}

row('openat2 H1b', 'RESOLVE_IN_ROOT: the directory is /', (subject) => {
  const { open } = tree(subject);
  for (const path of ['/a.txt', '../a.txt', 'rooted', 'folder/../../../a.txt']) {
    succeeds(open(path, f.RESOLVE_IN_ROOT));
  }
  failsWith(open('/secret', f.RESOLVE_IN_ROOT), e.ENOENT);
  failsWith(open('escape', f.RESOLVE_IN_ROOT), e.ENOENT);
  failsWith(open('absolute', f.RESOLVE_IN_ROOT), e.ENOENT);
});

row('openat2 H1b', 'RESOLVE_NO_SYMLINKS: no link anywhere', (subject) => {
  const { open } = tree(subject);
  succeeds(open('folder/b.txt', f.RESOLVE_NO_SYMLINKS));
  failsWith(open('inside', f.RESOLVE_NO_SYMLINKS), e.ELOOP);
  failsWith(open('way/b.txt', f.RESOLVE_NO_SYMLINKS), e.ELOOP);
});

row('openat2', 'RESOLVE_NO_MAGICLINKS, RESOLVE_NO_XDEV', (subject) => {
  const { kernel, keep } = subject;
  const { root } = tree(subject);
  const magic = `/proc/self/fd/${root}`;
  keep(kernel.openat2(f.AT_FDCWD, magic, READ, 0, 0));
  failsWith(kernel.openat2(f.AT_FDCWD, magic, READ, 0, f.RESOLVE_NO_MAGICLINKS), e.ELOOP);
  failsWith(kernel.openat2(f.AT_FDCWD, '/proc/version', READ, 0, f.RESOLVE_NO_XDEV), e.EXDEV);
});

row('openat2', 'RESOLVE_CACHED: at once, or EAGAIN', (subject) => {
  const { open } = tree(subject);
  succeeds(open('a.txt', 0));
  const result = open('a.txt', f.RESOLVE_CACHED);
  if (result < 0) failsWithOneOf(result, e.EAGAIN);
});

row('openat2', 'it creates, with a mode that openat would not question', (subject) => {
  const { kernel, keep } = subject;
  const { root } = tree(subject);
  const flags = f.O_RDWR | f.O_CREAT | f.O_EXCL | f.O_CLOEXEC;
  keep(kernel.openat2(root, 'new', flags, 0o600, f.RESOLVE_BENEATH));
  failsWith(kernel.openat2(root, 'new', flags, 0o600, f.RESOLVE_BENEATH), e.EEXIST);
  failsWith(kernel.openat2(root, 'newer', flags, 0o600, f.RESOLVE_BENEATH | 0x1000), e.EINVAL);
  failsWith(kernel.openat2(root, 'newer', flags, 0o10_0600, 0), e.EINVAL);
  failsWith(kernel.openat2(root, 'a.txt', READ, 0o600, 0), e.EINVAL);
});

row('openat2', 'unknown flags are EINVAL, also in the upper half', (subject) => {
  const { kernel } = subject;
  const { root } = tree(subject);
  failsWith(kernel.openat2(root, 'a.txt', 2n ** 40n, 0, 0), e.EINVAL);
  failsWith(kernel.openat2(root, 'a.txt', READ, 0, 2n ** 63n), e.EINVAL);
  failsWith(kernel.openat2(root, 'a.txt', -1, 0, 0), e.EINVAL);
  failsWith(kernel.openat2(root, 'a.txt', READ, 0, 0.5), e.EINVAL);
  failsWith(kernel.openat2(root, 'a.txt', READ, 0, 2n ** 64n), e.EINVAL);
  failsWith(kernel.openat2(-1, 'a.txt', READ, 0, 0), e.EBADF);
  const both = f.RESOLVE_BENEATH | f.RESOLVE_IN_ROOT;
  failsWith(kernel.openat2(root, 'a.txt', READ, 0, both), e.EINVAL);
});

row('openat2', 'offloaded, it answers the same', async (subject) => {
  const { root } = tree(subject);
  subject.keep(await subject.offload('openat2', root, 'a.txt', READ, 0, f.RESOLVE_BENEATH));
  const escaping = subject.offload('openat2', root, 'escape', READ, 0, f.RESOLVE_BENEATH);
  failsWith(await escaping, e.EXDEV);
});
