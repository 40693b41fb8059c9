/**
 * What a scenario runs in, once: a kernel, seen as it is and seen with faults, and time that is
 * told when to pass. Whoever brings another kernel brings another `World`.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Runtime } from '../../src/fd/runtime.js';
import type { Clock } from '../../src/kernel/clock.js';
import type { CallName } from '../../src/kernel/fault.js';
import * as f from '../../src/kernel/flags.js';
import type { Kernel } from '../../src/kernel/kernel.js';
import { linux } from '../../src/kernel/linux.js';
import { Scheduler, SimKernel } from '../../src/sim.js';
import { succeeds } from '../helpers/claims.js';
import { VirtualClock } from '../helpers/clock.js';
import { openFiles, runtimeOver } from '../helpers/flows.js';

/** Time that passes when it is told to. */
export interface ToldClock extends Clock {
  /** How many timers are set. */
  readonly timers: number;
  advance(ms: number): void;
}

export interface World {
  readonly kernel: Kernel;
  readonly clock: ToldClock;
  /** For the peers. */
  readonly clean: Runtime;
  /** A regular file with this content, of a disk; its offset is 0. */
  file(content: Uint8Array): number;
  /** What is open, by what it is, and what else a program may leave behind. */
  open(): string[];
  /** Lets the event loop turn once. */
  turn(): Promise<void>;
  /** Whether so much time has passed that what has not come will not come. */
  patience(): () => boolean;
}

const WATCHDOG_MS = 20_000;

const linuxPeers = runtimeOver(linux);

export function linuxWorld(): World {
  return {
    kernel: linux,
    clock: new VirtualClock(),
    clean: linuxPeers,
    file: (content) => fileOf(linux, content),
    open: openFiles,
    turn: () => nextTurn(),
    patience() {
      const end = performance.now() + WATCHDOG_MS;
      return () => performance.now() > end;
    },
  };
}

/** More than any scenario has, by far. */
const MOST_TURNS = 10_000;

/** A machine of its own: everything happens in an order that is drawn from the seed. */
export function simWorld(seed = 0): World {
  const scheduler = new Scheduler({ seed });
  const kernel = new SimKernel(scheduler);
  const { clock } = scheduler;
  return {
    kernel,
    clock,
    clean: runtimeOver(kernel, clock),
    file: (content) => fileOf(kernel, content),
    open: () => leftIn(kernel),
    async turn() {
      for (let tasks = scheduler.pending; tasks >= 0; tasks--) {
        scheduler.step();
        await nextTurn();
      }
    },
    patience() {
      let turns = 0;
      return () => ++turns > MOST_TURNS;
    },
  };
}

function fileOf(kernel: Kernel, content: Uint8Array): number {
  const flags = f.O_TMPFILE | f.O_RDWR | f.O_CLOEXEC;
  const fd = succeeds(kernel.openat(f.AT_FDCWD, '/tmp', flags, 0o600));
  if (content.length > 0) succeeds(kernel.pwrite(fd, content, 0), content.length);
  return fd;
}

/** Objects that are open, and pages that somebody refers to. */
function leftIn(kernel: SimKernel): string[] {
  const { objects, pagesInUse, descriptorsInFlight } = kernel.inspect();
  const kinds = objects.map(({ kind }) => kind).filter((kind) => kind !== 'eventpoll');
  return [...kinds, `${pagesInUse} pages`, `${descriptorsInFlight} descriptors under way`];
}

/** One run: the runtime that is made to fail beside one for the peers. */
export interface Bench {
  readonly world: World;
  readonly clean: Runtime;
  readonly faulty: Runtime;
  readonly clock: ToldClock;
  /** Ends what the faulty runtime keeps as long as the program lives: its epoll descriptor. */
  end(): void;
}

/** `wrap` makes the kernel fail. */
export function openBench(world: World, wrap: (kernel: Kernel) => Kernel): Bench {
  const { clean, clock } = world;
  const kept = keeping(world.kernel);
  const faulty = runtimeOver(wrap(kept.kernel), clock);
  return { world, clean, faulty, clock, end: kept.end };
}

/** A kernel that remembers the epoll descriptors that a runtime never closes. */
function keeping(kernel: Kernel): { kernel: Kernel; end(): void } {
  const open = new Map<number, number>();
  const remembering: Kernel = Object.assign(Object.create(kernel), {
    watch(fd: number, listener: () => void) {
      const watch = kernel.watch(fd, listener);
      if (watch >= 0) open.set(fd, watch);
      return watch;
    },
    close(fd: number) {
      open.delete(fd);
      return kernel.close(fd);
    },
  });
  const end = () => {
    for (const [fd, watch] of open) {
      kernel.unwatch(watch);
      kernel.close(fd);
    }
  };
  return { kernel: remembering, end };
}

export interface Call {
  readonly call: CallName;
  readonly nth: number;
}

/** Notes the calls in order, at most so many. */
export function noting(calls: Call[], most: number, isCall: (name: string) => boolean) {
  const counts = new Map<string, number>();
  const note = (call: string) => {
    const nth = (counts.get(call) ?? 0) + 1;
    counts.set(call, nth);
    if (isCall(call) && calls.length < most) calls.push({ call: call as CallName, nth });
  };
  return (kernel: Kernel): Kernel =>
    new Proxy(kernel, {
      get(target, name: string & keyof Kernel) {
        const call = target[name] as (...parameters: unknown[]) => unknown;
        if (typeof call !== 'function') return call;
        return (...parameters: unknown[]) => {
          note(name === 'offload' ? String(parameters[0]) : name);
          return call.apply(target, parameters);
        };
      },
    });
}
