import assert from 'node:assert/strict';
import { EAGAIN, EINVAL, ELOOP, ENOENT } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { failsWith, succeeds, text } from '../../helpers/claims.js';
import { row } from '../../helpers/conformance.js';
import { epollOf, masksOf } from '../../helpers/epoll.js';

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

row('EPOLL-BELL', 'each write to an eventfd is an edge for all, though nobody reads', (subject) => {
  const { kernel, keep } = subject;
  const bell = keep(kernel.eventfd(0, f.EFD_NONBLOCK | f.EFD_CLOEXEC));
  const ring = (value: bigint) =>
    kernel.write(bell, new Uint8Array(BigUint64Array.of(value).buffer));
  const ears = [0, 1].map(() => epollOf(subject, bell, f.EPOLLIN | f.EPOLLET));
  const outer = ears.map((ear) => epollOf(subject, ear, f.EPOLLIN | f.EPOLLET));
  const heard = () => [...ears, ...outer].map((epoll) => masksOf(subject, epoll).length);
  assert.deepEqual(heard(), [0, 0, 0, 0]);
  for (let times = 0; times < 3; times++) {
    succeeds(ring(1n), 8);
    assert.deepEqual(
      outer.map((epoll) => masksOf(subject, epoll)),
      [[f.EPOLLIN], [f.EPOLLIN]],
    );
    assert.deepEqual(heard(), [1, 1, 0, 0]);
  }
  succeeds(ring(1n), 8);
  for (const ear of ears) masksOf(subject, ear);
  assert.deepEqual(heard(), [0, 0, 0, 0]);
});

row('EPOLL-BELL', 'a full eventfd that is read and written is an edge', (subject) => {
  const { kernel, keep } = subject;
  const bell = keep(kernel.eventfd(0, f.EFD_NONBLOCK | f.EFD_CLOEXEC));
  const ear = epollOf(subject, bell, f.EPOLLIN | f.EPOLLET);
  const add = (value: bigint) =>
    kernel.write(bell, new Uint8Array(BigUint64Array.of(value).buffer));
  succeeds(add(2n ** 64n - 2n), 8);
  assert.equal(masksOf(subject, ear).length, 1);
  failsWith(add(1n), EAGAIN);
  assert.equal(masksOf(subject, ear).length, 0);
  succeeds(kernel.read(bell, new Uint8Array(8)), 8);
  assert.equal(masksOf(subject, ear).length, 0);
  succeeds(add(1n), 8);
  assert.equal(masksOf(subject, ear).length, 1);
});
