/**
 * Everything from one descriptor to another, by the best method that the two allow. This module is
 * browser compatible.
 */
import { Fd } from '../fd/fd.js';
import type { Runtime } from '../fd/runtime.js';
import type { Descriptor } from '../kernel/argument.js';
import * as argument from '../kernel/argument.js';
import { check, retry, SluiceError } from '../kernel/error.js';
import { SEEK_CUR, SEEK_SET, SHUT_WR } from '../kernel/flags.js';
import type { Kernel } from '../kernel/kernel.js';
import { writeAll } from './buffered.js';
import { type CopyOptions, type CopyResult, checkOptions } from './copy-options.js';
import { describeEnd, type End, releaseEnd, type Side } from './ends.js';
import { abandonTarget, closeTarget, sayEnd } from './finish.js';
import { Flow } from './flow.js';
import { type Kind, type Method, route } from './route.js';
import { truncated } from './send.js';
import { traced, tracedKind } from './traced.js';
import { transfer } from './transfer.js';
import { Watch } from './watch.js';

/**
 * Copies from `source` until it ends, into `target`: see `copy` of `sluice`, in `src/node/copy.ts`.
 */
export async function copy(
  runtime: Runtime,
  source: Descriptor,
  target: Descriptor,
  options: CopyOptions = {},
): Promise<CopyResult> {
  checkOptions(options);
  const describe = () => ({
    source: tracedKind(runtime, source),
    target: tracedKind(runtime, target),
    options,
  });
  return traced(runtime, 'copy', describe, () => run(runtime, source, target, options));
}

async function run(
  runtime: Runtime,
  source: Descriptor,
  target: Descriptor,
  options: CopyOptions,
): Promise<CopyResult> {
  const watch = new Watch(runtime, options);
  try {
    const result = await new Copying(runtime, options, watch).run(source, target);
    if (options.closeTarget) closeTarget(runtime, target);
    return result;
  } catch (error) {
    if (options.closeTarget) abandonTarget(runtime, target);
    throw watch.failure(error);
  }
}

/** One copy: what it has borrowed and opened, and how it ends. */
class Copying {
  readonly #runtime: Runtime;
  readonly #options: CopyOptions;
  readonly #watch: Watch;
  readonly #releases: (() => void)[] = [];

  constructor(runtime: Runtime, options: CopyOptions, watch: Watch) {
    this.#runtime = runtime;
    this.#options = options;
    this.#watch = watch;
  }

  async run(source: Descriptor, target: Descriptor): Promise<CopyResult> {
    const { clock } = this.#runtime;
    const started = clock.now();
    try {
      const flow = this.#begin(source, target);
      await pour(flow, source);
      const last = await this.#move(flow);
      await this.#end(flow);
      const method = most(flow.methods) ?? last;
      return {
        bytes: flow.bytes,
        method,
        methods: flow.methods,
        durationMs: clock.now() - started,
      };
    } finally {
      this.#watch.end();
      for (const release of this.#releases.reverse()) release();
    }
  }

  #begin(source: Descriptor, target: Descriptor): Flow {
    const from = this.#borrow(source, 'source');
    const to = this.#borrow(target, 'target');
    if (to.kind === 'pipe' || to.kind === 'tcp' || to.kind === 'unix') {
      this.#watch.engine.refuseDeadly();
    }
    const { offset, limit, bytesPerTurn } = this.#options;
    return new Flow(this.#runtime, from, to, {
      position: startOf(this.#runtime.kernel, from, offset),
      limit: limit ?? Number.POSITIVE_INFINITY,
      signal: this.#watch.signal,
      bytesPerTurn,
      onMoved: (bytes) => this.#watch.moved(bytes),
    });
  }

  #borrow(descriptor: Descriptor, side: Side): End {
    let fd = -1;
    if (descriptor instanceof Fd) {
      const loan = descriptor.lend();
      this.#releases.push(loan.giveBack);
      this.#watch.follow(loan.closed, () => closed(side));
      fd = loan.fd;
    } else fd = argument.descriptor(descriptor, side);
    const end = describeEnd(this.#runtime, fd, side);
    this.#releases.push(() => releaseEnd(this.#runtime, end));
    return end;
  }

  /** The file offset is moved as read(2) would have: to the byte after the last that arrived. */
  async #move(flow: Flow): Promise<Method> {
    const start = flow.position;
    let method: Method;
    try {
      method = await transfer(flow, route(flow.source, flow.target));
    } catch (error) {
      this.#moveOffset(flow, start);
      throw error;
    }
    check(this.#moveOffset(flow, start), 'lseek', flow.source.fd);
    return method;
  }

  #moveOffset({ source, bytes }: Flow, start: number | null): number {
    if (start === null || this.#options.offset !== undefined) return 0;
    const { kernel } = this.#runtime;
    return retry(() => kernel.lseek(source.fd, start + bytes, SEEK_SET, new BigInt64Array(1)));
  }

  async #end(flow: Flow): Promise<void> {
    const { limit, shutdown, closeTarget } = this.#options;
    if (hasSize(flow.source) && flow.bytes < (limit ?? 0)) throw truncated(flow.bytes, limit ?? 0);
    this.#watch.complete();
    const { kind, fd } = flow.target;
    if (kind !== 'tcp' && kind !== 'unix') return;
    if (closeTarget) await sayEnd(this.#runtime, fd, flow.signal);
    else if (shutdown) check(this.#runtime.kernel.shutdown(fd, SHUT_WR), 'shutdown', fd);
  }
}

function closed(side: Side): SluiceError {
  return new SluiceError('ERR_SLUICE_CLOSED', `the ${side} was closed`);
}

/** What had been read from the source before it was adopted goes first. */
async function pour(flow: Flow, source: Descriptor): Promise<void> {
  if (!(source instanceof Fd) || source.buffered === 0) return;
  const buffer = new Uint8Array(Math.min(source.buffered, flow.remaining));
  flow.took(await source.read(buffer));
  await writeAll(flow, buffer);
}

/**
 * Files are read at positions of our own, so that a call can be repeated, a part be asked whether
 * it is in memory, and the file offset left where the last byte arrived. Null for what has none.
 */
function startOf(kernel: Kernel, { kind, fd }: End, offset: number | undefined): number | null {
  if (offset === undefined && !STORED.has(kind)) return null;
  const position = new BigInt64Array(1);
  const result = retry(() => kernel.lseek(fd, 0, SEEK_CUR, position));
  if (offset === undefined) return result < 0 ? null : Number(position[0]);
  check(result, 'lseek', fd);
  return offset;
}

const STORED: ReadonlySet<Kind> = new Set<Kind>(['file', 'memory', 'block']);

/** A regular file of 0 bytes may still give some: those of /proc do. */
function hasSize({ kind, size }: End): boolean {
  return kind === 'block' || (STORED.has(kind) && size > 0);
}

function most(methods: Flow['methods']): Method | undefined {
  const moved = Object.entries(methods) as [Method, number][];
  return moved.sort(([, a], [, b]) => b - a)[0]?.[0];
}
