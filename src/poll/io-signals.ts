/**
 * I/O signals as an async iterator: O_ASYNC, F_SETOWN and F_SETSIG of fcntl(2). This module is
 * browser compatible.
 */
import { Fd } from '../fd/fd.js';
import type { Loan } from '../fd/lifetime.js';
import type { Runtime } from '../fd/runtime.js';
import * as argument from '../kernel/argument.js';
import { AbortError, check, SluiceError } from '../kernel/error.js';
import * as f from '../kernel/flags.js';
import type { Kernel } from '../kernel/kernel.js';
import { type IoSignal, type Listener, SignalHub } from './signal-hub.js';
import { refuseOwned } from './signal-owners.js';

export type { IoSignal } from './signal-hub.js';

export interface IoSignalOptions {
  /**
   * The signal to send instead of SIGIO. A real-time one (34 to 64) queues, and names the
   * descriptor and what happened for each event.
   */
  readonly ioSignal?: number;
  /** Ends the iteration with an AbortError. */
  readonly signal?: AbortSignal;
}

export type IoSignals = (
  fd: argument.Descriptor,
  options?: IoSignalOptions,
) => AsyncIterableIterator<IoSignal>;

/** `ioSignals` on this runtime, for the process of this number. */
export function createIoSignals(runtime: Runtime, pid: number): IoSignals {
  const hub = new SignalHub(runtime.kernel, runtime.poller);
  return (fd, options = {}) => {
    const number = argument.descriptor(fd, 'fd');
    const { ioSignal, signal } = argument.options(options);
    const asked = ioSignal === undefined ? 0 : checkSignal(ioSignal);
    argument.abortSignal(signal, 'options.signal');
    if (signal?.aborted) throw new AbortError(signal.reason);
    if (hub.has(number)) {
      throw new SluiceError('ERR_SLUICE_SIGNAL', `descriptor ${number} has I/O signals already`);
    }
    const source = new Source(runtime.kernel, fd, number, asked);
    const loan = fd instanceof Fd ? fd.lend() : undefined;
    try {
      return new IoSignalIterator(hub, source, pid, signal, loan);
    } catch (error) {
      loan?.giveBack();
      throw error;
    }
  };
}

function checkSignal(value: number): number {
  const signal = argument.integer(value, 'options.ioSignal');
  if (signal < 1 || signal > 64) {
    throw new argument.ArgumentOutOfRange('options.ioSignal', 'a signal, 1 to 64', value);
  }
  refuseOwned(signal);
  return signal;
}

/** The descriptor whose owner, signal and O_ASYNC are set. */
class Source {
  readonly #kernel: Kernel;
  readonly #given: argument.Descriptor;
  readonly fd: number;
  readonly #asked: number;

  constructor(kernel: Kernel, given: argument.Descriptor, fd: number, asked: number) {
    this.#kernel = kernel;
    this.#given = given;
    this.fd = fd;
    this.#asked = asked;
  }

  get signal(): number {
    return this.#asked === 0 ? f.SIGIO : this.#asked;
  }

  start(pid: number): void {
    const flags = this.#fcntl(f.F_GETFL);
    this.#fcntl(f.F_SETOWN, pid);
    this.#fcntl(f.F_SETSIG, this.#asked);
    // si_fd is the number under which O_ASYNC was set last, and setting it again is no setting.
    this.#fcntl(f.F_SETFL, flags & ~f.O_ASYNC);
    this.#fcntl(f.F_SETFL, flags | f.O_ASYNC);
    if ((this.#fcntl(f.F_GETFL) & f.O_ASYNC) !== 0) return;
    throw new SluiceError('ERR_SLUICE_SIGNAL', `what descriptor ${this.fd} is sends no signals`);
  }

  stop(): void {
    if (!this.#isOpen()) return;
    const flags = this.#kernel.fcntl(this.fd, f.F_GETFL);
    if (flags < 0) return;
    this.#kernel.fcntl(this.fd, f.F_SETFL, flags & ~f.O_ASYNC);
    this.#kernel.fcntl(this.fd, f.F_SETSIG, 0);
    this.#kernel.fcntl(this.fd, f.F_SETOWN, 0);
  }

  /** An owner that was closed has no number any more, and the number may be another file's. */
  #isOpen(): boolean {
    // It is lent: what closes it waits until it is given back.
    if (this.#given instanceof Fd) return true;
    try {
      return argument.descriptor(this.#given, 'fd') === this.fd;
    } catch {
      return false;
    }
  }

  #fcntl(command: number, value?: number): number {
    return check(this.#kernel.fcntl(this.fd, command, value), 'fcntl', this.fd);
  }
}

/** Events that wait to be taken, at most: as many records as the pipe of a signal holds. */
const QUEUE_LENGTH = 4096;

class IoSignalIterator implements AsyncIterableIterator<IoSignal>, Listener {
  readonly #hub: SignalHub;
  readonly #source: Source;
  readonly #signal: AbortSignal | undefined;
  readonly #loan: Loan | undefined;
  readonly #end = new AbortController();
  readonly #events: IoSignal[] = [];
  #failure: Error | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    hub: SignalHub,
    source: Source,
    pid: number,
    signal: AbortSignal | undefined,
    loan: Loan | undefined,
  ) {
    this.#hub = hub;
    this.#source = source;
    this.#signal = signal;
    this.#loan = loan;
    hub.add(this);
    try {
      source.start(pid);
    } catch (error) {
      this.#stop();
      throw error;
    }
    signal?.addEventListener('abort', this.#abort);
    loan?.closed.addEventListener('abort', this.#closed);
  }

  get fd(): number {
    return this.#source.fd;
  }

  get signal(): number {
    return this.#source.signal;
  }

  take(event: IoSignal): void {
    if (this.#events.length < QUEUE_LENGTH) this.#events.push(event);
  }

  next(): Promise<IteratorResult<IoSignal>> {
    const turn = this.#turn.then(() => this.#next());
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async return(): Promise<IteratorResult<IoSignal>> {
    this.#stop();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  async #next(): Promise<IteratorResult<IoSignal>> {
    while (!this.#end.signal.aborted) {
      if (this.#events.length === 0) this.#hub.drain();
      const value = this.#events.shift();
      if (value !== undefined) return { done: false, value };
      await this.#wait();
    }
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
    return { done: true, value: undefined };
  }

  async #wait(): Promise<void> {
    try {
      await this.#hub.wait(this.#end.signal);
    } catch (error) {
      if (!this.#end.signal.aborted) throw error;
    }
  }

  #abort = (): void => {
    this.#failure = new AbortError(this.#signal?.reason);
    this.#stop();
  };

  #closed = (): void => {
    this.#failure = new SluiceError('ERR_SLUICE_CLOSED', 'the descriptor was closed');
    try {
      this.#stop();
    } catch (error) {
      // Of close(2), which is made when the number is given back.
      this.#failure = error as Error;
    }
  };

  /** O_ASYNC first: a signal that comes later would meet what was there before sluice's handler. */
  #stop(): void {
    if (this.#end.signal.aborted) return;
    this.#signal?.removeEventListener('abort', this.#abort);
    this.#source.stop();
    this.#hub.delete(this);
    this.#end.abort();
    this.#loan?.closed.removeEventListener('abort', this.#closed);
    this.#loan?.giveBack();
  }
}
