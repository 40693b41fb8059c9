import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EAGAIN, EDEADLK } from '../../../src/kernel/errno.js';
import {
  AT_FDCWD,
  F_OFD_SETLKW,
  F_RDLCK,
  F_UNLCK,
  F_WRLCK,
  O_RDWR,
} from '../../../src/kernel/flags.js';
import { Description } from '../../../src/kernel/sim/description.js';
import { getLock, setLock } from '../../../src/kernel/sim/lock.js';
import { SimObject } from '../../../src/kernel/sim/object.js';
import { SimKernel } from '../../../src/sim.js';
import { failsWith, succeeds } from '../../helpers/claims.js';

class Thing extends SimObject {
  readonly kind = 'terminal';
  override stat(): void {}
}

function lock(type: number, start: number, length: number): BigInt64Array {
  return BigInt64Array.of(BigInt(type), 0n, BigInt(start), BigInt(length), 0n);
}

function found(file: Description, start: number, length: number): number[] {
  const words = lock(F_WRLCK, start, length);
  succeeds(getLock(file, words), 0);
  return [...words].map(Number).filter((_, index) => index !== 1 && index !== 4);
}

test('locks: a hole in a lock leaves two, and filling it makes them one again', () => {
  const thing = new Thing();
  const [mine, other] = [new Description(thing, O_RDWR), new Description(thing, O_RDWR)];
  succeeds(setLock(mine, lock(F_WRLCK, 0, 100)), 0);
  succeeds(setLock(mine, lock(F_UNLCK, 40, 20)), 0);
  assert.deepEqual(found(other, 0, 100), [F_WRLCK, 0, 40]);
  assert.deepEqual(found(other, 45, 100), [F_WRLCK, 60, 40]);
  assert.equal(found(other, 40, 20)[0], F_UNLCK);
  succeeds(setLock(mine, lock(F_WRLCK, 40, 20)), 0);
  assert.deepEqual(found(other, 99, 1), [F_WRLCK, 0, 100]);
});

test('locks: another type takes the place of its own range', () => {
  const thing = new Thing();
  const [mine, other] = [new Description(thing, O_RDWR), new Description(thing, O_RDWR)];
  succeeds(setLock(mine, lock(F_WRLCK, 0, 0)), 0);
  succeeds(setLock(mine, lock(F_RDLCK, 10, 10)), 0);
  assert.deepEqual(found(other, 10, 1), [F_RDLCK, 10, 10]);
  assert.deepEqual(found(other, 20, 1), [F_WRLCK, 20, 0]);
  failsWith(setLock(other, lock(F_RDLCK, 9, 2)), EAGAIN);
  succeeds(setLock(other, lock(F_RDLCK, 10, 10)), 0);
  mine.release();
  succeeds(setLock(other, lock(F_WRLCK, 0, 0)), 0);
});

test('locks: a plain F_OFD_SETLKW does not stop the world', () => {
  const kernel = new SimKernel();
  const first = succeeds(kernel.memfd_create('locked', 0));
  const second = succeeds(kernel.openat(AT_FDCWD, `/proc/self/fd/${first}`, O_RDWR, 0));
  succeeds(kernel.fcntl(first, F_OFD_SETLKW, lock(F_WRLCK, 0, 1)), 0);
  failsWith(kernel.fcntl(second, F_OFD_SETLKW, lock(F_WRLCK, 0, 1)), EDEADLK);
  succeeds(kernel.close(first), 0);
  succeeds(kernel.fcntl(second, F_OFD_SETLKW, lock(F_WRLCK, 0, 1)), 0);
});
