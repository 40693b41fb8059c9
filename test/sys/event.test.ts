import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as sys from '../../src/sys.js';

test('sys.epoll_wait() answers all 64 bits of the data, unsigned', (t) => {
  const epoll = sys.epoll_create1(sys.EPOLL_CLOEXEC);
  const [reader, writer] = sys.pipe2(sys.O_CLOEXEC);
  t.after(() => [epoll, reader, writer].forEach(sys.close));
  const both = [
    [2n ** 63n + 5n, 2n ** 63n + 5n],
    [2n ** 64n - 1n, 2n ** 64n - 1n],
    [-1n, 2n ** 64n - 1n],
    [2 ** 40 + 1, 2n ** 40n + 1n],
  ] as const;
  sys.epoll_ctl(epoll, sys.EPOLL_CTL_ADD, writer, { events: 0, data: 0 });
  for (const [data, expected] of both) {
    sys.epoll_ctl(epoll, sys.EPOLL_CTL_MOD, writer, { events: sys.EPOLLOUT, data });
    assert.deepEqual(sys.epoll_wait(epoll, 8, 0), [{ events: sys.EPOLLOUT, data: expected }]);
  }
});

test('sys.epoll_wait() takes at most maxevents, and refuses what is not positive', (t) => {
  const epoll = sys.epoll_create1(sys.EPOLL_CLOEXEC);
  const pairs = [sys.pipe2(sys.O_CLOEXEC), sys.pipe2(sys.O_CLOEXEC)];
  t.after(() => [epoll, ...pairs.flat()].forEach(sys.close));
  for (const [, writer] of pairs) {
    sys.epoll_ctl({ fd: epoll }, sys.EPOLL_CTL_ADD, { fd: writer }, { events: 4, data: writer });
  }
  assert.equal(sys.epoll_wait(epoll, 1, 0).length, 1);
  assert.equal(sys.epoll_wait(epoll, 100_000, 0).length, 2);
  for (const maxevents of [0, -1]) {
    assert.throws(() => sys.epoll_wait(epoll, maxevents, 0), { code: 'EINVAL' });
  }
});

test('sys.poll() skips negative numbers, and takes no more than 1024', () => {
  assert.deepEqual(sys.poll([{ fd: -1, events: sys.POLLIN }], 0), [0]);
  assert.deepEqual(sys.poll([], 0), []);
  const many = Array.from({ length: 1025 }, () => ({ fd: -1, events: 0 }));
  assert.throws(() => sys.poll(many, 0), { code: 'EINVAL', syscall: 'poll' });
});
