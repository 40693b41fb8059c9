import * as f from '../../src/kernel/flags.js';
import { succeeds } from './claims.js';
import type { Subject } from './subject.js';

export interface Event {
  readonly events: number;
  readonly data: bigint;
}

/** A kept epoll descriptor with this one in it. */
export function epollOf({ kernel, keep }: Subject, fd: number, events: number, data = 0n): number {
  const epoll = keep(kernel.epoll_create1(f.EPOLL_CLOEXEC));
  succeeds(kernel.epoll_ctl(epoll, f.EPOLL_CTL_ADD, fd, events, data), 0);
  return epoll;
}

/** What epoll_wait answers at once. */
export function eventsOf({ kernel }: Subject, epoll: number, room = 8): Event[] {
  const triples = new Int32Array(3 * room);
  const count = succeeds(kernel.epoll_wait(epoll, 0, triples));
  return Array.from({ length: count }, (_, index) => {
    const [events, low, high] = triples.slice(3 * index, 3 * index + 3) as unknown as number[];
    const data = (BigInt(high as number) << 32n) | BigInt((low as number) >>> 0);
    return { events: (events as number) >>> 0, data: BigInt.asUintN(64, data) };
  });
}

/** The bits of the same. */
export const masksOf = (subject: Subject, epoll: number) =>
  eventsOf(subject, epoll).map(({ events }) => events);
