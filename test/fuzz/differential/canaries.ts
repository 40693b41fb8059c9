/** Bugs to be planted in the sim kernel: each must be found. */
import { MSG_PEEK, POLLERR } from '../../../src/kernel/flags.js';
import { Epoll } from '../../../src/kernel/sim/event/epoll.js';
import { PageCache } from '../../../src/kernel/sim/file/cache.js';
import { RegularFile } from '../../../src/kernel/sim/file/regular.js';
import { carryIn } from '../../../src/kernel/sim/pipe/carry.js';
import { Pipe } from '../../../src/kernel/sim/pipe/pipe.js';
import { Ring } from '../../../src/kernel/sim/pipe/ring.js';
import { StreamQueue } from '../../../src/kernel/sim/socket/stream-queue.js';
import { UnixStream } from '../../../src/kernel/sim/socket/unix-stream.js';
import { DescriptorTable } from '../../../src/kernel/sim/table.js';

export interface Canary {
  readonly bug: string;
  /** How many steps the shortest sequence has, at most. */
  readonly steps: number;
  /** Plants it; the answer takes it out. */
  readonly plant: () => () => void;
}

/** Replaces a method or an accessor of a class by what `make` makes of it. */
function replace(
  prototype: object,
  name: string,
  make: (old: PropertyDescriptor) => PropertyDescriptor,
): () => void {
  const old = Object.getOwnPropertyDescriptor(prototype, name);
  if (old === undefined) throw new Error(`there is no ${name}`);
  Object.defineProperty(prototype, name, { configurable: true, ...make(old) });
  return () => Object.defineProperty(prototype, name, old);
}

/** A method that gets what it is called on first. */
function method<This extends object>(
  prototype: This,
  name: keyof This & string,
  run: (self: This, old: (...values: unknown[]) => unknown, ...values: unknown[]) => unknown,
): () => void {
  return replace(prototype, name, (old) => ({
    value(this: This, ...values: unknown[]) {
      return run(this, (...others) => old.value.apply(this, others), ...values);
    },
  }));
}

export const CANARIES: readonly Canary[] = [
  {
    bug: 'a small write never goes behind the bytes of the one before',
    steps: 4,
    plant: () =>
      method(Ring.prototype, 'push', (_, push, slot) =>
        push({ ...(slot as object), isMergeable: false }),
      ),
  },
  {
    bug: 'a pipe has room for one slot more',
    steps: 3,
    plant: () => replace(Pipe.prototype, 'isFull', () => ({ get: isOverfull })),
  },
  {
    bug: 'poll does not say that nobody reads a pipe',
    steps: 2,
    plant: () => method(Pipe.prototype, 'poll', (_, poll, file) => Number(poll(file)) & ~POLLERR),
  },
  {
    bug: 'splice copies the pages of a file',
    steps: 6,
    plant: () => method(RegularFile.prototype, 'spliceRead', copied),
  },
  {
    bug: 'lseek takes every page for data',
    steps: 3,
    plant: () => method(PageCache.prototype, 'nextData', (_, _next, index) => index),
  },
  {
    bug: 'FD_CLOEXEC is set where nobody asked for it',
    steps: 1,
    plant: () =>
      method(DescriptorTable.prototype, 'open', (_, open, file, _isSet, limit) =>
        open(file, true, limit),
      ),
  },
  {
    bug: 'epoll hears of nothing that happens after it was asked to watch',
    steps: 7,
    plant: () => method(Epoll.prototype, 'tell', () => undefined),
  },
  {
    bug: 'MSG_PEEK takes what it reads',
    steps: 3,
    plant: () =>
      method(UnixStream.prototype, 'receive', (_, receive, memory, flags, ...others) =>
        receive(memory, (flags as number) & ~MSG_PEEK, ...others),
      ),
  },
  {
    bug: 'a read goes on behind a message that has descriptors',
    steps: 4,
    plant: () =>
      replace(StreamQueue.prototype, 'reach', () => ({ get: () => Number.POSITIVE_INFINITY })),
  },
];

function isOverfull(this: Pipe): boolean {
  return this.slots.count > this.slotLimit;
}

function copied(_: RegularFile, _splice: unknown, ...parameters: unknown[]): number {
  return carryIn(...(parameters as Parameters<typeof carryIn>));
}
