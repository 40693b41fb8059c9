/**
 * One contender of bench/sim.ts in a process of its own: the kernel (`sim` or `linux`) and the work
 * (`calls`, `descriptors` or `traffic`). Prints its figures as JSON, all by seconds of CPU.
 */
import * as f from '../src/kernel/flags.js';
import type { Kernel } from '../src/kernel/kernel.js';
import { linux } from '../src/kernel/linux.js';
import { SimKernel } from '../src/sim.js';

const REPEATS = 300_000;
const MOST_DESCRIPTORS = 100_000;
/** Those that Node has, and the ones of a call. */
const SPARE = 200;
/** Has no factor in common with the counts: by steps of it each descriptor is met once. */
const STRIDE = 7919;
const MOST_MIB = 1024;
const PIECE = 65_536;

const [, , name, work] = process.argv;
const kernel: Kernel = name === 'sim' ? new SimKernel() : linux;

const WORK: Readonly<Record<string, () => Record<string, number>>> = {
  calls,
  descriptors: () => byCount([1_000, 10_000, 100_000], descriptors),
  traffic: () => byCount([16, 128, 1024], traffic),
};
console.log(JSON.stringify(WORK[work ?? '']?.()));

/* ---- single calls ---- */

/** Millions of calls a second, by kind. */
function calls(): Record<string, number> {
  const [reader, writer] = pipe();
  const [, ready] = pipe();
  const bytes = new Uint8Array(16);
  const polled = Int32Array.of(ready, f.POLLOUT, 0);
  const rate = (body: () => void, count: number) => {
    for (let index = 0; index < REPEATS / 10; index++) body();
    const start = cpuSeconds();
    for (let index = 0; index < REPEATS; index++) body();
    return (REPEATS * count) / 1e6 / (cpuSeconds() - start);
  };
  return {
    dup: rate(() => succeeds(kernel.close(kernel.dup(reader)), 0), 2),
    getfl: rate(() => succeeds(kernel.fcntl(reader, f.F_GETFL), f.O_NONBLOCK), 1),
    pipe: rate(() => {
      kernel.write(writer, bytes);
      succeeds(kernel.read(reader, bytes), 16);
    }, 2),
    refused: rate(() => void kernel.read(reader, bytes), 1),
    poll: rate(() => succeeds(kernel.poll(0, polled), 1), 1),
  };
}

/* ---- how it goes with a size ---- */

/** The figure at each size that can be had, and the least of them as a part of the best. */
function byCount(sizes: readonly number[], measure: (size: number) => number) {
  for (let warm = 0; warm < 2; warm++) measure(sizes[0] as number);
  const rates = sizes.map((size) => [size, measure(size)] as const);
  const values = rates.map(([, rate]) => rate).filter((rate) => !Number.isNaN(rate));
  return { ...Object.fromEntries(rates), least: Math.min(...values) / Math.max(...values) };
}

/**
 * Millions of calls a second while `count` descriptors are open and watched by one epoll, making
 * and closing them included; as many calls for each count. NaN where so many are not allowed.
 */
function descriptors(count: number): number {
  if (!raiseLimit(BigInt(count + SPARE))) return Number.NaN;
  const start = cpuSeconds();
  for (let round = 0; round < MOST_DESCRIPTORS / count; round++) withDescriptors(count);
  return (MOST_DESCRIPTORS * 8) / 1e6 / (cpuSeconds() - start);
}

/** The hard limit too, where it is lower. Answers whether that is allowed. */
function raiseLimit(least: bigint): boolean {
  const [, hard = 0n] = limitNow();
  const limit = BigUint64Array.of(least, hard > least ? hard : least);
  return kernel.prlimit(0, f.RLIMIT_NOFILE, limit, null) === 0;
}

function limitNow(): BigUint64Array {
  const limit = new BigUint64Array(2);
  succeeds(kernel.prlimit(0, f.RLIMIT_NOFILE, null, limit), 0);
  return limit;
}

function withDescriptors(count: number): void {
  const epoll = kernel.epoll_create1(0);
  const all = Array.from({ length: count }, () => kernel.eventfd(0, f.EFD_NONBLOCK));
  for (const fd of all) succeeds(kernel.epoll_ctl(epoll, f.EPOLL_CTL_ADD, fd, f.EPOLLIN, fd), 0);
  const scattered = all.map((_, index) => all[(index * STRIDE) % count] as number);
  const value = new Uint8Array(BigUint64Array.of(1n).buffer);
  const events = new Int32Array(24);
  for (const fd of scattered) {
    kernel.write(fd, value);
    succeeds(kernel.epoll_wait(epoll, 0, events), 1);
    succeeds(events[1] as number, fd);
    kernel.read(fd, value);
    succeeds(kernel.close(kernel.dup(fd)), 0);
  }
  for (const fd of scattered) succeeds(kernel.close(fd), 0);
  kernel.close(epoll);
}

/**
 * GiB a second through write, splice from one pipe to another, and read: `mebibytes` through one
 * pair of pipes, then another pair, until it is 1 GiB.
 */
function traffic(mebibytes: number): number {
  const bytes = new Uint8Array(PIECE);
  const start = cpuSeconds();
  for (let moved = 0; moved < MOST_MIB; moved += mebibytes) {
    const [first, second] = [pipe(), pipe()];
    for (let piece = 0; piece < (mebibytes << 20) / PIECE; piece++) {
      kernel.write(first[1], bytes);
      succeeds(kernel.splice(first[0], null, second[1], null, PIECE, 0), PIECE);
      succeeds(kernel.read(second[0], bytes), PIECE);
    }
    for (const fd of [...first, ...second]) kernel.close(fd);
  }
  return 1 / (cpuSeconds() - start);
}

/* ---- */

function pipe(): [reader: number, writer: number] {
  const ends = new Int32Array(2);
  succeeds(kernel.pipe2(f.O_NONBLOCK, ends), 0);
  return [ends[0] as number, ends[1] as number];
}

function succeeds(actual: number, expected: number): void {
  if (actual !== expected) throw new Error(`expected ${expected}, got ${actual}`);
}

/** User and system, of all threads. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
