/**
 * The sending end of a ring. This module is browser compatible.
 */
import type { Fd } from '../../fd/fd.js';
import { Turn } from '../../fd/turn.js';
import * as argument from '../../kernel/argument.js';
import { Queue } from '../queue.js';
import type { MemoryRuntime } from '../runtime.js';
import { Bell } from './bell.js';
import { closed, RingError, receiverGone } from './error.js';
import { CLOSED } from './layout.js';
import type { MappedLane } from './memory.js';
import { Spin } from './spin.js';
import { BYTES_PER_TURN, signalOf, type WaitOptions } from './waiting.js';
import { LaneWriter } from './writer.js';

/** One message: bytes, or pieces that are put together. */
export type Message = argument.Bytes | readonly argument.Bytes[];

export interface SenderOptions {
  /**
   * How many microseconds at most to look for room again before sleeping, with the thread busy: 30
   * without, and 0 for never. Less and less often where it was in vain.
   */
  readonly spin?: number | undefined;
}

const DONE = Promise.resolve();

interface Task {
  readonly message: Uint8Array | Uint8Array[];
  readonly length: number;
}

export class Sender {
  readonly #runtime: MemoryRuntime;
  readonly #memory: MappedLane;
  readonly #lane: LaneWriter;
  readonly #bell: Bell;
  readonly #spin: Spin;
  readonly #turn = new Turn(BYTES_PER_TURN);
  readonly #queue = new Queue<Task, void>(() => this.#serve());
  #closed = false;

  /** Owns both. */
  constructor(runtime: MemoryRuntime, memory: MappedLane, socket: Fd, options: SenderOptions = {}) {
    this.#runtime = runtime;
    this.#memory = memory;
    this.#lane = new LaneWriter(memory);
    this.#bell = new Bell(runtime.kernel, socket, { rang: () => this.#serve() });
    this.#spin = new Spin(runtime.clock, options.spin);
  }

  /** The longest message that the ring can hold, in bytes. */
  get maxLength(): number {
    return this.#lane.maxLength;
  }

  /** Whether `close` was called. */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Sends a message now, where there is room for it and nobody waits to send another.
   *
   * @param message bytes, or pieces that become one message; they are copied
   * @returns whether it is in the ring
   * @throws RangeError it is longer than `maxLength`; ERR_SLUICE_PEER_GONE the receiver has closed
   *   the ring or is dead; ERR_SLUICE_CLOSED this sender is closed; ERR_SLUICE_RING_CORRUPT the
   *   receiver wrote what no receiver writes
   */
  trySend(message: Message): boolean {
    if (message instanceof Uint8Array && this.#queue.size === 0) return this.#put(message);
    const { message: bytes, length } = this.#task(message);
    if (this.#queue.size > 0) return false;
    return bytes instanceof Uint8Array ? this.#put(bytes) : this.#putPieces(bytes, length);
  }

  /**
   * Sends a message, and waits for room first where there is none; who waits longest goes first.
   *
   * @param message bytes, or pieces that become one message; leave them as they are until it
   *   resolves
   * @param options.signal ends the wait: the message is not sent
   * @returns resolves when it is in the ring, which is not yet received
   * @throws as `trySend`; RangeError it was detached or resized while it waited; AbortError
   */
  send(message: Message, options?: WaitOptions): Promise<void> {
    try {
      const signal = signalOf(options);
      const sent = this.trySend(message) || this.#trySpinning(message);
      if (!sent) return this.#wait(this.#task(message), signal);
      this.#turn.spend(message instanceof Uint8Array ? message.length : 0);
      return this.#turn.over ? this.#turn.end(this.#runtime.clock) : DONE;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * The place of the next message in the ring itself: fill it, then `commit`. It lasts until then,
   * or until something else is sent or reserved, which takes its place; afterwards do not touch it.
   *
   * @param length in bytes; the message may become shorter
   * @returns undefined where there is no room; what is in it is of no meaning
   * @throws as `trySend`
   */
  reserve(length: number): Uint8Array | undefined {
    this.#refuse(argument.count(length, 'length'));
    if (this.#queue.size > 0) return undefined;
    return this.#lane.reserve(length);
  }

  /**
   * Sends what is in the reserved place.
   *
   * @param length how many bytes of it, from the first on; all without
   * @throws ERR_SLUICE_RING nothing is reserved; RangeError fewer are; otherwise as `trySend`
   */
  commit(length: number = this.#lane.reserved): void {
    this.#refuse(0);
    const { reserved } = this.#lane;
    if (reserved < 0) throw new RingError('ERR_SLUICE_RING', NOT_RESERVED);
    if (argument.count(length, 'length') > reserved) {
      throw new argument.ArgumentOutOfRange('length', `at most ${reserved}`, length);
    }
    this.#lane.commit(length);
    this.#wakeReceiver();
  }

  /**
   * Ends the ring: the receiver gets what was sent, and then the end. Sends that wait reject with
   * ERR_SLUICE_CLOSED, and a place that was reserved is gone. Closing twice is fine.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#lane.state = CLOSED;
    this.#bell.close();
    this.#memory.unmap();
    this.#queue.failAll(closed('sender'));
  }

  /** As `close`, at the end of a `using` scope. */
  [Symbol.dispose](): void {
    this.close();
  }

  #task(message: Message): Task {
    if (!Array.isArray(message)) {
      const bytes = argument.bytes(message, 'message');
      this.#refuse(bytes.length);
      return { message: bytes, length: bytes.length };
    }
    const pieces = argument.vector(message, 'message');
    const length = lengthOf(pieces);
    this.#refuse(length);
    return { message: pieces, length };
  }

  #refuse(length: number): void {
    if (this.#closed) throw closed('sender');
    if (this.#bell.gone) throw receiverGone(this.#lane.receiverState);
    if (length <= this.maxLength) return;
    const most = `at most ${this.maxLength} bytes long, what the ring can hold`;
    throw new argument.ArgumentOutOfRange('message', most, length);
  }

  #put(bytes: Uint8Array): boolean {
    this.#refuse(bytes.length);
    return this.#lane.write(bytes) && this.#wakeReceiver();
  }

  #putPieces(pieces: Uint8Array[], length: number): boolean {
    return this.#lane.writePieces(pieces, length) && this.#wakeReceiver();
  }

  #wakeReceiver(): true {
    if (this.#lane.takeSleeper()) this.#bell.ring();
    return true;
  }

  #trySpinning(message: Message): boolean {
    return this.#queue.size === 0 && this.#spin.until(() => this.trySend(message));
  }

  #wait(task: Task, signal: AbortSignal | undefined): Promise<void> {
    this.#turn.renew();
    const sent = this.#queue.add(task, signal);
    this.#serve();
    return sent;
  }

  /** Sends for those who wait, as far as there is room. */
  #serve(): void {
    for (let waiter = this.#queue.first; waiter !== undefined; waiter = this.#queue.first) {
      const { message, length } = waiter.task;
      try {
        this.#refuse(length);
        const pieces = message instanceof Uint8Array ? [message] : message;
        refuseChanged(lengthOf(pieces), length);
        if (this.#putPieces(pieces, length)) waiter.succeed();
        else if (this.#sleep(length)) break;
      } catch (error) {
        waiter.fail(error);
      }
    }
    this.#rest();
  }

  /** False: there is something to see by now. */
  #sleep(length: number): boolean {
    this.#bell.rest();
    return !this.#bell.gone && this.#lane.sleep(length);
  }

  #rest(): void {
    this.#bell.hold(this.#queue.size > 0);
  }
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}

/** A buffer that was detached or resized while its message waited is another message by now. */
function refuseChanged(now: number, length: number): void {
  if (now === length) return;
  const expected = `left as it is until it is sent, ${length} bytes long`;
  throw new argument.ArgumentOutOfRange('message', expected, now);
}

const NOT_RESERVED = 'nothing is reserved: reserve() found no room, or something was sent after it';
