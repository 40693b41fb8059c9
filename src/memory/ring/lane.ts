/**
 * One sender of a receiver, as the receiver has it. This module is browser compatible.
 */
import type { Fd } from '../../fd/fd.js';
import type { LinuxKernel } from '../../kernel/linux-kernel.js';
import { Bell, type Listener } from './bell.js';
import { type RingError, senderDied } from './error.js';
import { CLOSED, OPEN } from './layout.js';
import type { MappedLane } from './memory.js';
import { LaneReader, NONE } from './reader.js';

export class Lane {
  /** Which sender it is. */
  readonly index: number;
  readonly #memory: MappedLane;
  readonly #reader: LaneReader;
  readonly #bell: Bell;
  #over = false;

  /** Owns both. */
  constructor(
    index: number,
    kernel: LinuxKernel,
    memory: MappedLane,
    socket: Fd,
    listener: Listener,
  ) {
    this.index = index;
    this.#memory = memory;
    this.#reader = new LaneReader(memory);
    this.#bell = new Bell(kernel, socket, listener);
  }

  /** Whether no message can come any more. */
  get over(): boolean {
    return this.#over;
  }

  /**
   * Whether there is a message. Where the lane is over instead, it is closed, and `onLost` gets the
   * error unless the sender had closed it.
   */
  look(onLost: (error: RingError) => void): boolean {
    if (this.#over) return false;
    let error: RingError | undefined;
    try {
      if (this.#reader.next() !== NONE) return true;
      // What was committed is in the memory by the time that the death of its sender shows: look
      // once more after it.
      if (!this.#bell.gone) return false;
      if (this.#reader.next() !== NONE) return true;
      const { senderState } = this.#reader;
      if (senderState !== CLOSED) error = senderDied(senderState === OPEN);
    } catch (thrown) {
      error = thrown as RingError;
    }
    this.#end();
    if (error !== undefined) onLost(Object.assign(error, { lane: this.index }));
    return false;
  }

  view(): Uint8Array {
    return this.#reader.view();
  }

  copy(): Uint8Array {
    return this.#reader.copy();
  }

  /** As `LaneReader.takeMany`. */
  takeMany(into: Uint8Array[], most: number): number {
    const bytes = this.#reader.takeMany(into, most);
    if (this.#reader.takeSleeper()) this.#bell.ring();
    return bytes;
  }

  release(): void {
    this.#reader.release();
    if (this.#reader.takeSleeper()) this.#bell.ring();
  }

  /** Asks for a ring at the next message. False: there is something to see. */
  sleep(): boolean {
    if (this.#over) return false;
    this.#bell.rest();
    if (this.#bell.gone) return false;
    try {
      return this.#reader.sleep();
    } catch {
      // What is wrong with the head is said when it is read.
      return false;
    }
  }

  wake(): void {
    if (!this.#over) this.#reader.wake();
  }

  hold(alive: boolean): void {
    this.#bell.hold(alive);
  }

  close(): void {
    if (!this.#over) this.#end();
  }

  #end(): void {
    this.#over = true;
    this.#reader.state = CLOSED;
    this.#bell.close();
    this.#memory.unmap();
  }
}

/** All of them, or none: then what those before have taken is given back. */
export function openAll(
  kernel: LinuxKernel,
  lanes: readonly { readonly memory: MappedLane; readonly socket: Fd }[],
  listener: Listener,
): Lane[] {
  const opened: Lane[] = [];
  try {
    for (const [index, { memory, socket }] of lanes.entries()) {
      opened.push(new Lane(index, kernel, memory, socket, listener));
    }
    return opened;
  } catch (error) {
    for (const lane of opened) lane.close();
    throw error;
  }
}
