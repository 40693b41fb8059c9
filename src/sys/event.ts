/**
 * Readiness: epoll(7), poll(2). Programs that wait in the event loop use `sluice`;
 * these are the calls.
 */
import * as argument from '../kernel/argument.js';
import { check } from '../kernel/error.js';
import { EPOLL_CTL_DEL } from '../kernel/flags.js';
import type { Offset } from '../kernel/kernel.js';
import { linux } from '../kernel/linux.js';

/** What epoll_wait reports of one descriptor. */
export interface EpollEvent {
  /** EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLPRI, EPOLLERR, EPOLLHUP, or'ed. */
  readonly events: number;
  /** The 64 bits that were registered with it. */
  readonly data: bigint;
}

/** What epoll_ctl registers. */
export interface EpollInterest {
  /** EPOLLIN, EPOLLOUT, …, with EPOLLET, EPOLLONESHOT, EPOLLEXCLUSIVE, or'ed. */
  readonly events: number;
  /** 64 bits of the caller's, commonly the descriptor number. */
  readonly data: Offset;
}

/** One descriptor for `poll`. */
export interface PollDescriptor {
  /** A negative number is skipped: its revents are 0. */
  readonly fd: argument.Descriptor;
  /** POLLIN, POLLPRI, POLLOUT, POLLRDHUP, or'ed; POLLERR, POLLHUP and POLLNVAL come unasked. */
  readonly events: number;
}

/** Events or descriptors taken in one call; the kernel would take more. */
const MAX_EVENTS = 512;

/**
 * `int epoll_create1(int flags)` — makes an epoll descriptor: a set of descriptors and what one
 * wants to hear of each.
 *
 * @param flags EPOLL_CLOEXEC, or 0
 * @returns the descriptor; close it with `close`
 * @throws EINVAL unknown flag; EMFILE this process has RLIMIT_NOFILE descriptors open; ENFILE the
 *   system has no more; ENOMEM no memory
 * @see epoll_create1(2), epoll(7)
 *
 * @example
 * ```ts
 * import { deepEqual } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const epoll = sys.epoll_create1(sys.EPOLL_CLOEXEC);
 * deepEqual(sys.epoll_wait(epoll, 1, 0), []);
 * sys.close(epoll);
 * ```
 */
export function epoll_create1(flags: number): number {
  return check(linux.epoll_create1(argument.integer(flags, 'flags')), 'epoll_create1');
}

/**
 * `int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)` — adds a descriptor to the
 * set, changes what is asked of it, or takes it out.
 *
 * Introductory texts say that closing a descriptor takes it out. epoll keeps the open file
 * description: while a duplicate of it lives, here or in a child, its events go on under a number
 * that is closed, or is another file's by now, and cannot be removed. Take it out before closing. A
 * mask of 0 does not silence it either: EPOLLERR and EPOLLHUP always come. After EPOLLONESHOT has
 * fired, EPOLL_CTL_MOD arms it again.
 *
 * @param epfd the epoll descriptor
 * @param op EPOLL_CTL_ADD, EPOLL_CTL_MOD or EPOLL_CTL_DEL
 * @param fd the descriptor it is about
 * @param event what to hear, and 64 bits that come back with it; null for EPOLL_CTL_DEL only
 * @throws EBADF one of the two is not open; EEXIST added already; ENOENT not in the set; EPERM it
 *   has no readiness (a regular file, a directory, /dev/null); EINVAL `epfd` is not epoll or is
 *   `fd` itself, unknown `op`, or EPOLLEXCLUSIVE with what it does not go with; ELOOP epoll
 *   descriptors in a circle, or nested too deep; ENOMEM no memory; ENOSPC
 *   /proc/sys/fs/epoll/max_user_watches is reached
 * @see epoll_ctl(2); Linux: fs/eventpoll.c
 *
 * @example
 * ```ts
 * import { deepEqual } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const epoll = sys.epoll_create1(sys.EPOLL_CLOEXEC);
 * const [reader, writer] = sys.pipe2(sys.O_CLOEXEC);
 * sys.epoll_ctl(epoll, sys.EPOLL_CTL_ADD, reader, { events: sys.EPOLLIN, data: 7 });
 * sys.write(writer, Buffer.from('x'));
 * deepEqual(sys.epoll_wait(epoll, 8, 0), [{ events: sys.EPOLLIN, data: 7n }]);
 * sys.epoll_ctl(epoll, sys.EPOLL_CTL_DEL, reader, null);
 * for (const fd of [epoll, reader, writer]) sys.close(fd);
 * ```
 */
export function epoll_ctl(
  epfd: argument.Descriptor,
  op: number,
  fd: argument.Descriptor,
  event: EpollInterest | null,
): void {
  const operation = argument.integer(op, 'op');
  const { events, data } = interest(event, operation);
  const epoll = argument.descriptor(epfd, 'epfd');
  const target = argument.descriptor(fd, 'fd');
  check(linux.epoll_ctl(epoll, operation, target, events, data), 'epoll_ctl', target);
}

/**
 * `int epoll_wait(int epfd, struct epoll_event *events, int maxevents, int timeout)` — takes up
 * what has become ready, and waits for it if there is nothing.
 *
 * It waits by blocking this thread, the event loop with it: in a program with an event loop pass a
 * timeout of 0. An event is a hint: another may have read the bytes meanwhile. With EPOLLET it
 * comes once for each change, so read or write until EAGAIN.
 *
 * @param epfd the epoll descriptor
 * @param maxevents at most so many events, and at most 512
 * @param timeout in milliseconds; 0 does not wait, −1 waits without end
 * @returns the events, none when the time is over
 * @throws EBADF not open; EINVAL not an epoll descriptor, or `maxevents` is not positive; EINTR a
 *   signal came first
 * @see epoll_wait(2)
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const epoll = sys.epoll_create1(sys.EPOLL_CLOEXEC);
 * const [reader, writer] = sys.pipe2(sys.O_CLOEXEC);
 * sys.epoll_ctl(epoll, sys.EPOLL_CTL_ADD, reader, { events: sys.EPOLLIN, data: reader });
 * sys.close(writer);
 * equal(sys.epoll_wait(epoll, 8, -1)[0]?.events, sys.EPOLLHUP);
 * for (const fd of [epoll, reader]) sys.close(fd);
 * ```
 */
export function epoll_wait(
  epfd: argument.Descriptor,
  maxevents: number,
  timeout: number,
): EpollEvent[] {
  const room = Math.min(Math.max(argument.integer(maxevents, 'maxevents'), 0), MAX_EVENTS);
  const triples = new Int32Array(3 * room);
  const epoll = argument.descriptor(epfd, 'epfd');
  const count = linux.epoll_wait(epoll, argument.integer(timeout, 'timeout'), triples);
  return Array.from({ length: check(count, 'epoll_wait', epoll) }, (_, index) =>
    eventAt(triples, 3 * index),
  );
}

/**
 * `int poll(struct pollfd *fds, nfds_t nfds, int timeout)` — says of each descriptor what it is
 * ready for, and waits if none is ready for anything.
 *
 * It waits by blocking this thread, the event loop with it. A descriptor that is not open is no
 * failure: its revents are POLLNVAL. Regular files are always ready, for reading and writing, where
 * epoll refuses them.
 *
 * @param fds the descriptors and what is asked of each; at most 1024
 * @param timeout in milliseconds; 0 does not wait, −1 waits without end
 * @returns the revents, in the order of `fds`; 0 for what is not ready
 * @throws EINVAL more descriptors than 1024 or RLIMIT_NOFILE; EINTR a signal came first; ENOMEM no
 *   memory
 * @see poll(2)
 *
 * @example
 * ```ts
 * import { deepEqual } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const [reader, writer] = sys.pipe2(sys.O_CLOEXEC);
 * const asked = [
 *   { fd: reader, events: sys.POLLIN },
 *   { fd: writer, events: sys.POLLOUT },
 * ];
 * deepEqual(sys.poll(asked, -1), [0, sys.POLLOUT]);
 * for (const fd of [reader, writer]) sys.close(fd);
 * ```
 */
export function poll(fds: readonly PollDescriptor[], timeout: number): number[] {
  if (!Array.isArray(fds)) throw new argument.InvalidArgumentType('fds', 'an array', fds);
  const triples = new Int32Array(3 * fds.length);
  for (const [index, asked] of fds.entries()) {
    const { fd, events } = argument.record(asked, `fds[${index}]`);
    triples[3 * index] = argument.descriptor(fd, `fds[${index}].fd`);
    triples[3 * index + 1] = argument.integer(events, `fds[${index}].events`);
  }
  check(linux.poll(argument.integer(timeout, 'timeout'), triples), 'poll');
  return fds.map((_, index) => triples[3 * index + 2] as number);
}

function interest(event: EpollInterest | null, operation: number): EpollInterest {
  if (event === null && operation === EPOLL_CTL_DEL) return { events: 0, data: 0 };
  if (typeof event !== 'object' || event === null) {
    throw new argument.InvalidArgumentType('event', 'an object with events and data', event);
  }
  return {
    events: argument.integer(event.events, 'event.events'),
    data: word(event.data, 'event.data'),
  };
}

/** 64 bits, signed or not. */
function word(value: unknown, name: string): Offset {
  if (typeof value !== 'bigint') return argument.offset(value, name);
  const unsigned = value >= 0n && value < 2n ** 64n;
  return argument.offset(unsigned ? BigInt.asIntN(64, value) : value, name);
}

function eventAt(triples: Int32Array, at: number): EpollEvent {
  const [events, low, high] = triples.subarray(at, at + 3) as unknown as [number, number, number];
  const data = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  return { events: events >>> 0, data };
}
