/**
 * All descriptors that are under way on a machine, and those of them that nobody can ever receive:
 * Unix sockets that are open only in messages which wait in each other. This module is browser
 * compatible.
 */
import type { Description } from '../description.js';
import type { Rights } from './rights.js';
import { UnixSocket } from './unix.js';

export class InFlight {
  /** Those that wait in a queue. */
  readonly messages = new Set<Rights>();
  readonly #released: Description[] = [];
  #isReleasing = false;

  get count(): number {
    let count = 0;
    for (const { descriptions } of this.messages) count += descriptions.length;
    return count;
  }

  /** Gives references back: one after another, for each may be a socket that holds the next. */
  release(descriptions: readonly Description[]): void {
    this.#released.push(...descriptions);
    if (this.#isReleasing) return;
    this.#isReleasing = true;
    for (let one = this.#released.pop(); one !== undefined; one = this.#released.pop()) {
      one.release();
    }
    this.#isReleasing = false;
  }

  /**
   * Drops what nobody can receive any more. As Linux does, when a Unix socket is closed: the last
   * number of a socket that is under way to itself closes no socket.
   */
  collect(): void {
    if (this.messages.size === 0) return;
    const lost = this.#onlyUnderWay();
    for (let before = -1; before !== lost.size; ) {
      before = lost.size;
      for (const message of this.messages) {
        if (isLost(message, lost)) continue;
        for (const one of message.descriptions) lost.delete(one);
      }
    }
    if (lost.size === 0) return;
    for (const message of [...this.messages]) if (isLost(message, lost)) message.drop();
  }

  /** The Unix sockets that no process has open. */
  #onlyUnderWay(): Set<Description> {
    const counts = new Map<Description, number>();
    for (const { descriptions } of this.messages) {
      for (const one of descriptions) {
        if (one.object instanceof UnixSocket) counts.set(one, (counts.get(one) ?? 0) + 1);
      }
    }
    const lost = [...counts].filter(([{ references }, count]) => references === count);
    return new Set(lost.map(([description]) => description));
  }
}

/** Whether it waits in a socket that is lost itself. */
function isLost({ holder }: Rights, lost: ReadonlySet<Description>): boolean {
  const owner = holder?.owner;
  return owner !== undefined && lost.has(owner);
}
