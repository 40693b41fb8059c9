/** The event family of the sim kernel: epoll(7), poll(2). This module is browser compatible. */
import { EBADF, EEXIST, EINVAL, ENOENT, EPERM } from '../../errno.js';
import {
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  EPOLLEXCLUSIVE,
  O_RDWR,
} from '../../flags.js';
import type { EventCalls } from '../../kernel.js';
import type { Call } from '../call.js';
import { fd, int, ints, word } from '../decode.js';
import { Description } from '../description.js';
import { type Rows, row } from '../row.js';
import { Epoll } from './epoll.js';
import { isExclusiveWait } from './item.js';
import { checkChain, checkWays } from './nesting.js';
import { poll } from './poll.js';

export const eventRows: Rows<EventCalls> = {
  epoll_create1: row([int], create),
  epoll_ctl: row([fd, int, fd, int, word], control),
  epoll_wait: row([fd, int, ints(0)], wait),
  poll: row([int, ints(0)], poll),
};

function create({ caller }: Call, flags: number): number {
  if ((flags & ~EPOLL_CLOEXEC) !== 0) return -EINVAL;
  const file = new Description(new Epoll(caller.machine), O_RDWR);
  const epfd = caller.table.open(file, (flags & EPOLL_CLOEXEC) !== 0, caller.descriptorLimit);
  if (epfd < 0) file.release();
  return epfd;
}

function control(
  call: Call,
  epfd: number,
  operation: number,
  fd: number,
  events: number,
  data: bigint,
): number {
  const outer = call.file(epfd);
  const file = outer && call.file(fd);
  if (file === undefined) return -EBADF;
  if (file.object.queues(file).length === 0) return -EPERM;
  const epoll = outer?.object;
  if (outer === file || !(epoll instanceof Epoll)) return -EINVAL;
  if (operation === EPOLL_CTL_ADD) return add(epoll, fd, file, events, data);
  if (operation === EPOLL_CTL_MOD) return modify(epoll, fd, file, events, data);
  return operation === EPOLL_CTL_DEL ? remove(epoll, fd, file) : -EINVAL;
}

function add(epoll: Epoll, fd: number, file: Description, events: number, data: bigint): number {
  if ((events & EPOLLEXCLUSIVE) !== 0) {
    if (file.object instanceof Epoll || !isExclusiveWait(events)) return -EINVAL;
  }
  const refused = checkChain(epoll, file);
  if (refused < 0) return refused;
  if (epoll.find(fd, file) !== undefined) return -EEXIST;
  const item = epoll.add(fd, file, events, data);
  const tooWide = checkWays(epoll, file);
  if (tooWide < 0) {
    epoll.drop(item);
    return tooWide;
  }
  item.listen();
  epoll.check(item);
  return 0;
}

/** What waits exclusively stays as it was added. */
function modify(epoll: Epoll, fd: number, file: Description, events: number, data: bigint): number {
  if ((events & EPOLLEXCLUSIVE) !== 0) return -EINVAL;
  const item = epoll.find(fd, file);
  if (item === undefined) return -ENOENT;
  if (item.isExclusive) return -EINVAL;
  item.set(events, data);
  epoll.check(item);
  return 0;
}

function remove(epoll: Epoll, fd: number, file: Description): number {
  const item = epoll.find(fd, file);
  if (item === undefined) return -ENOENT;
  epoll.drop(item);
  return 0;
}

/** As many events as the addon asks for in one call. */
const MOST_EVENTS = 512;

/** Where nothing is to be reported and there is time to wait, it would sleep. */
function wait(call: Call, epfd: number, timeoutMs: number, triples: Int32Array): number {
  const file = call.file(epfd);
  if (file === undefined) return -EBADF;
  const room = Math.min(Math.floor(triples.length / 3), MOST_EVENTS);
  if (room === 0 || !(file.object instanceof Epoll)) return -EINVAL;
  const count = file.object.report(triples, room);
  return count === 0 && timeoutMs !== 0 ? call.unslept : count;
}
