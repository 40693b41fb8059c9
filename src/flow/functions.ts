/**
 * What a person calls, bound to a runtime: the same functions on every kernel. This module is
 * browser compatible.
 */
import { adopt } from '../fd/adopt.js';
import type { Fd } from '../fd/fd.js';
import { type OpenFlags, type OpenOptions, open } from '../fd/open.js';
import {
  type Pipe,
  type PipeOptions,
  pipe,
  type SocketPair,
  type SocketPairOptions,
  socketPair,
} from '../fd/pipe.js';
import type { Leak, Runtime, Tracer } from '../fd/runtime.js';
import type { Descriptor } from '../kernel/argument.js';
import * as argument from '../kernel/argument.js';
import type { Clock } from '../kernel/clock.js';
import type { Kernel, Path } from '../kernel/kernel.js';
import { offload } from '../kernel/offload.js';
import { createPoller } from '../poll/poller.js';
import { copy } from './copy.js';
import type { CopyOptions, CopyResult } from './copy-options.js';
import { relay } from './relay.js';
import type { RelayOptions, RelayResult } from './relay-options.js';
import type { TeeOptions, TeeResult } from './tee/options.js';
import { tee } from './tee.js';

/** As the functions of these names of `sluice`, on the kernel they are bound to. */
export interface Functions {
  pipe(options?: PipeOptions): Pipe;
  socketPair(options?: SocketPairOptions): SocketPair;
  open(path: Path, flags?: OpenFlags | number, options?: OpenOptions): Promise<Fd>;
  /** Numbers and objects with `fd`; Node's sockets are known to `sluice` alone. */
  adopt(source: Descriptor): Fd;
  /** From and to numbers and objects with `fd`; streams are known to `sluice` alone. */
  copy(source: Descriptor, target: Descriptor, options?: CopyOptions): Promise<CopyResult>;
  relay(a: Fd, b: Fd, options?: RelayOptions): Promise<RelayResult>;
  /** From and to numbers and objects with `fd`; streams are known to `sluice` alone. */
  tee(source: Descriptor, targets: readonly Descriptor[], options?: TeeOptions): Promise<TeeResult>;
}

export interface RuntimeOptions {
  readonly kernel: Kernel;
  readonly clock: Clock;
  /** Told of each descriptor that was forgotten open. */
  readonly onLeak?: ((leak: Leak) => void) | undefined;
  /** Told of each flow. */
  readonly tracer?: Tracer | undefined;
}

/**
 * The functions of `sluice` on a kernel of your choice: the real one, one that is traced or made to
 * fail, one in memory. Runtimes live side by side and share nothing.
 *
 * @param options.kernel makes the calls
 * @param options.clock time, turns of the event loop and chance; a test may have a virtual one
 * @param options.onLeak told of each `Fd` that the garbage collector found open, once
 * @param options.tracer told of each `copy`, `relay` and `tee`, from start to end
 * @returns `pipe`, `socketPair`, `open`, `adopt`, `copy`, `relay` and `tee`, as `sluice` has them
 * @throws ERR_INVALID_ARG_TYPE as named
 *
 * @example
 * ```ts
 * import { deepEqual } from 'node:assert/strict';
 * import { linux } from 'sluice';
 * import { createRuntime, trace } from 'sluice/sim';
 *
 * const lines: string[] = [];
 * const clock = {
 *   now: () => performance.now(),
 *   timer: () => () => {},
 *   yield: () => new Promise<void>((resolve) => setImmediate(resolve)),
 *   random: () => 0.5,
 * };
 * const { pipe } = createRuntime({ kernel: trace(linux, (line) => lines.push(line)), clock });
 * pipe()[Symbol.dispose]();
 * deepEqual(
 *   lines.map((line) => line.slice(0, line.indexOf('('))),
 *   ['pipe2', 'close', 'close'],
 * );
 * ```
 */
export function createRuntime(options: RuntimeOptions): Functions {
  checkRuntimeOptions(options);
  const { kernel, clock, onLeak, tracer } = options;
  const runtime: Runtime = {
    kernel,
    clock,
    poller: createPoller(kernel, clock),
    offload: (name, parameters, signal) => offload(kernel, name, parameters, signal),
    ...(onLeak === undefined ? {} : { onLeak }),
    ...(tracer === undefined ? {} : { tracer }),
  };
  return {
    pipe: (options) => pipe(runtime, options),
    socketPair: (options) => socketPair(runtime, options),
    open: (path, flags, options) => open(runtime, path, flags, options),
    adopt: (source) => adopt(runtime, source),
    copy: (source, target, options) => copy(runtime, source, target, options),
    relay: (a, b, options) => relay(runtime, a, b, options),
    tee: (source, targets, options) => tee(runtime, source, targets, options),
  };
}

function checkRuntimeOptions(options: RuntimeOptions): void {
  const { callback, optional } = argument;
  const { kernel, clock } = argument.options(options);
  argument.record(kernel, 'kernel');
  argument.checkFields<Clock>(clock, 'clock', {
    now: callback,
    timer: callback,
    yield: callback,
    random: callback,
  });
  optional(callback)(options.onLeak, 'onLeak');
  optional((tracer, name) =>
    argument.checkFields<Tracer>(tracer, name, { listens: callback, trace: callback }),
  )(options.tracer, 'tracer');
}
