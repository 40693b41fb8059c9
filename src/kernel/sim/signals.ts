/**
 * A process's signals: what it does with each, and the deliveries. A signal never runs anything
 * inside the call that sends it: its handler is a task of the machine's. This module is browser
 * compatible.
 */
import { SIGCHLD, SIGCONT, SIGPIPE, SIGURG, SIGWINCH } from '../flags.js';

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

const FIRST_REAL_TIME = 32;
const IGNORED_BY_DEFAULT: readonly number[] = [SIGCHLD, SIGCONT, SIGURG, SIGWINCH];

export class Signals {
  readonly #actions = new Map<number, Action>();
  /** Sent and not yet delivered; of a standard signal at most one. */
  #pending: SignalInfo[] = [];

  /**
   * @param schedule runs a task later
   * @param die ends the process: the default action
   */
  constructor(
    readonly schedule: (task: () => void) => void,
    readonly die: (signal: number) => void,
  ) {}

  action(signal: number): Action {
    return this.#actions.get(signal) ?? 'default';
  }

  /** sigaction(2). To ignore a signal drops what is pending of it. */
  set(signal: number, action: Action): void {
    this.#actions.set(signal, action);
    if (this.#ignores(signal)) {
      this.#pending = this.#pending.filter((info) => info.signal !== signal);
    }
  }

  /** What fork(2) hands down, without what is pending. */
  inherit(parent: Signals): void {
    for (const [signal, action] of parent.#actions) this.#actions.set(signal, action);
  }

  /** What execve(2) keeps: what is ignored stays so, handlers are gone. */
  exec(): void {
    for (const [signal, action] of this.#actions) {
      if (action !== 'ignore') this.#actions.delete(signal);
    }
  }

  isPending(signal: number): boolean {
    return this.#pending.some((info) => info.signal === signal);
  }

  send(info: SignalInfo): void {
    const { signal } = info;
    if (this.#ignores(signal)) return;
    if (this.action(signal) === 'default') this.die(signal);
    else if (signal >= FIRST_REAL_TIME || !this.isPending(signal)) this.#queue(info);
  }

  #queue(info: SignalInfo): void {
    this.#pending.push(info);
    this.schedule(() => this.#deliver(info));
  }

  #ignores(signal: number): boolean {
    const action = this.action(signal);
    return action === 'ignore' || (action === 'default' && IGNORED_BY_DEFAULT.includes(signal));
  }

  #deliver(info: SignalInfo): void {
    const place = this.#pending.indexOf(info);
    if (place < 0) return;
    this.#pending.splice(place, 1);
    const action = this.action(info.signal);
    if (action === 'default') this.die(info.signal);
    else if (action !== 'ignore') action(info);
  }
}

/** What write(2) to nobody sends its caller. */
export const BROKEN_PIPE: SignalInfo = { signal: SIGPIPE, code: 0, fd: 0, band: 0 };
