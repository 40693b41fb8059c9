import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EBADF, EMFILE, ESRCH } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { SimKernel } from '../../../src/sim.js';
import { failsWith, pattern, succeeds } from '../../helpers/claims.js';

/** A parent, and a child that has none of the pipe that the parent opens then. */
function scene() {
  const parent = new SimKernel();
  const child = parent.fork();
  const ends = new Int32Array(2);
  succeeds(parent.pipe2(f.O_NONBLOCK, ends), 0);
  return { parent, child };
}

test('pidfd_getfd: a descriptor of another process, on the same description', () => {
  const { parent, child } = scene();
  succeeds(child.pipe2(0, new Int32Array(2)), 0);
  succeeds(child.pidfd_getfd(parent, 1), 2);
  succeeds(child.fcntl(2, f.F_GETFD), f.FD_CLOEXEC);
  succeeds(child.write(2, pattern(3)), 3);
  succeeds(parent.read(0, new Uint8Array(9)), 3);
  succeeds(child.fcntl(2, f.F_SETFL, 0), 0);
  succeeds(parent.fcntl(1, f.F_GETFL), f.O_WRONLY);
  succeeds(parent.close(1), 0);
  succeeds(child.write(2, pattern(4)), 4);
  succeeds(child.close(2), 0);
  succeeds(parent.read(0, new Uint8Array(9)), 4);
  succeeds(parent.read(0, new Uint8Array(9)), 0);
});

test('pidfd_getfd: EBADF, EMFILE and ESRCH take nothing', () => {
  const { parent, child } = scene();
  failsWith(child.pidfd_getfd(parent, 7), EBADF);
  succeeds(child.prlimit(0, f.RLIMIT_NOFILE, BigUint64Array.of(0n, 0n), null), 0);
  failsWith(child.pidfd_getfd(parent, 0), EMFILE);
  succeeds(child.kill(child.pid, f.SIGKILL), 0);
  failsWith(child.pidfd_getfd(parent, 0), ESRCH);
  failsWith(parent.pidfd_getfd(child, 0), ESRCH);
  for (const fd of [0, 1]) succeeds(parent.close(fd), 0);
  assert.deepEqual(parent.inspect().descriptions, []);
});

test('pidfd_getfd: what is no process of this machine is a TypeError that names it', () => {
  const { parent } = scene();
  for (const from of [new SimKernel(), {}, 1, null]) {
    const take = () => parent.pidfd_getfd(from as SimKernel, 0);
    assert.throws(take, { code: 'ERR_INVALID_ARG_TYPE', message: /from/ });
  }
});
