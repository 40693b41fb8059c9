/**
 * A process's signals: what it does with each, and the deliveries. A signal never runs anything
 * inside the call that sends it: its handler is a task of the machine's. This module is browser
 * compatible.
 */
import {
  SIGCHLD,
  SIGCONT,
  SIGKILL,
  SIGPIPE,
  SIGSTOP,
  SIGTSTP,
  SIGTTIN,
  SIGTTOU,
  SIGURG,
  SIGWINCH,
} from '../flags.js';
import { PendingSignals } from './pending.js';

/** What a handler sees. */
export interface SignalInfo {
  readonly signal: number;
  /** si_code */
  readonly code: number;
  /** si_fd; 0 where no descriptor is named. */
  readonly fd: number;
  /** si_band: the bits of poll(2). */
  readonly band: number;
}

/** SIG_DFL, SIG_IGN or a handler. */
export type Action = 'default' | 'ignore' | ((info: SignalInfo) => void);

/** _NSIG: the number of the last signal. */
export const LAST_SIGNAL = 64;

const FIRST_REAL_TIME = 32;
const IGNORED_BY_DEFAULT: readonly number[] = [SIGCHLD, SIGCONT, SIGURG, SIGWINCH];
const STOPPING_BY_DEFAULT: readonly number[] = [SIGTSTP, SIGTTIN, SIGTTOU];

export class Signals {
  readonly #actions = new Map<number, Action>();
  /** The signals whose handlers were set with SA_RESTART. */
  readonly #restarting = new Set<number>();
  /** Between SIGSTOP and SIGCONT nothing is delivered. */
  #isStopped = false;
  /** Sent and not yet delivered; of a standard signal at most one. */
  readonly #pending = new PendingSignals();

  /**
   * @param schedule runs a task later
   * @param die ends the process: the default action
   * @param handled a handler has run, with SA_RESTART or without
   * @param most how many may be pending: RLIMIT_SIGPENDING
   */
  constructor(
    readonly schedule: (task: () => void) => void,
    readonly die: (signal: number) => void,
    readonly handled: (restarts: boolean) => void,
    readonly most: () => number,
  ) {}

  action(signal: number): Action {
    return this.#actions.get(signal) ?? 'default';
  }

  /** sigaction(2). To ignore a signal drops what is pending of it. `restarts` is SA_RESTART. */
  set(signal: number, action: Action, restarts = false): void {
    this.#actions.set(signal, action);
    if (restarts) this.#restarting.add(signal);
    else this.#restarting.delete(signal);
    if (this.#ignores(signal)) this.#pending.drop(signal);
  }

  /** What fork(2) hands down, without what is pending. */
  inherit(parent: Signals): void {
    for (const [signal, action] of parent.#actions) {
      this.set(signal, action, parent.#restarting.has(signal));
    }
  }

  /** What execve(2) keeps: what is ignored stays so, handlers are gone. */
  exec(): void {
    for (const [signal, action] of this.#actions) {
      if (action !== 'ignore') this.#actions.delete(signal);
    }
  }

  isPending(signal: number): boolean {
    return this.#pending.has(signal);
  }

  /**
   * kill(2), and what the kernel itself sends. Answers whether it had room: a real-time signal that
   * would be one too many is lost.
   */
  send(info: SignalInfo): boolean {
    const { signal } = info;
    if (signal === SIGCONT) this.#continue();
    if (this.#ignores(signal)) return true;
    if (this.#stops(signal)) this.#isStopped = true;
    else if (signal === SIGKILL || this.action(signal) === 'default') this.die(signal);
    else if (signal >= FIRST_REAL_TIME) return this.#queueRealTime(info);
    else if (!this.isPending(signal)) this.#queue(info);
    return true;
  }

  #queueRealTime(info: SignalInfo): boolean {
    if (this.#pending.count >= this.most()) return false;
    this.#queue(info);
    return true;
  }

  #queue(info: SignalInfo): void {
    this.#pending.add(info);
    if (!this.#isStopped) this.schedule(() => this.#deliver());
  }

  #continue(): void {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    for (let one = 0; one < this.#pending.count; one++) this.schedule(() => this.#deliver());
  }

  #ignores(signal: number): boolean {
    const action = this.action(signal);
    return action === 'ignore' || (action === 'default' && IGNORED_BY_DEFAULT.includes(signal));
  }

  #stops(signal: number): boolean {
    if (signal === SIGSTOP) return true;
    return this.action(signal) === 'default' && STOPPING_BY_DEFAULT.includes(signal);
  }

  /** One of the pending signals, whichever is next by now. */
  #deliver(): void {
    if (this.#isStopped) return;
    const info = this.#pending.take();
    if (info === undefined) return;
    const action = this.action(info.signal);
    if (action === 'default') this.die(info.signal);
    else if (action !== 'ignore') this.#handle(info, action);
  }

  #handle(info: SignalInfo, handler: (info: SignalInfo) => void): void {
    this.handled(this.#restarting.has(info.signal));
    handler(info);
  }
}

/** What write(2) to nobody sends its caller. */
export const BROKEN_PIPE: SignalInfo = { signal: SIGPIPE, code: 0, fd: 0, band: 0 };
