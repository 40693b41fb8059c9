import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as e from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { SimKernel } from '../../../src/kernel/sim/sim.js';
import { failsWith, pattern, string, succeeds } from '../../helpers/claims.js';

const PAGE = 4096;

function open(kernel: SimKernel, path: string, flags: number): number {
  return succeeds(kernel.openat(f.AT_FDCWD, path, flags, 0o600));
}

function create(kernel: SimKernel, path = '/file'): number {
  return open(kernel, path, f.O_RDWR | f.O_CREAT);
}

function pipe(kernel: SimKernel): [reader: number, writer: number] {
  const [reader = -1, writer = -1] = pipeInto(kernel, new Int32Array(2));
  return [reader, writer];
}

function pipeInto(kernel: SimKernel, ends: Int32Array): Int32Array {
  succeeds(kernel.pipe2(0, ends), 0);
  return ends;
}

function costs(kernel: SimKernel, call: string): { bytesCopied: number; pagesPassed: number } {
  const { bytesCopied = 0, pagesPassed = 0 } = kernel.inspect().counters[call] ?? {};
  return { bytesCopied, pagesPassed };
}

test('sim: splice from a file passes its pages, to a file it copies', () => {
  const kernel = new SimKernel();
  const [source, target] = [create(kernel, '/source'), create(kernel, '/target')];
  succeeds(kernel.write(source, pattern(3 * PAGE)), 3 * PAGE);
  const [reader, writer] = pipe(kernel);
  succeeds(kernel.splice(source, 0, writer, null, 3 * PAGE, 0), 3 * PAGE);
  assert.deepEqual(costs(kernel, 'splice'), { bytesCopied: 0, pagesPassed: 3 });
  assert.equal(kernel.inspect().pagesInUse, 3);
  succeeds(kernel.splice(reader, null, target, null, 3 * PAGE, 0), 3 * PAGE);
  assert.deepEqual(costs(kernel, 'splice'), { bytesCopied: 3 * PAGE, pagesPassed: 3 });
  assert.equal(kernel.inspect().pagesInUse, 6);
  assert.deepEqual(kernel.readFile('/target'), pattern(3 * PAGE));
});

test('sim: a file goes with its name and its last descriptor, its pages with it', () => {
  const kernel = new SimKernel();
  const fd = create(kernel);
  const [reader, writer] = pipe(kernel);
  succeeds(kernel.write(fd, pattern(2 * PAGE)), 2 * PAGE);
  succeeds(kernel.splice(fd, 0, writer, null, PAGE, 0), PAGE);
  kernel.unlink('/file');
  assert.equal(kernel.inspect().pagesInUse, 2);
  succeeds(kernel.close(fd), 0);
  // The pipe still refers to one.
  assert.equal(kernel.inspect().pagesInUse, 1);
  const bytes = new Uint8Array(PAGE);
  succeeds(kernel.read(reader, bytes), PAGE);
  assert.deepEqual(bytes, pattern(2 * PAGE).subarray(0, PAGE));
  assert.equal(kernel.inspect().pagesInUse, 0);
});

test('sim: a large file has only the pages that are written', () => {
  const kernel = new SimKernel();
  const fd = succeeds(kernel.memfd_create('sparse', 0));
  const last = 2n ** 63n - 2n;
  succeeds(kernel.pwrite(fd, pattern(1), last), 1);
  assert.equal(kernel.inspect().pagesInUse, 1);
  const bytes = new Uint8Array(1);
  succeeds(kernel.pread(fd, bytes, last), 1);
  assert.deepEqual(bytes, pattern(1));
  succeeds(kernel.pread(fd, new Uint8Array(PAGE), 2n ** 62n), PAGE);
  assert.equal(kernel.inspect().pagesInUse, 1);
});

test('sim: a disk of limited size is full: a short write, then ENOSPC', () => {
  const kernel = new SimKernel({ diskBytes: 2 * PAGE });
  const fd = create(kernel);
  succeeds(kernel.write(fd, pattern(3 * PAGE)), 2 * PAGE);
  failsWith(kernel.write(fd, pattern(1)), e.ENOSPC);
  failsWith(kernel.fallocate(fd, 0, 0, 3 * PAGE), e.ENOSPC);
  succeeds(kernel.ftruncate(fd, PAGE), 0);
  succeeds(kernel.fallocate(fd, f.FALLOC_FL_KEEP_SIZE, 0, 2 * PAGE), 0);
  failsWith(kernel.pwrite(create(kernel, '/other'), pattern(1), 0), e.ENOSPC);
  // What is reserved can be written.
  succeeds(kernel.pwrite(fd, pattern(PAGE), PAGE), PAGE);
});

test('sim: what is evicted is EAGAIN once with RWF_NOWAIT', () => {
  const kernel = new SimKernel();
  const fd = create(kernel);
  succeeds(kernel.write(fd, pattern(2 * PAGE)), 2 * PAGE);
  succeeds(kernel.posix_fadvise(fd, PAGE, 0, f.POSIX_FADV_DONTNEED), 0);
  const read = () => kernel.preadv2(fd, [new Uint8Array(2 * PAGE)], 0, f.RWF_NOWAIT);
  succeeds(read(), PAGE);
  succeeds(read(), 2 * PAGE);
});

test('sim: who asks for pages of a file in advance has them', () => {
  const kernel = new SimKernel();
  const fd = create(kernel);
  succeeds(kernel.write(fd, pattern(2 * PAGE)), 2 * PAGE);
  const asks = [
    () => kernel.readahead(fd, 0, 2 * PAGE),
    () => kernel.posix_fadvise(fd, 0, 0, f.POSIX_FADV_WILLNEED),
    () => kernel.posix_fadvise(fd, 0, 2 * PAGE, f.POSIX_FADV_WILLNEED),
  ];
  for (const ask of asks) {
    succeeds(kernel.posix_fadvise(fd, 0, 0, f.POSIX_FADV_DONTNEED), 0);
    succeeds(ask(), 0);
    succeeds(kernel.preadv2(fd, [new Uint8Array(2 * PAGE)], 0, f.RWF_NOWAIT), 2 * PAGE);
  }
});

test('sim: names are made, changed and read beside the calls', () => {
  const kernel = new SimKernel();
  kernel.mkdir('/a');
  kernel.writeFile('/a/file', 'content');
  kernel.symlink('file', '/a/link');
  assert.deepEqual(kernel.readdir('/a'), ['file', 'link']);
  assert.equal(kernel.readlink('/a/link'), 'file');
  assert.equal(string(kernel.readFile('/a/link')), 'content');
  kernel.rename('/a/file', '/b');
  kernel.chmod('/b', 0o400);
  const fd = open(kernel, '/b', f.O_RDONLY);
  assert.equal(kernel.readlink(`/proc/self/fd/${fd}`), '/b');
  kernel.unlink('/b');
  assert.equal(kernel.readlink(`/proc/self/fd/${fd}`), '/b (deleted)');
  assert.throws(() => kernel.rmdir('/a'), { code: 'ENOTEMPTY', path: '/a' });
  assert.throws(() => kernel.readFile('/b'), { code: 'ENOENT', syscall: 'open', path: '/b' });
  assert.deepEqual(Object.keys(kernel.inspect().counters), ['openat']);
});

test('sim: of a mode the permissions count, as where st_mode is given back', () => {
  const kernel = new SimKernel();
  const stat = new BigInt64Array(f.STAT_FIELDS);
  const modeOf = (path: string) => {
    succeeds(kernel.fstat(open(kernel, path, f.O_PATH), stat), 0);
    return Number(stat[f.STAT_MODE]);
  };
  kernel.mkdir('/directory', f.S_IFREG | 0o700);
  kernel.mkfifo('/fifo', f.S_IFREG | 0o600);
  kernel.writeFile('/file', '', f.S_IFDIR | 0o640);
  assert.equal(modeOf('/directory'), f.S_IFDIR | 0o700);
  assert.equal(modeOf('/fifo'), f.S_IFIFO | 0o600);
  assert.equal(modeOf('/file'), f.S_IFREG | 0o640);
  kernel.chmod('/directory', modeOf('/file'));
  assert.equal(modeOf('/directory'), f.S_IFDIR | 0o640);
});

test('sim: a file that does not fit is written as far as it does, and the error says why', () => {
  const kernel = new SimKernel({ diskBytes: 2 * PAGE });
  const write = () => kernel.writeFile('/file', pattern(3 * PAGE));
  assert.throws(write, { code: 'ENOSPC', syscall: 'write', path: '/file' });
  assert.equal(kernel.readFile('/file').length, 2 * PAGE);
  const limit = BigInt(PAGE);
  succeeds(kernel.prlimit(0, f.RLIMIT_FSIZE, BigUint64Array.of(limit, limit), null), 0);
  assert.throws(write, { code: 'EFBIG', syscall: 'write', path: '/file' });
  assert.equal(kernel.readFile('/file').length, PAGE);
});

test('sim: a name of PATH_MAX bytes is too long, and however many more it has', () => {
  const kernel = new SimKernel();
  for (const count of [f.PATH_MAX, 1_000_000]) {
    const path = './'.repeat(count / 2);
    const error = { code: 'ENAMETOOLONG' };
    assert.throws(() => kernel.readdir(path), error);
    assert.throws(() => kernel.symlink(path, '/link'), error);
  }
  const longest = './'.repeat(f.PATH_MAX / 2 - 1);
  assert.ok(kernel.readdir(longest).includes('tmp'));
  kernel.symlink(longest, '/link');
  assert.equal(kernel.readlink('/link'), longest);
});

test('sim: a FIFO opens when both sides do, and a plain open that would wait says so', async () => {
  const kernel = new SimKernel();
  kernel.mkfifo('/fifo');
  failsWith(kernel.openat(f.AT_FDCWD, '/fifo', f.O_RDONLY, 0), e.EDEADLK);
  failsWith(kernel.openat(f.AT_FDCWD, '/fifo', f.O_WRONLY | f.O_NONBLOCK, 0), e.ENXIO);
  const reading = new Promise<number>((resolve) => {
    kernel.offload('openat', [f.AT_FDCWD, '/fifo', f.O_RDONLY, 0], resolve);
  });
  await Promise.resolve();
  const writer = open(kernel, '/fifo', f.O_WRONLY);
  const reader = succeeds(await reading);
  succeeds(kernel.write(writer, pattern(5)), 5);
  succeeds(kernel.read(reader, new Uint8Array(9)), 5);
});

test('sim: an interrupted open of a FIFO leaves nothing', async () => {
  const kernel = new SimKernel();
  kernel.mkfifo('/fifo');
  const opening = new Promise<number>((resolve) => {
    const parameters = [f.AT_FDCWD, '/fifo', f.O_WRONLY, 0] as const;
    const ticket = kernel.offload('openat', [...parameters], resolve);
    queueMicrotask(() => kernel.interrupt(ticket));
  });
  failsWith(await opening, e.EINTR);
  failsWith(kernel.openat(f.AT_FDCWD, '/fifo', f.O_WRONLY | f.O_NONBLOCK, 0), e.ENXIO);
  assert.deepEqual(kernel.inspect().descriptions, []);
});

test('sim: /proc has each process under its number, as long as it lives', () => {
  const kernel = new SimKernel();
  const child = kernel.fork();
  assert.deepEqual(kernel.readdir('/proc').slice(-3), ['self', '1', '2']);
  for (const name of ['01', '0x1', '1.0', ' 1', '3']) {
    failsWith(kernel.openat(f.AT_FDCWD, `/proc/${name}/status`, f.O_RDONLY, 0), e.ENOENT);
  }
  child.kill(child.pid, f.SIGKILL);
  failsWith(kernel.openat(f.AT_FDCWD, '/proc/2/status', f.O_RDONLY, 0), e.ENOENT);
});

test('sim: the status of a process has the signals that it ignores and handles', () => {
  const kernel = new SimKernel();
  kernel.sigaction(f.SIGUSR1, () => {});
  const status = string(kernel.readFile('/proc/self/status'));
  assert.match(status, /^SigIgn:\t0000000001001000$/m); // SIGPIPE and SIGXFSZ
  assert.match(status, /^SigCgt:\t0000000000000200$/m);
});
