import assert from 'node:assert/strict';
import { fstatSync, openSync } from 'node:fs';
import { test } from 'node:test';
import * as sys from '../../src/sys.js';

test('sys: fstat has the fields of fs.BigIntStats', (t) => {
  const fd = openSync('package.json', 'r');
  t.after(() => sys.close(fd));
  const expected = fstatSync(fd, { bigint: true });
  for (const [name, value] of Object.entries(sys.fstat(fd))) {
    assert.equal(BigInt(value), expected[name as keyof typeof expected], name);
  }
});

test('sys: lseek gives a number as long as that is exact, then a bigint', (t) => {
  const fd = sys.memfd_create('large', sys.MFD_CLOEXEC);
  t.after(() => sys.close(fd));
  assert.equal(sys.lseek(fd, 2 ** 40, sys.SEEK_SET), 2 ** 40);
  assert.equal(sys.lseek(fd, Number.MAX_SAFE_INTEGER, sys.SEEK_SET), Number.MAX_SAFE_INTEGER);
  assert.equal(sys.lseek(fd, 1, sys.SEEK_CUR), 2n ** 53n);
  assert.equal(sys.lseek(fd, 2n ** 60n + 1n, sys.SEEK_SET), 2n ** 60n + 1n);
});

test('sys: openat makes a file that the umask restricts, 0o666 as a rule', (t) => {
  const flags = sys.O_TMPFILE | sys.O_RDWR | sys.O_CLOEXEC;
  const fd = sys.openat(sys.AT_FDCWD, '.', flags);
  t.after(() => sys.close(fd));
  assert.equal(sys.fstat(fd).mode & ~0o777, sys.S_IFREG);
  assert.equal(sys.fstat(fd).mode & 0o777, 0o666 & ~process.umask());
});

test('sys: prlimit sets what it is given and answers what was', () => {
  const [soft, hard] = sys.prlimit(0, sys.RLIMIT_NOFILE);
  assert.deepEqual(sys.prlimit(0, sys.RLIMIT_NOFILE, [soft - 1n, hard]), [soft, hard]);
  assert.deepEqual(sys.prlimit(0, sys.RLIMIT_NOFILE, [soft, hard]), [soft - 1n, hard]);
  assert.equal(sys.RLIM_INFINITY, 2n ** 64n - 1n);
});

const MISTAKES: [string, () => unknown, object][] = [
  [
    'a name with a NUL',
    () => sys.openat(sys.AT_FDCWD, 'a.txt\0z', sys.O_RDONLY),
    { code: 'ERR_OUT_OF_RANGE', message: /"path".*NUL/ },
  ],
  [
    'a name that is a number',
    () => sys.openat(sys.AT_FDCWD, 5 as never, sys.O_RDONLY),
    { code: 'ERR_INVALID_ARG_TYPE', message: /"path"/ },
  ],
  [
    'flags in the place of the structure',
    () => sys.openat2(sys.AT_FDCWD, 'x', sys.O_RDONLY as never),
    { name: 'TypeError', message: /"how"/ },
  ],
  [
    'a limit that is not 64 bits',
    () => sys.openat2(sys.AT_FDCWD, 'x', { flags: 0, resolve: 2n ** 64n }),
    { name: 'RangeError', message: /"how\.resolve"/ },
  ],
  [
    'an offset that is rounded',
    () => sys.lseek(3, 2 ** 53, sys.SEEK_SET),
    { name: 'RangeError', message: /"offset"/ },
  ],
  [
    'an offset that is undefined',
    () => sys.sendfile(3, 4, undefined as never, 1),
    { name: 'TypeError', message: /"offset"/ },
  ],
  [
    'a negative count',
    () => sys.copy_file_range(3, null, 4, null, -1, 0),
    { name: 'RangeError', message: /"len"/ },
  ],
  [
    'a limit of numbers',
    () => sys.prlimit(0, sys.RLIMIT_NOFILE, [1, 2] as never),
    { name: 'TypeError', message: /"newLimit\[0\]"/ },
  ],
  [
    'a name that is not there, as bytes',
    () => sys.statfs(Buffer.from('/no such file')),
    { code: 'ENOENT', syscall: 'statfs', path: '/no such file' },
  ],
  [
    'a refusal of Linux',
    () => sys.ftruncate(-1, 0),
    { code: 'EBADF', errno: -9, syscall: 'ftruncate', fd: -1 },
  ],
];
for (const [what, call, error] of MISTAKES) {
  test(`sys: ${what} is a clear error`, () => assert.throws(call, error));
}
