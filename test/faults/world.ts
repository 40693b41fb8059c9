/**
 * What a scenario runs in: a kernel, seen as it is and seen with faults, and time that is told when
 * to pass. Whoever brings another kernel brings another `World`.
 */
import type { Runtime } from '../../src/fd/runtime.js';
import type { CallName } from '../../src/kernel/fault.js';
import * as f from '../../src/kernel/flags.js';
import type { Kernel } from '../../src/kernel/kernel.js';
import { linux } from '../../src/kernel/linux.js';
import { succeeds } from '../helpers/claims.js';
import { VirtualClock } from '../helpers/clock.js';
import { openFiles, runtimeOver } from '../helpers/flows.js';
import { turns } from '../helpers/runtime.js';

export interface World {
  readonly kernel: Kernel;
  /** A regular file with this content, of a disk; its offset is 0. */
  file(content: Uint8Array): number;
  /** What is open, by what it is. */
  open(): string[];
  /** Lets the event loop turn once. */
  turn(): Promise<void>;
  /** Whether so much time has passed that what has not come will not come. */
  patience(): () => boolean;
}

const WATCHDOG_MS = 20_000;

export const LINUX: World = {
  kernel: linux,
  file(content) {
    const flags = f.O_TMPFILE | f.O_RDWR | f.O_CLOEXEC;
    const fd = succeeds(linux.openat(f.AT_FDCWD, '/tmp', flags, 0o600));
    if (content.length > 0) succeeds(linux.pwrite(fd, content, 0), content.length);
    return fd;
  },
  open: openFiles,
  turn: () => turns(1),
  patience() {
    const end = performance.now() + WATCHDOG_MS;
    return () => performance.now() > end;
  },
};

/** One run: the runtime that is made to fail beside one for the peers. */
export interface Bench {
  readonly world: World;
  readonly clean: Runtime;
  readonly faulty: Runtime;
  readonly clock: VirtualClock;
  /** Ends what the faulty runtime keeps as long as the program lives: its epoll descriptor. */
  end(): void;
}

/** `clean` may serve many runs; `wrap` makes the kernel fail. */
export function openBench(world: World, clean: Runtime, wrap: (kernel: Kernel) => Kernel): Bench {
  const clock = new VirtualClock();
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
