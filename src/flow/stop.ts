/**
 * All that can end a flow before its source does: the caller's signal, a descriptor that is closed,
 * a limit of time. The first one counts. This module is browser compatible.
 */
export class Stop {
  readonly #controller = new AbortController();
  readonly #releases: (() => void)[] = [];
  #error: Error | undefined;

  /** Aborts when the flow is to end: whatever waits, wakes up. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Why it was to end, if it was: what the flow fails with, whatever the calls said. */
  get error(): Error | undefined {
    return this.#error;
  }

  now(error: Error): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    this.#controller.abort(error);
  }

  /** From now on an abort of `signal` is one of the flow, with this error. */
  follow(signal: AbortSignal | undefined, error: () => Error): void {
    if (signal === undefined) return;
    const stop = () => this.now(error());
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop);
    this.#releases.push(() => signal.removeEventListener('abort', stop));
  }

  /** The flow is over. */
  release(): void {
    for (const release of this.#releases) release();
    this.#releases.length = 0;
  }
}
