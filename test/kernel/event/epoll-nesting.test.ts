import assert from 'node:assert/strict';
import { EINVAL, ELOOP, ENOENT } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { failsWith, succeeds, text } from '../../helpers/claims.js';
import { row } from '../../helpers/conformance.js';
import { masksOf } from '../../helpers/epoll.js';

row('EPOLL-18', 'EPOLLEXCLUSIVE: with few other bits, for no epoll, and for good', (subject) => {
  const { kernel, keep, pipe } = subject;
  const [reader, writer] = pipe();
  const epoll = keep(kernel.epoll_create1(f.EPOLL_CLOEXEC));
  const inner = keep(kernel.epoll_create1(f.EPOLL_CLOEXEC));
  const control = (operation: number, fd: number, events: number) =>
    kernel.epoll_ctl(epoll, operation, fd, events, 0);
  const exclusive = f.EPOLLIN | f.EPOLLEXCLUSIVE;
  for (const wrong of [f.EPOLLONESHOT, f.EPOLLRDHUP, f.EPOLLPRI]) {
    failsWith(control(f.EPOLL_CTL_ADD, reader, exclusive | wrong), EINVAL);
  }
  failsWith(control(f.EPOLL_CTL_ADD, inner, exclusive), EINVAL);
  succeeds(control(f.EPOLL_CTL_ADD, reader, exclusive | f.EPOLLET), 0);
  failsWith(control(f.EPOLL_CTL_MOD, reader, f.EPOLLIN), EINVAL);
  failsWith(control(f.EPOLL_CTL_MOD, writer, exclusive), EINVAL);
  failsWith(control(f.EPOLL_CTL_MOD, writer, f.EPOLLOUT), ENOENT);
  succeeds(kernel.write(writer, text('a')), 1);
  assert.deepEqual(masksOf(subject, epoll), [f.EPOLLIN]);
  succeeds(control(f.EPOLL_CTL_DEL, reader, exclusive), 0);
});

row(
  'EPOLL-19',
  'five epoll descriptors may be in one another; a long chain is ELOOP',
  (subject) => {
    const { kernel, keep, pipe } = subject;
    const [reader, writer] = pipe();
    const chain = Array.from({ length: 10 }, () => keep(kernel.epoll_create1(f.EPOLL_CLOEXEC)));
    const [first = -1] = chain;
    const add = (outer: number, inner: number) =>
      kernel.epoll_ctl(outer, f.EPOLL_CTL_ADD, inner, f.EPOLLIN, 0);
    let length = 1;
    let result = 0;
    for (; result === 0; length++) result = add(chain[length] ?? -1, chain[length - 1] ?? -1);
    failsWith(result, ELOOP);
    assert.ok(length > 5);
    failsWith(add(first, chain[3] ?? -1), ELOOP);
    succeeds(add(first, reader), 0);
    assert.deepEqual(masksOf(subject, chain[4] ?? -1), []);
    succeeds(kernel.write(writer, text('a')), 1);
    assert.deepEqual(masksOf(subject, chain[4] ?? -1), [f.EPOLLIN]);
  },
);

row('EPOLL-21', 'a file that a chain would wake by too many ways is EINVAL', (subject) => {
  const { kernel, keep, pipe } = subject;
  const [reader] = pipe();
  const add = (outer: number, inner: number) =>
    kernel.epoll_ctl(outer, f.EPOLL_CTL_ADD, inner, f.EPOLLIN, 0);
  const inner = keep(kernel.epoll_create1(f.EPOLL_CLOEXEC));
  succeeds(add(inner, reader), 0);
  const levels = Array.from({ length: 4 }, () => keep(kernel.epoll_create1(f.EPOLL_CLOEXEC)));
  for (const [index, outer] of levels.entries()) {
    succeeds(add(outer, levels[index - 1] ?? inner), 0);
  }
  const [, , third = -1] = levels;
  for (let ways = 1; ways < 10; ways++) {
    succeeds(add(keep(kernel.epoll_create1(f.EPOLL_CLOEXEC)), third), 0);
  }
  failsWith(add(keep(kernel.epoll_create1(f.EPOLL_CLOEXEC)), third), EINVAL);
});
