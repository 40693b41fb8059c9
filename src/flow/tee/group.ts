/**
 * The targets of a tee together: each works for itself, and a piece is over when the last has it.
 */
import type { Runtime } from '../../fd/runtime.js';
import { Turn } from '../../fd/turn.js';
import { AbortError, SluiceError, throwIfAborted } from '../../kernel/error.js';
import { Engine } from '../engine.js';
import { type Limits, Pace, type Paced } from '../pace.js';
import { Progress } from '../progress.js';
import { Branch } from './branch.js';
import type { TeeEnd } from './end.js';
import type { TeeOptions, TeeResult } from './options.js';

const SLOW_TARGET_MS = 10_000;

export class Group implements Paced {
  readonly runtime: Runtime;
  readonly engine: Engine;
  /** A tee has but one direction. */
  readonly halfClosed = false;
  readonly options: TeeOptions;
  readonly branches: readonly Branch[];
  readonly #progress: Progress | undefined;
  readonly #pace: Pace | undefined;
  readonly #turn = new Turn();
  readonly #controller = new AbortController();
  readonly #stop = () => {
    this.#controller.abort(this.options.signal?.reason);
    for (const branch of this.branches) branch.stop();
  };
  #failure: Error | undefined;
  #consumed = 0;

  constructor(runtime: Runtime, ends: readonly TeeEnd[], options: TeeOptions) {
    this.runtime = runtime;
    this.engine = Engine.of(runtime);
    this.options = options;
    const owner = {
      lost: (branch: Branch, error: Error) => void this.#lose(branch, error),
      moved: () => this.#pace?.moved(),
    };
    this.branches = ends.map((end) => new Branch(runtime, end, owner));
    this.#pace = Pace.of(this, paceOf(options));
    for (const branch of this.branches) {
      branch.end.closed?.addEventListener('abort', () => branch.stop(closed('a target')));
    }
    const { onProgress } = options;
    const failed = (error: Error) => this.fail(error);
    this.#progress = onProgress && new Progress(runtime.clock, onProgress, failed);
    options.signal?.addEventListener('abort', this.#stop);
  }

  /** Ends everything when the source is closed. */
  follow(source: TeeEnd): void {
    source.closed?.addEventListener('abort', () => this.fail(closed('the source')));
  }

  /** Aborted when everything ends before its time: by the caller, or by a target that failed. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The failure of a target that ends everything. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** The targets that are not lost. */
  get live(): readonly Branch[] {
    return this.branches.filter(({ error }) => error === undefined);
  }

  /** How many bytes every live target has taken, so that the source need not keep them. */
  get consumed(): number {
    return this.#consumed;
  }

  /** How many bytes the slowest target has. */
  get bytes(): number {
    const delivered = this.live.map((branch) => branch.delivered);
    return delivered.length === 0 ? this.#consumed : Math.min(...delivered);
  }

  /** How many bytes may still be taken from the source. */
  get remaining(): number {
    return (this.options.limit ?? Number.POSITIVE_INFINITY) - this.#consumed;
  }

  get result(): TeeResult {
    const targets = this.branches.map(({ delivered, method, error }) => ({
      bytes: delivered,
      method,
      ...(error === undefined ? {} : { error }),
    }));
    return { bytes: this.#consumed, targets };
  }

  /**
   * Has each of `branches` do its work, all at the same time, and waits for the slowest. One that
   * fails is lost.
   */
  async each(branches: readonly Branch[], work: (branch: Branch) => Promise<void>): Promise<void> {
    await Promise.all(branches.map((branch) => this.#one(branch, work)));
    throwIfAborted(this.signal);
  }

  /** So many more bytes are with every live target. */
  async advance(bytes: number): Promise<void> {
    this.#consumed += bytes;
    this.#progress?.moved(this.#consumed);
    this.#turn.spend(bytes);
    if (this.#turn.over) await this.#turn.end(this.runtime.clock);
  }

  /** Ends everything. The first reason is the one that is told. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#stop();
  }

  async close(): Promise<void> {
    this.#progress?.end();
    this.#pace?.stop();
    this.options.signal?.removeEventListener('abort', this.#stop);
    await Promise.all(this.branches.map((branch) => branch.close()));
  }

  async #one(branch: Branch, work: (branch: Branch) => Promise<void>): Promise<void> {
    const calm = this.#hurry(branch);
    try {
      await work(branch);
    } catch (error) {
      await this.#lose(branch, error as Error);
    } finally {
      calm();
    }
  }

  /** Stops a target for which the others have waited too long. Answers what calls it off. */
  #hurry(branch: Branch): () => void {
    const { onSlowTarget, slowTargetTimeoutMs = SLOW_TARGET_MS } = this.options;
    if (onSlowTarget !== 'drop') return () => {};
    const message = `the target did not take its piece within ${slowTargetTimeoutMs} ms`;
    const error = new SluiceError('ERR_SLUICE_SLOW', message);
    return this.runtime.clock.timer(slowTargetTimeoutMs, () => branch.stop(error));
  }

  async #lose(branch: Branch, error: Error): Promise<void> {
    if (this.signal.aborted || branch.error !== undefined) return;
    const slow = error instanceof AbortError && error.cause instanceof SluiceError;
    branch.error = slow ? (error.cause as SluiceError) : error;
    if (this.#endsAll(branch)) this.fail(branch.error);
    await branch.close();
  }

  #endsAll(branch: Branch): boolean {
    const { onTargetError = 'drop' } = this.options;
    const error = branch.error as Error;
    const ask = () =>
      typeof onTargetError === 'string'
        ? onTargetError
        : onTargetError(error, this.branches.indexOf(branch));
    try {
      return ask() === 'abort' || this.live.length === 0;
    } catch (thrown) {
      this.#failure = thrown as Error;
      return true;
    }
  }
}

function paceOf({ idleTimeoutMs, minBytesPerSecond }: TeeOptions): Limits {
  return { idleTimeoutMs, minBytesPerSecond };
}

function closed(what: string): SluiceError {
  return new SluiceError('ERR_SLUICE_CLOSED', `${what} was closed`);
}
