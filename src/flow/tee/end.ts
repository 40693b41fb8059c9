/**
 * A source or target of a tee, as far as that matters to it. This module is browser compatible.
 */
import { Fd } from '../../fd/fd.js';
import type { Runtime } from '../../fd/runtime.js';
import * as argument from '../../kernel/argument.js';
import { EBADF } from '../../kernel/errno.js';
import { check, retry } from '../../kernel/error.js';
import * as f from '../../kernel/flags.js';
import { describeEnd, releaseEnd, type Side } from '../ends.js';

export interface TeeEnd {
  readonly fd: number;
  readonly isPipe: boolean;
  /** Splice refuses a file in append mode. */
  readonly appends: boolean;
  /** A file on a disk, which nothing keeps from sleeping, or what waits without O_NONBLOCK. */
  readonly sleeps: boolean;
  /** Aborts when its owner closes it meanwhile. */
  readonly closed: AbortSignal | undefined;
}

const WRONG: Readonly<Record<Side, number>> = { source: f.O_WRONLY, target: f.O_RDONLY };
const STORAGE: ReadonlySet<string> = new Set(['file', 'virtual', 'block']);

/** The ends of one tee, borrowed for as long as it takes. */
export class Loans {
  readonly #runtime: Runtime;
  readonly #releases: (() => void)[] = [];

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /**
   * Throws EBADF where it is not open for this, which the wrong end of a pipe would never tell, and
   * ERR_SLUICE_UNSUPPORTED for a socket of messages.
   */
  borrow(descriptor: argument.Descriptor, side: Side, name: string): TeeEnd {
    if (!(descriptor instanceof Fd)) {
      return this.#describe(argument.descriptor(descriptor, name), side, undefined);
    }
    const loan = descriptor.lend();
    this.#releases.push(loan.giveBack);
    return this.#describe(loan.fd, side, loan.closed);
  }

  release(): void {
    for (const release of this.#releases.reverse()) release();
  }

  #describe(fd: number, side: Side, closed: AbortSignal | undefined): TeeEnd {
    const { kernel } = this.#runtime;
    const flags = check(
      retry(() => kernel.fcntl(fd, f.F_GETFL)),
      'fcntl',
      fd,
    );
    if ((flags & f.O_ACCMODE) === WRONG[side]) check(-EBADF, 'tee', fd);
    const end = describeEnd(this.#runtime, fd, side);
    this.#releases.push(() => releaseEnd(this.#runtime, end));
    const { kind, blocking } = end;
    const sleeps = blocking || STORAGE.has(kind);
    const appends = (flags & f.O_APPEND) !== 0;
    return { fd: end.fd, isPipe: kind === 'pipe', appends, sleeps, closed };
  }
}
