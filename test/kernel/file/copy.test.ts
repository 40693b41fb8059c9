import assert from 'node:assert/strict';
import * as e from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { failsWith, failsWithOneOf, pattern, succeeds, text } from '../../helpers/claims.js';
import { row } from '../../helpers/conformance.js';
import { content, NOWHERE, offsetVariable, position, receive } from '../../helpers/transfer.js';

const sent = pattern(5000);

row('copy_file_range', 'without offsets both file offsets are used and moved', (subject) => {
  const { kernel, file } = subject;
  const [source, target] = [file(sent), file()];
  succeeds(kernel.copy_file_range(source, null, target, null, 2000, 0), 2000);
  succeeds(kernel.copy_file_range(source, null, target, null, 9000, 0), 3000);
  succeeds(kernel.copy_file_range(source, null, target, null, 9000, 0), 0);
  assert.deepEqual(content(kernel, target), sent);
  assert.equal(position(kernel, source), 5000);
  assert.equal(position(kernel, target), 5000);
});

row('copy_file_range', 'offsets are used instead, and advance', (subject) => {
  const { kernel, file } = subject;
  const [source, target] = [file(sent), file(text('head'))];
  const from = offsetVariable(subject, 1000);
  const to = offsetVariable(subject, 4);
  succeeds(kernel.copy_file_range(source, from.pointer, target, to.pointer, 500, 0), 500);
  assert.deepEqual([from.value(), to.value()], [1500, 504]);
  assert.deepEqual([position(kernel, source), position(kernel, target)], [0, 0]);
  assert.deepEqual(content(kernel, target).subarray(4), sent.subarray(1000, 1500));
  succeeds(kernel.copy_file_range(source, 4999n, target, 10_000n, 500n, 0), 1);
  assert.equal(content(kernel, target).length, 10_001);
});

row('copy_file_range', 'offsets beyond 2^31 and 2^32 in sparse files', (subject) => {
  const { kernel, file } = subject;
  const [source, target] = [file(), file()];
  for (const offset of [2 ** 31 - 1, 2 ** 32, 2 ** 32 + 1]) {
    const bytes = pattern(100, offset);
    succeeds(kernel.pwrite(source, bytes, offset), 100);
    succeeds(kernel.copy_file_range(source, offset, target, offset + 7, 100, 0), 100);
    const copied = new Uint8Array(100);
    succeeds(kernel.pread(target, copied, offset + 7), 100);
    assert.deepEqual(copied, bytes);
  }
});

row('copy_file_range', 'within one file: apart is fine, overlapping is EINVAL', (subject) => {
  const { kernel, file } = subject;
  const fd = file(sent);
  succeeds(kernel.copy_file_range(fd, 0, fd, 5000, 5000, 0), 5000);
  assert.deepEqual(content(kernel, fd).subarray(5000), sent);
  failsWith(kernel.copy_file_range(fd, 0, fd, 100, 200, 0), e.EINVAL);
  failsWith(kernel.copy_file_range(fd, 100, fd, 0, 200, 0), e.EINVAL);
  failsWith(kernel.copy_file_range(fd, 0, fd, 0, 1, 0), e.EINVAL);
});

row('copy_file_range', 'a target with O_APPEND is EBADF', ({ kernel, file, path, keep }) => {
  const flags = f.O_WRONLY | f.O_CREAT | f.O_APPEND | f.O_CLOEXEC;
  const target = keep(kernel.openat(f.AT_FDCWD, path(), flags, 0o600));
  failsWith(kernel.copy_file_range(file(sent), null, target, null, 10, 0), e.EBADF);
});

row('copy_file_range', 'the wrong mode, O_PATH, not open are EBADF', (subject) => {
  const { kernel, file, path, keep } = subject;
  const name = path();
  const create = f.O_WRONLY | f.O_CREAT | f.O_CLOEXEC;
  const writing = keep(kernel.openat(f.AT_FDCWD, name, create, 0o600));
  const reading = keep(kernel.openat(f.AT_FDCWD, name, f.O_RDONLY | f.O_CLOEXEC, 0));
  const named = keep(kernel.openat(f.AT_FDCWD, name, f.O_PATH | f.O_CLOEXEC, 0));
  for (const source of [writing, named, -1]) {
    failsWith(kernel.copy_file_range(source, null, file(), null, 1, 0), e.EBADF);
  }
  for (const target of [reading, named, -1]) {
    failsWith(kernel.copy_file_range(file(sent), null, target, null, 1, 0), e.EBADF);
  }
});

row('copy_file_range', 'pipes and sockets are EINVAL, a directory is EISDIR', (subject) => {
  const { kernel, file, pipe, directory, keep } = subject;
  const [reader, writer] = pipe();
  const [left] = subject.socketPair();
  const flags = f.O_RDONLY | f.O_DIRECTORY | f.O_CLOEXEC;
  const folder = keep(kernel.openat(f.AT_FDCWD, directory(), flags, 0));
  for (const source of [reader, left]) {
    failsWith(kernel.copy_file_range(source, null, file(), null, 1, 0), e.EINVAL);
  }
  for (const target of [writer, left]) {
    failsWith(kernel.copy_file_range(file(sent), null, target, null, 1, 0), e.EINVAL);
  }
  failsWith(kernel.copy_file_range(folder, null, file(), null, 1, 0), e.EISDIR);
});

row('copy_file_range', 'a flag, a negative offset, a bad pointer', (subject) => {
  const { kernel, file } = subject;
  const [source, target] = [file(sent), file()];
  failsWith(kernel.copy_file_range(source, null, target, null, 1, 2), e.EINVAL);
  failsWith(kernel.copy_file_range(source, -9, target, null, 1, 0), e.EINVAL);
  failsWith(kernel.copy_file_range(source, null, target, -9, 1, 0), e.EINVAL);
  // A negative offset is a large one, and the range from it may wrap around.
  failsWith(kernel.copy_file_range(source, -9, target, null, 9, 0), e.EOVERFLOW);
  failsWith(kernel.copy_file_range(source, NOWHERE, target, null, 1, 0), e.EFAULT);
  failsWith(kernel.copy_file_range(source, null, target, NOWHERE, 1, 0), e.EFAULT);
  failsWith(kernel.copy_file_range(source, null, target, null, -1, 0), e.EINVAL);
  const beyond = 2n ** 63n - 1n;
  failsWithOneOf(kernel.copy_file_range(source, 0, target, beyond, 1000, 0), e.EOVERFLOW, e.EFBIG);
  assert.equal(content(kernel, target).length, 0);
});

row('copy_file_range', 'between two kinds of filesystem it is EXDEV', (subject) => {
  const { kernel, file, keep, pipe } = subject;
  const proc = keep(kernel.openat(f.AT_FDCWD, '/proc/version', f.O_RDONLY | f.O_CLOEXEC, 0));
  failsWith(kernel.copy_file_range(proc, null, file(), null, 10, 0), e.EXDEV);
  // sendfile takes both.
  const [reader, writer] = pipe();
  succeeds(kernel.sendfile(writer, proc, 0, 5), 5);
  assert.equal(receive(kernel, reader).length, 5);
});

row('copy_file_range', 'beyond RLIMIT_FSIZE it is short, then EFBIG, SIGXFSZ', async (subject) => {
  const child = await subject.process([subject.file(sent), subject.file()]);
  const [source, target] = child.inherited as [number, number];
  succeeds(await child.signal(f.SIGXFSZ, 'handle'), 0);
  const limit = BigUint64Array.of(3000n, 3000n);
  succeeds(await child.call('prlimit', 0, f.RLIMIT_FSIZE, limit, null), 0);
  const copy = () => child.call('copy_file_range', source, null, target, null, 5000, 0);
  succeeds(await copy(), 3000);
  assert.equal(await child.count(f.SIGXFSZ), 0);
  failsWith(await copy(), e.EFBIG);
  assert.equal(await child.count(f.SIGXFSZ), 1);
});

row('copy_file_range', 'offloaded, it answers the same', async (subject) => {
  const { kernel, file } = subject;
  const [source, target] = [file(sent), file()];
  succeeds(await subject.offload('copy_file_range', source, 0, target, null, 9000, 0), 5000);
  assert.deepEqual(content(kernel, target), sent);
  assert.equal(position(kernel, target), 5000);
});
