/** What the tests of the poller start from: one that counts its calls, and pipes to wait for. */
import assert from 'node:assert/strict';
import { type Interest, type Poller, READABLE, WRITABLE } from '../../src/fd/runtime.js';
import * as f from '../../src/kernel/flags.js';
import type { Kernel } from '../../src/kernel/kernel.js';
import { linux } from '../../src/kernel/linux.js';
import { realClock } from '../../src/node/clock.js';
import { createPoller } from '../../src/poll/poller.js';
import { succeeds } from '../helpers/claims.js';

export { READABLE, WRITABLE };

export interface Bench {
  readonly kernel: Kernel;
  readonly poller: Poller;
  /** How often the poller has made this call. */
  count(name: keyof Kernel): number;
}

/** A poller on Linux; `instead` answers in Linux's place, where it answers at all. */
export function bench(instead: (name: string) => number | undefined = () => undefined): Bench {
  const counts = new Map<string, number>();
  const counted =
    (name: string, call: (...parameters: unknown[]) => unknown) =>
    (...parameters: unknown[]) => {
      counts.set(name, (counts.get(name) ?? 0) + 1);
      return instead(name) ?? call(...parameters);
    };
  const kernel = new Proxy(linux, {
    get: (target, name: keyof Kernel & string) => counted(name, target[name] as never),
  });
  const count = (name: string) => counts.get(name) ?? 0;
  return { kernel: linux, poller: createPoller(kernel, realClock), count };
}

/** A new non-blocking pipe. */
export function pipe(): [reader: number, writer: number] {
  const fds = new Int32Array(2);
  succeeds(linux.pipe2(f.O_CLOEXEC | f.O_NONBLOCK, fds), 0);
  return [...fds] as [number, number];
}

/** A new non-blocking pair of stream sockets. */
export function socketPair(): [left: number, right: number] {
  const fds = new Int32Array(2);
  const type = f.SOCK_STREAM | f.SOCK_CLOEXEC | f.SOCK_NONBLOCK;
  succeeds(linux.socketpair(f.AF_UNIX, type, 0, fds), 0);
  return [...fds] as [number, number];
}

/**
 * Makes a pair whose first end has this number, which has just been closed. Another thread may hold
 * it for a moment: malloc opens a file of /proc now and then.
 */
export function takingNumber(number: number, make: () => [number, number]): [number, number] {
  for (let tries = 0; ; tries++) {
    const pair = make();
    if (pair[0] === number) return pair;
    close(...pair);
    assert.ok(tries < 1_000_000, `the number ${number} is not free`);
  }
}

export function close(...fds: number[]): void {
  for (const fd of fds) succeeds(linux.close(fd), 0);
}

const ONE = new Uint8Array(1);

export function put(fd: number): void {
  succeeds(linux.write(fd, ONE), 1);
}

export function take(fd: number): void {
  succeeds(linux.read(fd, ONE), 1);
}

/** Writes until it would block; answers how much that was. */
export function fill(fd: number): number {
  const bytes = new Uint8Array(65536);
  let total = 0;
  for (let n = linux.write(fd, bytes); n > 0; n = linux.write(fd, bytes)) total += n;
  return total;
}

/** Whether the descriptor is ready now, as poll(2) says. */
export function isReady(fd: number, interest: Interest): boolean {
  return linux.poll(0, Int32Array.of(fd, interest, 0)) > 0;
}

/** Waits until the poller has seen every event that there is now: epoll reports them in order. */
export async function allDelivered(poller: Poller): Promise<void> {
  const [reader, writer] = pipe();
  const wait = poller.wait(reader, READABLE);
  put(writer);
  await wait;
  poller.forget(reader);
  close(reader, writer);
}

/** A wait whose state can be looked at. */
export interface Watched {
  state: 'pending' | 'ready' | 'refused';
  error?: unknown;
}

export function watched(wait: Promise<void>): Watched {
  const watched: Watched = { state: 'pending' };
  wait.then(
    () => {
      watched.state = 'ready';
    },
    (error) => {
      watched.state = 'refused';
      watched.error = error;
    },
  );
  return watched;
}

export function states(...waits: Watched[]): string[] {
  return waits.map(({ state }) => state);
}

export const closed = { name: 'SluiceError', code: 'ERR_SLUICE_CLOSED' };

export async function isClosed(wait: Promise<void>): Promise<void> {
  await assert.rejects(wait, closed);
}
