import assert from 'node:assert/strict';
import { EBADF, EEXIST, EFAULT, EINVAL, ELOOP, ENOENT, EPERM } from '../../../src/kernel/errno.js';
import * as f from '../../../src/kernel/flags.js';
import { failsWith, pattern, succeeds, text } from '../../helpers/claims.js';
import { row } from '../../helpers/conformance.js';
import { epollOf, eventsOf, masksOf } from '../../helpers/epoll.js';

row('EPOLL-01', 'EPOLL_CLOEXEC is all that epoll_create1 takes', ({ kernel, keep }) => {
  const flags = (fd: number) => kernel.fcntl(keep(fd), f.F_GETFD);
  succeeds(flags(kernel.epoll_create1(f.EPOLL_CLOEXEC)), f.FD_CLOEXEC);
  succeeds(flags(kernel.epoll_create1(0)), 0);
  failsWith(kernel.epoll_create1(1), EINVAL);
});

row('EPOLL-02', 'level-triggered: reported until it is read empty', (subject) => {
  const { kernel, pipe } = subject;
  const [reader, writer] = pipe();
  const epoll = epollOf(subject, reader, f.EPOLLIN);
  assert.deepEqual(masksOf(subject, epoll), []);
  succeeds(kernel.write(writer, text('ab')), 2);
  assert.deepEqual(masksOf(subject, epoll), [f.EPOLLIN]);
  succeeds(kernel.read(reader, new Uint8Array(1)), 1);
  assert.deepEqual(masksOf(subject, epoll), [f.EPOLLIN]);
  succeeds(kernel.read(reader, new Uint8Array(1)), 1);
  assert.deepEqual(masksOf(subject, epoll), []);
});

row('EPOLL-03', 'edge-triggered: reported once for each arrival', (subject) => {
  const { kernel, pipe } = subject;
  const [reader, writer] = pipe();
  const epoll = epollOf(subject, reader, f.EPOLLIN | f.EPOLLET);
  for (let arrival = 0; arrival < 2; arrival++) {
    succeeds(kernel.write(writer, text('a')), 1);
    assert.deepEqual(masksOf(subject, epoll), [f.EPOLLIN]);
    assert.deepEqual(masksOf(subject, epoll), []);
  }
});

row('EPOLL-04', 'adding and modifying report what is ready by then', (subject) => {
  const { kernel, pipe } = subject;
  const [reader, writer] = pipe();
  succeeds(kernel.write(writer, text('a')), 1);
  const mask = f.EPOLLIN | f.EPOLLET;
  const epoll = epollOf(subject, reader, mask);
  assert.deepEqual(masksOf(subject, epoll), [f.EPOLLIN]);
  assert.deepEqual(masksOf(subject, epoll), []);
  succeeds(kernel.epoll_ctl(epoll, f.EPOLL_CTL_MOD, reader, mask, 0), 0);
  assert.deepEqual(masksOf(subject, epoll), [f.EPOLLIN]);
});

row('EPOLL-05', 'one-shot: silent after one event until it is modified', (subject) => {
  const { kernel, pipe } = subject;
  const [reader, writer] = pipe();
  const mask = f.EPOLLIN | f.EPOLLONESHOT;
  const epoll = epollOf(subject, reader, mask);
  succeeds(kernel.write(writer, text('a')), 1);
  assert.deepEqual(masksOf(subject, epoll), [f.EPOLLIN]);
  succeeds(kernel.write(writer, text('b')), 1);
  assert.deepEqual(masksOf(subject, epoll), []);
  succeeds(kernel.epoll_ctl(epoll, f.EPOLL_CTL_MOD, reader, mask, 0), 0);
  assert.deepEqual(masksOf(subject, epoll), [f.EPOLLIN]);
});

row('EPOLL-06', 'all 64 bits of data come back', (subject) => {
  const { kernel, pipe } = subject;
  const [, writer] = pipe();
  const epoll = epollOf(subject, writer, f.EPOLLOUT);
  for (const data of [0n, 1n << 31n, 1n << 32n, 0x8000_0001_7fff_ffffn, 2n ** 64n - 1n]) {
    succeeds(kernel.epoll_ctl(epoll, f.EPOLL_CTL_MOD, writer, f.EPOLLOUT, data), 0);
    assert.deepEqual(eventsOf(subject, epoll), [{ events: f.EPOLLOUT, data }]);
  }
  succeeds(kernel.epoll_ctl(epoll, f.EPOLL_CTL_MOD, writer, f.EPOLLOUT, 2 ** 53), 0);
  assert.equal(eventsOf(subject, epoll)[0]?.data, 2n ** 53n);
});

row('EPOLL-07 F4b', 'what has no readiness is refused with EPERM', ({ kernel, keep, file }) => {
  const epoll = keep(kernel.epoll_create1(f.EPOLL_CLOEXEC));
  const open = (path: string) => keep(kernel.openat(f.AT_FDCWD, path, f.O_RDWR | f.O_CLOEXEC, 0));
  for (const fd of [file(), open('/dev/null'), open('/dev/full')]) {
    failsWith(kernel.epoll_ctl(epoll, f.EPOLL_CTL_ADD, fd, f.EPOLLIN, 0), EPERM);
  }
});

row('EPOLL-08', 'add twice is EEXIST, modify or delete without it ENOENT', (subject) => {
  const { kernel, pipe } = subject;
  const [reader, writer] = pipe();
  const epoll = epollOf(subject, reader, f.EPOLLIN);
  failsWith(kernel.epoll_ctl(epoll, f.EPOLL_CTL_ADD, reader, f.EPOLLIN, 0), EEXIST);
  failsWith(kernel.epoll_ctl(epoll, f.EPOLL_CTL_MOD, writer, f.EPOLLOUT, 0), ENOENT);
  failsWith(kernel.epoll_ctl(epoll, f.EPOLL_CTL_DEL, writer, 0, 0), ENOENT);
});

row('EPOLL-09', 'not open, not epoll, itself, or an unknown operation', (subject) => {
  const { kernel, pipe } = subject;
  const [reader] = pipe();
  const epoll = epollOf(subject, reader, f.EPOLLIN);
  failsWith(kernel.epoll_ctl(-1, f.EPOLL_CTL_ADD, reader, f.EPOLLIN, 0), EBADF);
  failsWith(kernel.epoll_ctl(epoll, f.EPOLL_CTL_ADD, -1, f.EPOLLIN, 0), EBADF);
  failsWith(kernel.epoll_ctl(reader, f.EPOLL_CTL_ADD, epoll, f.EPOLLIN, 0), EINVAL);
  failsWith(kernel.epoll_ctl(epoll, f.EPOLL_CTL_ADD, epoll, f.EPOLLIN, 0), EINVAL);
  failsWith(kernel.epoll_ctl(epoll, 9, reader, f.EPOLLIN, 0), EINVAL);
  failsWith(kernel.epoll_wait(reader, 0, new Int32Array(3)), EINVAL);
  failsWith(kernel.epoll_wait(epoll, 0, new Int32Array(0)), EINVAL);
  failsWith(kernel.epoll_wait(epoll, 0, null as unknown as Int32Array), EFAULT);
});

row(
  'EPOLL-10',
  'an epoll descriptor is readable while it has events; a circle is ELOOP',
  (subject) => {
    const { kernel, pipe } = subject;
    const [reader, writer] = pipe();
    const inner = epollOf(subject, reader, f.EPOLLIN);
    const outer = epollOf(subject, inner, f.EPOLLIN);
    assert.deepEqual(masksOf(subject, outer), []);
    succeeds(kernel.write(writer, text('a')), 1);
    assert.deepEqual(masksOf(subject, outer), [f.EPOLLIN]);
    failsWith(kernel.epoll_ctl(inner, f.EPOLL_CTL_ADD, outer, f.EPOLLIN, 0), ELOOP);
  },
);

row('EPOLL-11', 'as many events as fit; the others come in the next call', (subject) => {
  const { kernel, keep, pipe } = subject;
  const epoll = keep(kernel.epoll_create1(f.EPOLL_CLOEXEC));
  for (let data = 0; data < 5; data++) {
    const [, writer] = pipe();
    const mask = f.EPOLLOUT | f.EPOLLET;
    succeeds(kernel.epoll_ctl(epoll, f.EPOLL_CTL_ADD, writer, mask, data), 0);
  }
  const seen = [...eventsOf(subject, epoll, 2), ...eventsOf(subject, epoll, 2)];
  seen.push(...eventsOf(subject, epoll, 2));
  assert.deepEqual(
    seen.map(({ data }) => data),
    [0n, 1n, 2n, 3n, 4n],
  );
});

row('EPOLL-12', 'peer gone: HUP for a pipe, ERR for its writer, RDHUP for a socket', (subject) => {
  const { kernel, pipe, close, socketPair } = subject;
  const [reader, writer] = pipe();
  const readers = epollOf(subject, reader, f.EPOLLIN);
  close(writer);
  assert.deepEqual(masksOf(subject, readers), [f.EPOLLHUP]);
  const [otherReader, otherWriter] = pipe();
  const writers = epollOf(subject, otherWriter, f.EPOLLOUT);
  close(otherReader);
  assert.deepEqual(masksOf(subject, writers), [f.EPOLLOUT | f.EPOLLERR]);
  const [left, right] = socketPair();
  const sockets = epollOf(subject, left, f.EPOLLIN | f.EPOLLRDHUP);
  succeeds(kernel.shutdown(right, f.SHUT_WR), 0);
  assert.deepEqual(masksOf(subject, sockets), [f.EPOLLIN | f.EPOLLRDHUP]);
});

row('EPOLL-13 F4b', 'a mask of 0 does not silence ERR and HUP; only deleting does', (subject) => {
  const { kernel, pipe, close } = subject;
  const [reader, writer] = pipe();
  const epoll = epollOf(subject, reader, 0);
  close(writer);
  assert.deepEqual(masksOf(subject, epoll), [f.EPOLLHUP]);
  assert.deepEqual(masksOf(subject, epoll), [f.EPOLLHUP]);
  succeeds(kernel.epoll_ctl(epoll, f.EPOLL_CTL_DEL, reader, 0, 0), 0);
  assert.deepEqual(masksOf(subject, epoll), []);
});

row('EPOLL-14 F4', 'a closed number goes on while a duplicate of its file lives', (subject) => {
  const { kernel, pipe, keep, close } = subject;
  const [reader, writer] = pipe();
  const epoll = epollOf(subject, reader, f.EPOLLIN, 7n);
  keep(kernel.fcntl(reader, f.F_DUPFD_CLOEXEC, 100));
  close(reader);
  succeeds(kernel.write(writer, text('a')), 1);
  assert.deepEqual(eventsOf(subject, epoll), [{ events: f.EPOLLIN, data: 7n }]);
  failsWith(kernel.epoll_ctl(epoll, f.EPOLL_CTL_DEL, reader, 0, 0), EBADF);
  const [next] = pipe();
  assert.equal(next, reader);
  failsWith(kernel.epoll_ctl(epoll, f.EPOLL_CTL_DEL, next, 0, 0), ENOENT);
  succeeds(kernel.epoll_ctl(epoll, f.EPOLL_CTL_ADD, next, f.EPOLLIN, 8), 0);
  assert.deepEqual(eventsOf(subject, epoll), [{ events: f.EPOLLIN, data: 7n }]);
});

row('EPOLL-15 F4', 'the last close of a file takes it out of every epoll', (subject) => {
  const { kernel, pipe, close } = subject;
  const [reader, writer] = pipe();
  succeeds(kernel.write(writer, text('a')), 1);
  const epoll = epollOf(subject, reader, f.EPOLLIN);
  close(reader);
  assert.deepEqual(masksOf(subject, epoll), []);
});

row('EPOLL-16', 'a full pipe gets writable when a page of it is free', (subject) => {
  const { kernel, pipe } = subject;
  const [reader, writer] = pipe(f.O_NONBLOCK);
  succeeds(kernel.write(writer, pattern(65536)), 65536);
  const epoll = epollOf(subject, writer, f.EPOLLOUT | f.EPOLLET);
  succeeds(kernel.read(reader, new Uint8Array(4095)), 4095);
  assert.deepEqual(masksOf(subject, epoll), []);
  succeeds(kernel.read(reader, new Uint8Array(1)), 1);
  assert.deepEqual(masksOf(subject, epoll), [f.EPOLLOUT]);
});

row('EPOLL-17', 'what is always ready has its turn with the others', (subject) => {
  const { kernel, keep, pipe } = subject;
  const epoll = keep(kernel.epoll_create1(f.EPOLL_CLOEXEC));
  for (let data = 0; data < 3; data++) {
    const [, writer] = pipe();
    succeeds(kernel.epoll_ctl(epoll, f.EPOLL_CTL_ADD, writer, f.EPOLLOUT, data), 0);
  }
  const seen = Array.from({ length: 4 }, () => eventsOf(subject, epoll, 2)).flat();
  assert.deepEqual(
    seen.map(({ data }) => data),
    [0n, 1n, 2n, 0n, 1n, 2n, 0n, 1n],
  );
});

row('EPOLL-17', 'a splice gives a place in the order, whatever event is asked for', (subject) => {
  const { kernel, keep, pipe, close } = subject;
  const epoll = keep(kernel.epoll_create1(f.EPOLL_CLOEXEC));
  const [reader, writer] = pipe();
  const [, other] = pipe();
  succeeds(kernel.epoll_ctl(epoll, f.EPOLL_CTL_ADD, reader, f.EPOLLOUT, 1), 0);
  succeeds(kernel.vmsplice(writer, [text('a')], 0), 1);
  succeeds(kernel.epoll_ctl(epoll, f.EPOLL_CTL_ADD, other, f.EPOLLOUT, 2), 0);
  close(writer);
  assert.deepEqual(
    eventsOf(subject, epoll).map(({ data }) => data),
    [1n, 2n],
  );
});
