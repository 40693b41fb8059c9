/**
 * A new ring, and its ends by their descriptors. This module is browser compatible.
 */
import { adopt } from '../../fd/adopt.js';
import { Fd } from '../../fd/fd.js';
import { closeEnds, socketPair } from '../../fd/pipe.js';
import * as argument from '../../kernel/argument.js';
import type { LinuxKernel } from '../../kernel/linux-kernel.js';
import { entrusted } from '../entrusted.js';
import type { MemoryRuntime } from '../runtime.js';
import { type Opener, RingEnd } from './end.js';
import { RingError } from './error.js';
import * as l from './layout.js';
import { createMemory, type MappedLane, mapLane, refuseNoSocket } from './memory.js';
import type { ReceiverOptions } from './receiver.js';
import type { SenderOptions } from './sender.js';
import { spin } from './waiting.js';

export interface RingOptions {
  /**
   * How many bytes each lane of the ring holds at least: a power of two of pages. 1 MiB without, a
   * GiB at most. Each message takes 16 bytes more than it has, rounded up to 8.
   */
  readonly capacity?: number | undefined;
  /** How many senders there are, each with a lane of its own; 1. */
  readonly producers?: number | undefined;
}

/** What opens the ends of a ring. */
export interface Openers<S, R> {
  readonly sender: Opener<S, SenderOptions>;
  readonly receiver: Opener<R, ReceiverOptions>;
}

/** The ends of a new ring. */
export interface Ends<S, R> {
  readonly receiver: RingEnd<R, ReceiverOptions>;
  readonly senders: readonly RingEnd<S, SenderOptions>[];
}

const SENDER_CHECKS: argument.Checks<SenderOptions> = { spin };
const RECEIVER_CHECKS: argument.Checks<ReceiverOptions> = { spin, onLost: argument.callback };

const CAPACITY = 1 << 20;
const MOST_PRODUCERS = 1024;

export function createRing<S, R>(
  runtime: MemoryRuntime,
  openers: Openers<S, R>,
  options: RingOptions = {},
): Ends<S, R> {
  const { capacity = CAPACITY, producers = 1 } = argument.options(options);
  const bytes = capacityOf(runtime.kernel, argument.positiveCount(capacity, 'capacity'));
  if (argument.positiveCount(producers, 'producers') > MOST_PRODUCERS) {
    throw new argument.ArgumentOutOfRange('producers', `at most ${MOST_PRODUCERS}`, producers);
  }
  const made: Fd[] = [];
  try {
    const lanes = Array.from({ length: producers }, () => createLane(runtime, bytes, made));
    const receiving = lanes.flatMap((lane) => lane.receiver);
    return {
      receiver: new RingEnd(runtime, receiving, openers.receiver),
      senders: lanes.map(({ sender }) => new RingEnd(runtime, sender, openers.sender)),
    };
  } catch (error) {
    closeEnds(...made);
    throw error;
  }
}

/** What a sender is made of; the descriptors are its own from then on, or closed. */
export function openSenderLane(
  runtime: MemoryRuntime,
  numbers: readonly number[],
  options: SenderOptions = {},
): OpenLane {
  const checked = (count: number) => {
    argument.checkOptions(options, SENDER_CHECKS);
    if (count !== 2) throw new RingError('ERR_SLUICE_RING', 'a sender is two descriptors');
  };
  return openLanes(runtime, numbers, l.SENDER_STATE, checked)[0] as OpenLane;
}

/** What a receiver is made of; the descriptors are its own from then on, or closed. */
export function openReceiverLanes(
  runtime: MemoryRuntime,
  numbers: readonly number[],
  options: ReceiverOptions = {},
): OpenLane[] {
  const checked = (count: number) => {
    argument.checkOptions(options, RECEIVER_CHECKS);
    if (count > 0 && count % 2 === 0) return;
    throw new RingError('ERR_SLUICE_RING', 'a receiver is two descriptors for each of its senders');
  };
  return openLanes(runtime, numbers, l.RECEIVER_STATE, checked);
}

export interface OpenLane {
  readonly memory: MappedLane;
  readonly socket: Fd;
}

/** `make` owns the lanes; where it throws they are closed. */
export function owning<Made>(lanes: readonly OpenLane[], make: () => Made): Made {
  try {
    return make();
  } catch (error) {
    for (const { memory, socket } of lanes) {
      memory.unmap();
      closeEnds(socket);
    }
    throw error;
  }
}

function capacityOf(kernel: LinuxKernel, asked: number): number {
  if (asked > l.MOST_CAPACITY) {
    throw new argument.ArgumentOutOfRange('capacity', `at most ${l.MOST_CAPACITY}`, asked);
  }
  let capacity = kernel.page_size();
  while (capacity < asked) capacity *= 2;
  return capacity;
}

function createLane(runtime: MemoryRuntime, capacity: number, made: Fd[]) {
  const keep = (fd: Fd) => {
    made.push(entrusted(runtime, fd));
    return made.at(-1) as Fd;
  };
  const salt = Math.floor(runtime.clock.random() * 2 ** 32) | 0;
  const fd = createMemory(runtime.kernel, { capacity, salt, start: 0 });
  const memory = keep(new Fd(runtime, fd));
  const [theirs, ours] = socketPair(runtime).map(keep) as [Fd, Fd];
  return { sender: [memory, theirs], receiver: [keep(memory.dup()), ours] };
}

/** All of them, or none: then every descriptor is closed. */
function openLanes(
  runtime: MemoryRuntime,
  numbers: readonly number[],
  state: number,
  checked: (count: number) => void,
): OpenLane[] {
  const fds = adoptAll(runtime, numbers).map((fd) => entrusted(runtime, fd));
  const lanes: OpenLane[] = [];
  try {
    checked(fds.length);
    for (let at = 0; at < fds.length; at += 2) {
      const memory = mapLane(runtime, (fds[at] as Fd).fd);
      lanes.push({ memory, socket: fds[at + 1] as Fd });
      refuseNoSocket(runtime.kernel, (fds[at + 1] as Fd).fd);
      claim(memory, state);
      (fds[at] as Fd).close();
    }
    return lanes;
  } catch (error) {
    for (const { memory } of lanes) memory.unmap();
    closeEnds(...fds);
    throw error;
  }
}

/** All of them, or none: then those that are open are closed. */
function adoptAll(runtime: MemoryRuntime, numbers: readonly number[]): Fd[] {
  argument.listOf(argument.descriptor)(numbers, 'descriptors');
  const fds: Fd[] = [];
  const errors: unknown[] = [];
  for (const number of numbers) {
    try {
      fds.push(adopt(runtime, number));
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length === 0) return fds;
  closeEnds(...fds);
  throw errors[0];
}

/** Each end is opened once: a second owner would write over the first. */
function claim({ control }: MappedLane, state: number): void {
  const before = Atomics.compareExchange(control, state, l.UNOPENED, l.OPEN);
  if (before === l.UNOPENED) return;
  const message = 'this end of the ring was opened before: each is for one process';
  throw new RingError('ERR_SLUICE_RING', message);
}
