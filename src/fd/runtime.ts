/**
 * What an `Fd` or a flow belongs to. Nothing holds a kernel in a module variable: the Linux runtime
 * and one on another kernel live side by side.
 */
import type { Clock } from '../kernel/clock.js';
import type { Kernel, SleepingCall } from '../kernel/kernel.js';

/** What one may wait for: the bits of poll(2) that are asked. */
export const READABLE = 1;
export const WRITABLE = 4;
export type Interest = typeof READABLE | typeof WRITABLE;

/** READABLE and WRITABLE, or'ed. */
export type Interests = number;

/** Who is told of every edge of a descriptor, see `Poller.watch`. */
export interface Watcher {
  /**
   * What may be ready now, and the bits of epoll it was read from (EPOLLPRI, EPOLLRDHUP, EPOLLERR).
   * Runs inside the poller, with no promise between, so it must not throw. It may forget and watch
   * any descriptor.
   */
  ready(interests: Interests, events: number): void;
  /**
   * The watch is over: `forget` was called, or epoll refuses the descriptor from now on. `error`
   * makes what there is to say.
   */
  forgotten(error: () => Error): void;
}

/** Waits for readiness, for all descriptors of a thread. `src/poll` has the one that is used. */
export interface Poller {
  /**
   * Resolves when the descriptor may be ready: read or write until EAGAIN, then wait again.
   * Spurious events are allowed, missed ones are not: call it after a refusal (EAGAIN), never
   * instead of trying.
   *
   * Rejects with an AbortError when `signal` aborts, and with ERR_SLUICE_CLOSED when `forget` is
   * called.
   */
  wait(fd: number, interest: Interest, signal?: AbortSignal): Promise<void>;
  /**
   * Tells `watcher` of every edge until `forget`: for who handles so many events that a promise for
   * each costs too much. What is ready already is an edge. Called again, it asks for more and
   * reports what is ready once more. Keeps the program alive. One watcher a descriptor.
   *
   * Answers 0, or −errno and nothing is watched: EPERM where epoll knows no readiness (a regular
   * file). Throws where no epoll descriptor is to be had.
   */
  watch(fd: number, interests: Interests, watcher: Watcher): number;
  /**
   * Before every close: ends the waits and takes the number out of epoll. Unknown numbers are fine.
   *
   * `sole`: the number is closed next and nobody has a duplicate, in a child neither. Closing takes
   * it out of epoll then, and a call is saved.
   */
  forget(fd: number, sole?: boolean): void;
  /**
   * By who only borrowed the number, when done with it: its owner may close it without a word, and
   * a wait for the next file of that number would be for an edge of the old one. Waits of others
   * go on.
   */
  release(fd: number): void;
  /**
   * Makes the call, by which the number becomes another file's (dup3), and answers as it does.
   * Where it succeeds the waits are over as with `forget`; where it fails they go on.
   */
  replace(fd: number, call: () => number): number;
}

/**
 * A descriptor that the garbage collector found open, or a mapping of that descriptor (−1: of no
 * file); `stack` is where it was opened.
 */
export interface Leak {
  readonly fd: number;
  readonly stack: string;
  readonly mapping?: true;
}

export type FlowName = 'copy' | 'relay' | 'tee';

/** Who watches flows from outside. Only what is asked for here is paid for. */
export interface Tracer {
  /** Whether anybody wants to know of flows of this name: asked once a flow, at its start. */
  listens(name: FlowName): boolean;
  /**
   * Runs the flow, tells of its start and of its end, and answers as it does. `trace` is a
   * `CopyTrace`, `RelayTrace` or `TeeTrace`; its `result` or `error` is set here.
   */
  trace<Result>(name: FlowName, trace: object, run: () => Promise<Result>): Promise<Result>;
}

export interface Runtime {
  readonly kernel: Kernel;
  readonly poller: Poller;
  readonly clock: Clock;
  /** The call on a thread where it may sleep; a number as ever. An abort answers −EINTR. */
  offload<Name extends SleepingCall>(
    name: Name,
    parameters: Parameters<Kernel[Name]>,
    signal?: AbortSignal,
  ): Promise<number>;
  /** Set where flows are watched. */
  readonly tracer?: Tracer;
  /** Set where leaks are reported (SLUICE_LEAKS=1). */
  readonly onLeak?: (leak: Leak) => void;
}
