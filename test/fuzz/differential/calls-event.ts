/** The calls of epoll. Waits have timeout 0. */
import type { Spec } from './calls.js';
import * as p from './parameters.js';

const { fd, oneOf } = p;
const epoll = fd('epoll');
const watched = fd('reader', 'writer', 'stream', 'packets', 'counter', 'epoll');
const levels = ['EPOLLIN', 'EPOLLOUT', 'EPOLLIN | EPOLLOUT', 'EPOLLIN | EPOLLRDHUP', 'EPOLLPRI'];
const manners = ['EPOLLET', 'EPOLLONESHOT', 'EPOLLET | EPOLLONESHOT', 'EPOLLEXCLUSIVE'];
const events = oneOf(
  ...levels,
  ...levels.flatMap((level) => manners.map((manner) => `${level} | ${manner}`)),
  0,
);
const data = oneOf(...Array.from({ length: 50 }, (_, index) => index));

/** Triples to be filled, by how many. */
const room: p.Parameter = {
  ...oneOf(8, 1, 2),
  make: (value, side) => side.words(new Int32Array(3 * (value as number))),
  show: (value) => `new Int32Array(${3 * (value as number)})`,
};

export const EVENT_CALLS: Readonly<Record<string, Spec>> = {
  epoll_create1: {
    parameters: [oneOf(0, 'EPOLL_CLOEXEC')],
    weight: 2,
    makes: () => ['epoll'],
  },
  epoll_ctl: { parameters: [epoll, oneOf('EPOLL_CTL_ADD'), watched, events, data], weight: 8 },
  'epoll_ctl EPOLL_CTL_MOD': {
    parameters: [epoll, oneOf('EPOLL_CTL_MOD'), watched, events, data],
    weight: 3,
  },
  'epoll_ctl EPOLL_CTL_DEL': {
    parameters: [epoll, oneOf('EPOLL_CTL_DEL'), watched, oneOf(0), oneOf(0)],
    weight: 1,
  },
  epoll_wait: { parameters: [epoll, oneOf(0), room], weight: 10 },
};
