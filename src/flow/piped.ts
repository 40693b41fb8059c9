/**
 * Socket to anything but a pipe: splice(2) needs a pipe on one side, so there is one of our own
 * between. Two halves: fill takes from the source, drain brings to the target. This module is
 * browser compatible.
 */
import { untilReady } from '../fd/ready.js';
import { WRITABLE } from '../fd/runtime.js';
import { EAGAIN, EINTR, EIO } from '../kernel/errno.js';
import { check } from '../kernel/error.js';
import * as f from '../kernel/flags.js';
import { Buffered, writeAll } from './buffered.js';
import { call } from './call.js';
import { Engine } from './engine.js';
import type { Flow } from './flow.js';
import type { Mover } from './mover.js';
import { type IntermediatePipe, LARGE_PIPE, type PipePool } from './pipes.js';
import { isStored } from './route.js';
import { isUnsupported } from './unsupported.js';

/** So often a target that claims to be ready may refuse pages before it gets bytes. */
const REFUSALS = 2;

export class Piped implements Mover {
  readonly #flow: Flow;
  readonly #pool: PipePool;
  readonly #buffered: Buffered;
  #pipe: IntermediatePipe | undefined = undefined;
  #refusals = 0;
  spent = false;

  constructor(flow: Flow) {
    this.#flow = flow;
    this.#pool = Engine.of(flow.runtime).pipes;
    this.#buffered = new Buffered(flow);
  }

  /** Without a pipe to be had (EMFILE, the user's share of pages) this piece goes as bytes. */
  step(): Promise<number> {
    const pipe = this.#pool.lease(LARGE_PIPE);
    if (pipe === undefined) return this.#buffered.step();
    this.#pipe = pipe;
    return this.#through(pipe);
  }

  /**
   * Invariant: the pipe is empty before and after. So EAGAIN in `fill` can only mean the source.
   */
  async #through(pipe: IntermediatePipe): Promise<number> {
    const filled = this.#fill(pipe);
    while (pipe.count > 0) await this.#drain(pipe);
    this.#release();
    return filled;
  }

  /**
   * Takes what the source has. A disk is worth one trip for as much as fits; for anybody else the
   * first piece is not kept waiting. Answers what the first splice did, or how much there is.
   */
  #fill(pipe: IntermediatePipe): number {
    const { source, target, runtime } = this.#flow;
    const once = !isStored(target.kind);
    for (;;) {
      const most = Math.min(pipe.capacity, this.#flow.bytesPerTurn);
      const room = Math.min(this.#flow.remaining, most - pipe.count);
      if (room === 0) return pipe.count;
      const flags = f.SPLICE_F_NONBLOCK;
      const count = runtime.kernel.splice(source.fd, null, pipe.writer, null, room, flags);
      if (count <= 0) return pipe.count > 0 ? pipe.count : count;
      this.#flow.took(count);
      pipe.count += count;
      if (once) return count;
    }
  }

  /** Precondition: there are bytes in the pipe. So EAGAIN here can only mean the target. */
  async #drain(pipe: IntermediatePipe): Promise<void> {
    const flow = this.#flow;
    const { target, runtime, signal } = flow;
    flow.throwIfStopped();
    const sleeps = isStored(target.kind);
    const flags = f.SPLICE_F_NONBLOCK;
    const parameters = [pipe.reader, null, target.fd, null, pipe.count, flags] as const;
    const moved = await call(runtime, sleeps, signal, 'splice', ...parameters);
    if (moved > 0) this.#arrived(pipe, moved);
    else if (isUnsupported(moved)) await this.#flush(pipe);
    else if (moved === -EAGAIN && this.#refusals++ === REFUSALS) await this.#flush(pipe);
    else if (moved === -EAGAIN) await untilReady(runtime, target.fd, WRITABLE, signal);
    else if (moved !== -EINTR) check(moved === 0 ? -EIO : moved, 'splice', target.fd);
  }

  #arrived(pipe: IntermediatePipe, count: number): void {
    pipe.count -= count;
    this.#refusals = 0;
    this.#flow.gave('splice-pipe', count);
  }

  /** The target takes bytes only. They have left the source, so they are delivered as bytes. */
  async #flush(pipe: IntermediatePipe): Promise<void> {
    const { kernel } = this.#flow.runtime;
    const buffer = new Uint8Array(pipe.count);
    while (pipe.count > 0) {
      const count = kernel.read(pipe.reader, buffer.subarray(0, pipe.count));
      if (count === -EINTR || count === -EAGAIN) continue;
      pipe.count -= check(count === 0 ? -EIO : count, 'read', pipe.reader);
      await writeAll(this.#flow, buffer.subarray(0, count));
    }
    this.spent = true;
  }

  /** What an error left in the pipe is lost with it: the pool takes back only empty ones. */
  close(): void {
    this.#release();
  }

  #release(): void {
    if (this.#pipe !== undefined) this.#pool.release(this.#pipe);
    this.#pipe = undefined;
  }
}
