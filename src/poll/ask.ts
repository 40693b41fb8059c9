/**
 * What epoll is told of a descriptor, and how its events are read.
 * This module is browser compatible.
 */
import { type Interests, READABLE, WRITABLE } from '../fd/runtime.js';
import { EEXIST, ENOENT } from '../kernel/errno.js';
import * as f from '../kernel/flags.js';
import type { Kernel } from '../kernel/kernel.js';
import type { Registration } from './registration.js';

const ADD = f.EPOLL_CTL_ADD;
const MOD = f.EPOLL_CTL_MOD;

/**
 * Asks epoll for these interests, all in all. Adds or modifies, whatever epoll has of this number:
 * it may have been closed and taken without `forget`. Answers 0 or −errno.
 */
export function ask(
  kernel: Kernel,
  epoll: number,
  registration: Registration,
  asked: Interests,
): number {
  const result = set(kernel, epoll, registration, registration.asked === 0 ? ADD : MOD, asked);
  if (result === -EEXIST) return set(kernel, epoll, registration, MOD, asked);
  if (result !== -ENOENT) return result;
  registration.renew();
  return set(kernel, epoll, registration, ADD, asked);
}

/** ERR and HUP end every wait: the next read or write says what happened. */
export function interestsOf(events: number): Interests {
  if ((events & (f.EPOLLERR | f.EPOLLHUP)) !== 0) return READABLE | WRITABLE;
  const readable = (events & (f.EPOLLIN | f.EPOLLRDHUP)) !== 0 ? READABLE : 0;
  return readable | ((events & f.EPOLLOUT) !== 0 ? WRITABLE : 0);
}

/** One number holds both halves of the data exactly: a generation has 21 bits. */
function set(
  kernel: Kernel,
  epoll: number,
  registration: Registration,
  operation: number,
  asked: Interests,
): number {
  const urgent = registration.watched === 0 ? 0 : f.EPOLLPRI;
  const halfClose = (asked & READABLE) === 0 ? 0 : f.EPOLLRDHUP | urgent;
  const data = registration.generation * 2 ** 32 + registration.fd;
  const events = (asked | halfClose | f.EPOLLET) >>> 0;
  return kernel.epoll_ctl(epoll, operation, registration.fd, events, data);
}
