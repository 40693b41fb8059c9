/**
 * A tee through memory, where tee(2) or pipes cannot be had: one buffer, written to every target.
 */
import { untilReady } from '../../fd/ready.js';
import { READABLE } from '../../fd/runtime.js';
import { attempt } from '../../fd/transfer.js';
import { EAGAIN, EINTR } from '../../kernel/errno.js';
import { check, throwIfAborted } from '../../kernel/error.js';
import type { TeeEnd } from './end.js';
import type { Group } from './group.js';

const BUFFER_BYTES = 256 * 1024;

export class Copier {
  readonly #group: Group;
  readonly #source: TeeEnd;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);

  constructor(group: Group, source: TeeEnd) {
    this.#group = group;
    this.#source = source;
    for (const branch of group.branches) branch.useMemory();
  }

  /** `head` first, then everything from the source. */
  async run(head: Uint8Array): Promise<void> {
    const group = this.#group;
    await this.#deliver(head.subarray(0, Math.min(head.length, group.remaining)));
    while (group.remaining > 0) {
      const count = await this.#read(Math.min(group.remaining, BUFFER_BYTES));
      if (count === 0) return;
      await this.#deliver(this.#buffer.subarray(0, count));
    }
  }

  async #deliver(bytes: Uint8Array): Promise<void> {
    await this.#group.each(this.#group.live, (branch) => branch.write(bytes));
    await this.#group.advance(bytes.length);
  }

  async #read(length: number): Promise<number> {
    const { runtime, signal } = this.#group;
    const { fd } = this.#source;
    const vector = [this.#buffer.subarray(0, length)];
    for (;;) {
      throwIfAborted(signal);
      const outcome = attempt(runtime.kernel, 'readv', fd, vector);
      if (outcome === 'wait') await untilReady(runtime, fd, READABLE, signal);
      else {
        const asleep = outcome === 'sleep';
        const count = asleep ? await runtime.offload('readv', [fd, vector], signal) : outcome;
        if (count !== -EINTR && count !== -EAGAIN) return check(count, 'read', fd);
      }
    }
  }
}
