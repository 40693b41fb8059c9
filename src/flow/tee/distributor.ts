/**
 * A tee inside the kernel.
 *
 * tee(2) gives the head of a pipe again and again until it is consumed, and gives as much as there
 * is room for. So a target that took less than the others goes on only after just that much is
 * consumed, and the others, which are ahead, wait until the head has come to where they are.
 */
import { isReady } from '../../fd/ready.js';
import { READABLE, type Runtime } from '../../fd/runtime.js';
import { EAGAIN } from '../../kernel/errno.js';
import { check, retry, throwIfAborted } from '../../kernel/error.js';
import * as f from '../../kernel/flags.js';
import { type Branch, stolen } from './branch.js';
import type { TeeEnd } from './end.js';
import type { Group } from './group.js';
import { type Intake, PipeIntake, SpliceIntake } from './intake.js';
import { openInnerPipe } from './pipe.js';

/** What the targets get before the next look at the source, and so what one waits for at most. */
const PIECE = 1 << 20;

export class Distributor {
  readonly #group: Group;
  readonly #intake: Intake;
  /** /dev/null: splice(2) into it takes bytes out of a pipe without touching them. */
  readonly #nowhere: number;

  constructor(group: Group, intake: Intake) {
    this.#group = group;
    this.#intake = intake;
    const flags = f.O_WRONLY | f.O_CLOEXEC;
    this.#nowhere = group.runtime.kernel.openat(f.AT_FDCWD, '/dev/null', flags, 0);
  }

  /** Until the source has ended, or as much as was asked for is taken and delivered. */
  async run(): Promise<void> {
    try {
      await this.#pump();
    } finally {
      deliver(this.#group.live);
      await this.#group.each(this.#group.live, (branch) => branch.settle());
    }
  }

  close(): void {
    this.#intake.close();
    if (this.#nowhere >= 0) this.#group.runtime.kernel.close(this.#nowhere);
  }

  async #pump(): Promise<void> {
    const group = this.#group;
    while (group.remaining > 0) {
      const most = Math.min(group.remaining, PIECE);
      const length = Math.min(await this.#intake.fill(most), most);
      if (length === 0) return;
      await this.#distribute(group.consumed + length);
    }
  }

  /** Precondition: everything up to `goal` is in the intake. */
  async #distribute(goal: number): Promise<void> {
    const group = this.#group;
    while (group.consumed < goal) {
      // The last target may have been lost while nobody waited for it.
      throwIfAborted(group.signal);
      const length = goal - group.consumed;
      const next = group.live.filter(({ taken }) => taken === group.consumed);
      // Where all have room the source is freed before anything is delivered: it can be filled
      // again while this thread writes. But nobody's bytes wait for whoever has no room yet.
      const late = next.filter((branch) => !branch.takeNow(this.#intake.reader, length));
      if (late.length > 0) await this.#takeLater(next, late, length);
      const least = Math.min(...group.live.map(({ taken }) => taken));
      await this.#discard(least - group.consumed);
      deliver(group.live);
      await group.advance(least - group.consumed);
    }
  }

  async #takeLater(
    next: readonly Branch[],
    late: readonly Branch[],
    length: number,
  ): Promise<void> {
    deliver(next);
    await this.#group.each(late, async (branch) => {
      await branch.take(this.#intake.reader, length);
      branch.deliver();
    });
  }

  /** Consumes what every live target has. */
  async #discard(length: number): Promise<void> {
    for (let left = length; left > 0; ) {
      const count = retry(() => this.#discardOnce(left));
      if (count === 0) throw stolen();
      if (count === -EAGAIN) await this.#refused();
      else left -= check(count, 'splice', this.#intake.reader);
    }
  }

  /** Every target has what is to be discarded, so it is there, unless another reader took it. */
  async #refused(): Promise<void> {
    const { runtime, signal } = this.#group;
    throwIfAborted(signal);
    if (!isReady(runtime.kernel, this.#intake.reader, READABLE)) throw stolen();
    await runtime.clock.yield();
  }

  #discardOnce(length: number): number {
    const { kernel } = this.#group.runtime;
    const { reader } = this.#intake;
    if (this.#nowhere < 0) return kernel.read(reader, new Uint8Array(Math.min(length, 65536)));
    return kernel.splice(reader, null, this.#nowhere, null, length, f.SPLICE_F_NONBLOCK);
  }
}

function deliver(branches: readonly Branch[]): void {
  for (const branch of branches) branch.deliver();
}

/** Undefined where there is no tee(2), or not as many pipes as it needs. */
export function openDistributor(
  group: Group,
  source: TeeEnd,
  head: Uint8Array,
): Distributor | undefined {
  // Of no bytes, so that only a sandbox or a kernel without it says no.
  if (group.runtime.kernel.tee(source.fd, source.fd, 0, 0) < 0) return undefined;
  const intake = openIntake(group.runtime, source, head, group.signal);
  if (intake === undefined) return undefined;
  if (group.branches.every((branch) => branch.open() >= 0)) return new Distributor(group, intake);
  intake.close();
  return undefined;
}

function openIntake(
  runtime: Runtime,
  source: TeeEnd,
  head: Uint8Array,
  signal: AbortSignal,
): Intake | undefined {
  if (source.isPipe && head.length === 0) {
    return new PipeIntake(runtime, source.fd, signal);
  }
  const pipe = openInnerPipe(runtime);
  if (typeof pipe === 'number') return undefined;
  return new SpliceIntake(runtime, source, pipe, head, signal);
}
