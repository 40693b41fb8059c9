/**
 * A number that is closed once. This module is browser compatible.
 *
 * Linux gives a closed number to the next open at once, so a second close, or a call that comes
 * late, hits a file of somebody else. Therefore: the number is erased before it is closed; the
 * poller forgets it first; a call that sleeps on a thread is woken and waited for, and the number
 * is closed after it.
 */
import { EBUSY, EINTR } from '../kernel/errno.js';
import { AbortError, check, SluiceError, SystemError } from '../kernel/error.js';
import type { Calls, SleepingCall } from '../kernel/kernel.js';
import { expectClose, openingStack, settle } from './leak.js';
import type { Runtime } from './runtime.js';

const NONE = -1;

/** Duplicates never take a number of standard input, output or error that happens to be free. */
export const FIRST_AFTER_STDIO = 3;

/** A number that stays open, and its owner's, until it is given back. */
export interface Loan {
  readonly fd: number;
  /** Aborts when the owner closes it. */
  readonly closed: AbortSignal;
  /** Throws where the owner has closed it meanwhile and close(2) fails. */
  giveBack(): void;
}

/** The lifetime of an `Fd`; see there. */
export class OwnedNumber {
  readonly #runtime: Runtime;
  readonly #sleeping = new Set<AbortController>();
  #number: number;
  /** Erased, and closed when the last call on a thread is back. */
  #closing = NONE;

  constructor(runtime: Runtime, fd: number, stack = openingStack(runtime)) {
    this.#runtime = runtime;
    this.#number = fd;
    expectClose(this, fd, runtime, stack);
  }

  protected get runtime(): Runtime {
    return this.#runtime;
  }

  /** The number, for calls made here and now. */
  protected get number(): number {
    if (this.#number !== NONE) return this.#number;
    throw new SluiceError('ERR_SLUICE_CLOSED', 'the descriptor is closed');
  }

  /** Whether it was closed or released. */
  get closed(): boolean {
    return this.#number === NONE;
  }

  /**
   * Closes the descriptor. Reads and writes that wait reject with ERR_SLUICE_CLOSED; one that is on
   * a thread is woken, and the number is free when it is back. Closing twice is fine: the second
   * does nothing.
   *
   * close(2) is made once, whatever it answers: the number is free afterwards even with EINTR or
   * EIO, and a second close would hit another file.
   *
   * @throws EIO, ENOSPC, EDQUOT what was written earlier did not reach the disk (the descriptor is
   *   closed all the same); EBADF somebody else closed the number
   */
  close(): void {
    if (this.closed) return;
    const fd = this.#erase();
    if (this.#sleeping.size === 0) this.#closeNow(fd);
    else this.#closeAfterCalls(fd);
  }

  /** As `close`, at the end of a `using` scope. */
  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * Lends the number to a flow, which uses it in many calls: `close` aborts the signal, and the
   * number is free when the flow has given it back. Until then nobody else can take it.
   */
  lend(): Loan {
    const waker = new AbortController();
    const fd = this.number;
    this.#sleeping.add(waker);
    const giveBack = () => {
      if (this.#sleeping.delete(waker)) this.#callIsBack();
    };
    return { fd, closed: waker.signal, giveBack };
  }

  /** Ends the ownership without closing; answers the number. */
  protected giveUp(): number {
    this.refuseWhileSleeping('release');
    return this.#erase();
  }

  /**
   * Throws EBUSY while a flow has the number, or a thread that is about to use it: it must not
   * become another file.
   */
  refuseWhileSleeping(syscall: string): void {
    if (this.#sleeping.size === 0) return;
    throw new SystemError(-EBUSY, { syscall, fd: this.number });
  }

  /**
   * The call on a thread; interrupted by the signal and by `close`. Answers what Linux does, never
   * −EINTR.
   */
  protected async sleep<Name extends SleepingCall>(
    name: Name,
    parameters: Parameters<Calls[Name]>,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    const waker = new AbortController();
    const wake = () => waker.abort();
    this.#sleeping.add(waker);
    signal?.addEventListener('abort', wake);
    try {
      return await this.#repeat(name, parameters, waker.signal, signal);
    } finally {
      signal?.removeEventListener('abort', wake);
      this.#sleeping.delete(waker);
      this.#callIsBack();
    }
  }

  async #repeat<Name extends SleepingCall>(
    name: Name,
    parameters: Parameters<Calls[Name]>,
    waker: AbortSignal,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    for (;;) {
      const result = await this.#runtime.offload(name, parameters, waker);
      if (result !== -EINTR) return result;
      if (signal?.aborted) throw new AbortError(signal.reason);
      if (this.closed) throw new SluiceError('ERR_SLUICE_CLOSED', 'the descriptor was closed');
    }
  }

  #erase(): number {
    const fd = this.#number;
    this.#number = NONE;
    settle(this, this.#runtime);
    this.#runtime.poller.forget(fd);
    return fd;
  }

  #closeNow(fd: number): void {
    const result = this.#runtime.kernel.close(fd);
    if (result !== -EINTR) check(result, 'close', fd);
  }

  #closeAfterCalls(fd: number): void {
    this.#closing = fd;
    for (const waker of this.#sleeping) waker.abort();
  }

  /** The last call that comes back closes the number, and rejects where that fails. */
  #callIsBack(): void {
    const fd = this.#closing;
    if (fd === NONE || this.#sleeping.size > 0) return;
    this.#closing = NONE;
    this.#closeNow(fd);
  }
}
