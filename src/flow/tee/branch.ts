/**
 * One target of a tee: how far it has come, and how it ends.
 */
import { untilReady } from '../../fd/ready.js';
import { type Runtime, WRITABLE } from '../../fd/runtime.js';
import { attempt } from '../../fd/transfer.js';
import { EAGAIN, EINTR } from '../../kernel/errno.js';
import { check, SluiceError, throwIfAborted } from '../../kernel/error.js';
import * as f from '../../kernel/flags.js';
import { call } from '../call.js';
import { isUnsupported } from '../unsupported.js';
import type { TeeEnd } from './end.js';
import { type InnerPipe, openInnerPipe } from './pipe.js';

/**
 * How a target gets its bytes:
 *
 * - `tee`: it is a pipe, and tee(2) puts them there;
 * - `splice`: tee(2) into a pipe of sluice's own, splice(2) out of it;
 * - `read-write`: through a buffer of this process;
 * - `stream`: by the methods of a Node or Web stream.
 */
export type TeeMethod = 'tee' | 'splice' | 'read-write' | 'stream';

/** Out of a pipe through memory, at once. */
const BUFFER_BYTES = 256 * 1024;

/** Who hears of a branch. */
export interface BranchOwner {
  /** It failed while nobody waited for it. */
  lost(branch: Branch, error: Error): void;
  /** The target has more bytes. */
  moved(): void;
}

interface Filled {
  readonly pipe: InnerPipe;
  readonly count: number;
}

export class Branch {
  readonly end: TeeEnd;
  readonly #runtime: Runtime;
  readonly #controller = new AbortController();
  readonly #owner: BranchOwner;
  readonly #pipes: InnerPipe[] = [];
  /** Those of them that are empty. */
  readonly #spare: InnerPipe[] = [];
  /** One that is filled, and not emptied yet. */
  #filled: Filled | undefined;
  /** The others, in the order in which they are emptied. */
  readonly #emptying: Promise<void>[] = [];
  /** How many bytes of the source it has taken: delivered, or in its own pipe. */
  taken = 0;
  method: TeeMethod = 'read-write';
  /** Why it gets no more. */
  error: Error | undefined;
  #delivered = 0;

  constructor(runtime: Runtime, end: TeeEnd, owner: BranchOwner) {
    this.#runtime = runtime;
    this.end = end;
    this.#owner = owner;
  }

  /** How many bytes the target has. */
  get delivered(): number {
    return this.#delivered;
  }

  /** Makes it ready for `take`. Answers −errno where there is no pipe to be had. */
  open(): number {
    const { isPipe, appends, sleeps } = this.end;
    // While a thread empties one into a file, the other can be filled.
    const wanted = isPipe ? 0 : sleeps ? 2 : 1;
    for (let made = 0; made < wanted; made++) {
      const pipe = openInnerPipe(this.#runtime);
      if (typeof pipe === 'number') {
        if (made === 0) return pipe;
        break;
      }
      this.#pipes.push(pipe);
      this.#spare.push(pipe);
    }
    this.method = isPipe ? 'tee' : appends ? 'read-write' : 'splice';
    return 0;
  }

  /** Makes it ready for `write` alone. */
  useMemory(): void {
    this.#closePipes();
    this.method = 'read-write';
  }

  /**
   * Takes from the head of `reader` what there is room for, at least one byte, and waits for that
   * room. The bytes stay in `reader`: asking again before they are consumed would give the same.
   *
   * Precondition: `length` bytes are in `reader`, and what was taken before is being delivered.
   */
  async take(reader: number, length: number): Promise<void> {
    if (this.#pipes.length > 0 && this.#spare.length === 0) await this.#emptying[0];
    const { signal } = this.#controller;
    for (let doubts = 0; ; ) {
      throwIfAborted(signal);
      const count = this.#takeOnce(reader, length);
      if (count > 0) return;
      if (count === 0) throw stolen();
      if (count === -EAGAIN) {
        doubts = await untilReady(this.#runtime, this.#entrance, WRITABLE, signal, doubts);
      } else if (count !== -EINTR) check(count, 'tee', this.end.fd);
    }
  }

  /**
   * The same where that is possible at once, and most of the time it is: a promise less for each
   * piece and target. Where it answers false nothing was taken, and `take` finds out why.
   */
  takeNow(reader: number, length: number): boolean {
    if (this.#controller.signal.aborted) return false;
    if (this.#pipes.length > 0 && this.#spare.length === 0) return false;
    return this.#takeOnce(reader, length) > 0;
  }

  /** Has what was taken on its way to the target. */
  deliver(): void {
    const filled = this.#filled;
    if (filled === undefined) return;
    this.#filled = undefined;
    const left = filled.count - this.#emptyNow(filled);
    if (left === 0) {
      this.#spare.push(filled.pipe);
      return;
    }
    const emptying = this.#emptyNext(filled.pipe, left, this.#emptying.at(-1));
    this.#emptying.push(emptying);
    emptying.catch((error: Error) => this.#owner.lost(this, error));
  }

  /** Writes all of `bytes`, however long the target takes. */
  async write(bytes: Uint8Array): Promise<void> {
    this.taken += bytes.length;
    await this.#writeAll(bytes);
  }

  /** Waits until the target has all that was taken. */
  async settle(): Promise<void> {
    await this.#emptying.at(-1);
  }

  /** Ends what it does, at the next moment at which it waits. */
  stop(reason?: Error): void {
    this.#controller.abort(reason);
  }

  /** Stops and closes what is its own; a call that is on a thread is awaited. */
  async close(): Promise<void> {
    this.stop();
    await this.settle().catch(() => {});
    this.#closePipes();
  }

  #closePipes(): void {
    for (const pipe of this.#pipes) {
      this.#runtime.poller.forget(pipe.writer);
      pipe.close();
    }
    this.#pipes.length = 0;
    this.#spare.length = 0;
  }

  get #entrance(): number {
    return this.#spare[0]?.writer ?? this.end.fd;
  }

  /** tee(2), once: n that are taken, or −errno. */
  #takeOnce(reader: number, length: number): number {
    const { kernel } = this.#runtime;
    const count = kernel.tee(reader, this.#entrance, length, f.SPLICE_F_NONBLOCK);
    if (count > 0) this.#took(count);
    return count;
  }

  #took(count: number): void {
    this.taken += count;
    const pipe = this.#spare.shift();
    if (pipe === undefined) {
      this.#gave(count);
      return;
    }
    this.#filled = { pipe, count };
    // A thread can begin.
    if (this.end.sleeps) this.deliver();
  }

  /** What this thread can deliver without a promise. Whatever fails is tried again with one. */
  #emptyNow({ pipe, count }: Filled): number {
    const { fd, sleeps } = this.end;
    if (sleeps || this.method !== 'splice' || this.#emptying.length > 0) return 0;
    if (this.#controller.signal.aborted) return 0;
    const { kernel } = this.#runtime;
    const moved = kernel.splice(pipe.reader, null, fd, null, count, f.SPLICE_F_NONBLOCK);
    if (moved > 0) this.#gave(moved);
    return Math.max(moved, 0);
  }

  /** When all before it have been emptied. */
  async #emptyNext(
    pipe: InnerPipe,
    count: number,
    before: Promise<void> | undefined,
  ): Promise<void> {
    await before;
    await this.#empty(pipe.reader, count);
    this.#emptying.shift();
    this.#spare.push(pipe);
  }

  /** Invariant: exactly `inPipe` bytes are in the pipe, so EAGAIN can only mean the target. */
  async #empty(reader: number, count: number): Promise<void> {
    for (let inPipe = count; inPipe > 0; ) {
      throwIfAborted(this.#controller.signal);
      inPipe -=
        this.method === 'splice'
          ? await this.#spliceOnce(reader, inPipe)
          : await this.#pour(reader, inPipe);
    }
  }

  async #spliceOnce(reader: number, length: number): Promise<number> {
    const { fd, sleeps } = this.end;
    const { signal } = this.#controller;
    const flags = sleeps ? 0 : f.SPLICE_F_NONBLOCK;
    const parameters = [reader, null, fd, null, length, flags] as const;
    const moved = await call(this.#runtime, sleeps, signal, 'splice', ...parameters);
    if (moved > 0) this.#gave(moved);
    else if (moved === -EAGAIN) await untilReady(this.#runtime, fd, WRITABLE, signal);
    else if (isUnsupported(moved)) this.method = 'read-write';
    else if (moved !== -EINTR) check(moved, 'splice', fd);
    return Math.max(moved, 0);
  }

  /** The target takes bytes, but no pages. */
  async #pour(reader: number, length: number): Promise<number> {
    const buffer = new Uint8Array(Math.min(length, BUFFER_BYTES));
    const count = this.#runtime.kernel.read(reader, buffer);
    if (count === -EINTR || count === -EAGAIN) return 0;
    await this.#writeAll(buffer.subarray(0, check(count, 'read', reader)));
    return count;
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      throwIfAborted(this.#controller.signal);
      const count = await this.#writeOnce(bytes.subarray(at));
      this.#gave(count);
      at += count;
    }
  }

  #gave(count: number): void {
    this.#delivered += count;
    this.#owner.moved();
  }

  async #writeOnce(bytes: Uint8Array): Promise<number> {
    const { kernel, offload } = this.#runtime;
    const { fd } = this.end;
    const { signal } = this.#controller;
    const outcome = attempt(kernel, 'writev', fd, [bytes]);
    if (outcome === 'wait') await untilReady(this.#runtime, fd, WRITABLE, signal);
    if (outcome === 'wait') return 0;
    const count = outcome === 'sleep' ? await offload('writev', [fd, [bytes]], signal) : outcome;
    return count === -EINTR || count === -EAGAIN ? 0 : check(count, 'write', fd);
  }
}

/** Bytes that were at the head of the source are gone. */
export function stolen(): SluiceError {
  return new SluiceError(
    'ERR_SLUICE_SOURCE_TRUNCATED',
    'another reader has taken bytes from the source of this tee',
  );
}
