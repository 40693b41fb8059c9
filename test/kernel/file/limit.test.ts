import assert from 'node:assert/strict';
import * as e from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import type { Kernel } from '../../../src/kernel/kernel.js';
import { failsWith, failsWithOneOf, succeeds } from '../../helpers/claims.js';
import { row } from '../../helpers/conformance.js';

const NONE = 2n ** 64n - 1n;

function limitOf(kernel: Kernel, pid: number, resource: number): BigUint64Array {
  const limit = new BigUint64Array(2);
  succeeds(kernel.prlimit(pid, resource, null, limit), 0);
  return limit;
}

row('prlimit', 'reads, sets and answers what was before', async (subject) => {
  const { kernel } = subject;
  const child = await subject.process();
  const [, hard] = limitOf(kernel, child.pid, f.RLIMIT_NOFILE);
  const old = new BigUint64Array(2);
  const limit = BigUint64Array.of(100n, hard as bigint);
  succeeds(kernel.prlimit(child.pid, f.RLIMIT_NOFILE, limit, null), 0);
  succeeds(kernel.prlimit(child.pid, f.RLIMIT_NOFILE, BigUint64Array.of(50n, 50n), old), 0);
  assert.deepEqual(old, limit);
  assert.deepEqual([...limitOf(kernel, child.pid, f.RLIMIT_NOFILE)], [50n, 50n]);
  assert.equal((limitOf(kernel, 0, f.RLIMIT_NOFILE)[0] as bigint) > 50n, true);
});

row('prlimit', 'no limit is 2^64 - 1, exact', async (subject) => {
  const { kernel } = subject;
  const child = await subject.process();
  const limit = BigUint64Array.of(2n ** 63n + 1n, NONE);
  succeeds(kernel.prlimit(child.pid, f.RLIMIT_FSIZE, limit, null), 0);
  assert.deepEqual(limitOf(kernel, child.pid, f.RLIMIT_FSIZE), limit);
});

row('prlimit', 'RLIMIT_NOFILE: new descriptors stay below it, open ones stay', async (subject) => {
  const child = await subject.process();
  const high = succeeds(await child.call('fcntl', 0, f.F_DUPFD, 50));
  const limit = BigUint64Array.of(20n, 1024n);
  succeeds(await child.call('prlimit', 0, f.RLIMIT_NOFILE, limit, null), 0);
  failsWith(await child.call('fcntl', 0, f.F_DUPFD, 20), e.EINVAL);
  failsWith(await child.call('dup3', 0, 20, 0), e.EBADF);
  succeeds(await child.call('fcntl', 0, f.F_DUPFD, 19), 19);
  failsWith(await child.call('fcntl', 0, f.F_DUPFD, 19), e.EMFILE);
  succeeds(await child.call('fcntl', high, f.F_GETFD, 0));
});

row('prlimit', 'RLIMIT_FSIZE: a write is short, then EFBIG with SIGXFSZ', async (subject) => {
  const child = await subject.process([subject.file()]);
  const [fd] = child.inherited as [number];
  succeeds(await child.signal(f.SIGXFSZ, 'handle'), 0);
  const limit = BigUint64Array.of(10n, 10n);
  succeeds(await child.call('prlimit', 0, f.RLIMIT_FSIZE, limit, null), 0);
  succeeds(await child.call('write', fd, new Uint8Array(16)), 10);
  failsWith(await child.call('write', fd, new Uint8Array(1)), e.EFBIG);
  assert.equal(await child.count(f.SIGXFSZ), 1);
});

row('prlimit', 'SIGXFSZ kills where nothing is done about it', async (subject) => {
  const child = await subject.process([subject.file()]);
  succeeds(await child.signal(f.SIGXFSZ, 'default'), 0);
  const limit = BigUint64Array.of(0n, 0n);
  succeeds(await child.call('prlimit', 0, f.RLIMIT_FSIZE, limit, null), 0);
  const write = child.call('write', child.inherited[0] as number, new Uint8Array(1));
  await assert.rejects(write, /SIGXFSZ/);
  assert.equal((await child.death).signal, 'SIGXFSZ');
});

row('prlimit', 'without privileges the hard limit only falls', async (subject) => {
  const child = await subject.process();
  await child.dropPrivileges();
  const set = (soft: bigint, hard: bigint) =>
    child.call('prlimit', 0, f.RLIMIT_NOFILE, BigUint64Array.of(soft, hard), null);
  succeeds(await set(40n, 50n), 0);
  succeeds(await set(50n, 50n), 0);
  failsWith(await set(50n, 51n), e.EPERM);
});

row('prlimit', 'another resource, soft above hard, no process, bad arrays', ({ kernel }) => {
  const old = new BigUint64Array(2).fill(7n);
  failsWith(kernel.prlimit(0, 999, null, old), e.EINVAL);
  const inverted = BigUint64Array.of(2n, 1n);
  failsWith(kernel.prlimit(0, f.RLIMIT_NOFILE, inverted, old), e.EINVAL);
  failsWithOneOf(kernel.prlimit(0x7ffffffe, f.RLIMIT_NOFILE, null, old), e.ESRCH);
  failsWith(kernel.prlimit(0, f.RLIMIT_NOFILE, null, new BigUint64Array(1)), e.EFAULT);
  failsWith(kernel.prlimit(0, f.RLIMIT_NOFILE, [1n, 1n] as never, old), e.EFAULT);
  failsWith(kernel.prlimit(0, f.RLIMIT_NOFILE, undefined as never, old), e.EFAULT);
  assert.deepEqual([...old], [7n, 7n]);
});
