/**
 * The receiving end of a ring. This module is browser compatible.
 */
import type { Fd } from '../../fd/fd.js';
import { Turn } from '../../fd/turn.js';
import * as argument from '../../kernel/argument.js';
import { throwIfAborted } from '../../kernel/error.js';
import { Queue } from '../queue.js';
import type { MemoryRuntime } from '../runtime.js';
import { closed, RingError } from './error.js';
import { type Lane, openAll } from './lane.js';
import type { MappedLane } from './memory.js';
import { Rota } from './rota.js';
import { Spin } from './spin.js';
import { BYTES_PER_TURN, signalOf, type WaitOptions } from './waiting.js';

export interface ReceiverOptions {
  /**
   * How many microseconds at most to look for a message again before sleeping, with the thread
   * busy: 30 without, and 0 for never. Less and less often where it was in vain.
   */
  readonly spin?: number | undefined;
  /**
   * Told of each sender that is lost (its `lane`, and why), and receiving goes on with the others
   * and ends quietly. Without it the error is thrown, once for each, when all that this sender had
   * sent is received.
   */
  readonly onLost?: ((error: RingError) => void) | undefined;
}

export interface BatchOptions extends WaitOptions {
  /** How many messages a batch has at most; 256. */
  readonly most?: number | undefined;
}

const MOST_IN_BATCH = 256;

export class Receiver implements AsyncIterable<Uint8Array> {
  readonly #runtime: MemoryRuntime;
  readonly #spin: Spin;
  readonly #turn = new Turn(BYTES_PER_TURN);
  readonly #queue = new Queue<undefined, Uint8Array | undefined>(() => this.#rest());
  readonly #lost: RingError[] = [];
  readonly #rota: Rota;
  #peeked: Lane | undefined;
  #closed = false;
  #asleep = false;

  /** Owns all. */
  constructor(
    runtime: MemoryRuntime,
    lanes: readonly { readonly memory: MappedLane; readonly socket: Fd }[],
    options: ReceiverOptions = {},
  ) {
    this.#runtime = runtime;
    this.#spin = new Spin(runtime.clock, options.spin);
    const listener = { rang: () => this.#serve() };
    const made = openAll(runtime.kernel, lanes, listener);
    this.#rota = new Rota(made, options.onLost ?? ((error) => this.#lost.push(error)));
  }

  /** Whether nothing can come any more: every sender is gone, and all they sent is received. */
  get ended(): boolean {
    return this.#rota.lanes.length === 0 && this.#lost.length === 0;
  }

  /** Whether `close` was called. */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * The next message, if there is one now. Nothing waits.
   *
   * @returns a copy of it; undefined where there is none, see `ended`
   * @throws ERR_SLUICE_PEER_GONE a sender was killed, and all it had sent is received: its index is
   *   `lane`; ERR_SLUICE_RING_CORRUPT a sender wrote what no sender writes, and is cut off; both
   *   once a sender, and not with `onLost`. ERR_SLUICE_CLOSED this receiver is closed
   */
  tryReceive(): Uint8Array | undefined {
    const lane = this.#find();
    return lane === undefined ? undefined : this.#take(lane);
  }

  /**
   * The next message; waits for it where there is none.
   *
   * @param options.signal ends the wait
   * @returns a copy of it, the caller's own (small ones share memory with those around them, as
   *   Buffers of Node do); undefined at the end, when every sender has closed
   * @throws as `tryReceive`; AbortError
   */
  receive(options?: WaitOptions): Promise<Uint8Array | undefined> {
    try {
      const signal = signalOf(options);
      if (this.#queue.size > 0) return this.#queue.add(undefined, signal);
      const message = this.tryReceive() ?? this.#spun();
      if (message === undefined && !this.ended) return this.#wait(signal);
      this.#turn.spend(message?.length ?? 0);
      if (!this.#turn.over) return Promise.resolve(message);
      return this.#turn.end(this.#runtime.clock).then(() => message);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * The next message where it lies, in the ring itself, without a copy. It is valid until `release`
   * or the next that is received, and the same until then; afterwards other bytes may be there. Its
   * sender may still change it, where it is ill-natured: copy what you check.
   *
   * @returns undefined where there is none now
   * @throws as `tryReceive`
   */
  peek(): Uint8Array | undefined {
    this.#peeked = this.#find();
    return this.#peeked?.view();
  }

  /** Gives the place of the message that was peeked at back to its sender. */
  release(): void {
    if (this.#closed) throw closed('receiver');
    if (this.#peeked === undefined) throw new RingError('ERR_SLUICE_RING', NOT_PEEKED);
    this.#letGo(this.#peeked);
  }

  /** Messages until the end, as `receive` gives them. Ending the loop leaves the receiver open. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array> {
    const next = () => {
      // A promise for each message, and no more, where it is there.
      const message = this.#turn.over || this.#queue.size > 0 ? undefined : this.#tried();
      if (message === undefined) return this.receive().then(resultOf);
      this.#turn.spend(message.length);
      return Promise.resolve({ value: message, done: false });
    };
    const iterator = { next, [Symbol.asyncIterator]: () => iterator };
    return iterator;
  }

  /**
   * What has come by now, as arrays of messages, until the end: a promise for many messages.
   *
   * @throws as `receive`, after the messages that came before
   */
  async *batches(options: BatchOptions = {}): AsyncGenerator<Uint8Array[], void, undefined> {
    const { most = MOST_IN_BATCH } = argument.options(options);
    argument.positiveCount(most, 'most');
    for (let first = await this.receive(options); first; first = await this.receive(options)) {
      const batch = [first];
      while (batch.length < most && this.#takeMany(batch, most - batch.length));
      yield batch;
    }
  }

  /**
   * Closes the ring: senders that wait, and the next that send, fail with ERR_SLUICE_PEER_GONE; who
   * waits here rejects with ERR_SLUICE_CLOSED. What was peeked at has length 0 from then on.
   * Closing twice is fine.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#rota.close();
    this.#queue.failAll(closed('receiver'));
  }

  /** As `close`, at the end of a `using` scope. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** As `tryReceive`, but what is to be thrown is for the next who waits. */
  #tried(): Uint8Array | undefined {
    if (this.#closed || this.#lost.length > 0) return undefined;
    const lane = this.#peeked ?? this.#rota.seek();
    return lane === undefined ? undefined : this.#take(lane);
  }

  /** Adds what one sender has; false where there is nothing. */
  #takeMany(batch: Uint8Array[], most: number): boolean {
    if (this.#closed || this.#lost.length > 0 || this.#peeked !== undefined) return false;
    const lane = this.#rota.seek();
    if (lane === undefined) return false;
    const before = batch.length;
    const bytes = lane.takeMany(batch, most);
    for (let taken = before; taken < batch.length; taken++) this.#turn.spend(0);
    this.#turn.spend(bytes);
    this.#rota.pass();
    return batch.length > before;
  }

  /** The lane whose message is next. Throws for one that was lost. */
  #find(): Lane | undefined {
    if (this.#closed) throw closed('receiver');
    const lane = this.#lost.length === 0 ? (this.#peeked ?? this.#rota.seek()) : undefined;
    const lost = lane === undefined ? this.#lost.shift() : undefined;
    if (lost !== undefined) throw lost;
    return lane;
  }

  #take(lane: Lane): Uint8Array {
    const message = lane.copy();
    this.#letGo(lane);
    return message;
  }

  #letGo(lane: Lane): void {
    this.#peeked = undefined;
    lane.release();
  }

  #spun(): Uint8Array | undefined {
    if (this.ended) return undefined;
    let message: Uint8Array | undefined;
    this.#spin.until(() => {
      message = this.tryReceive();
      return message !== undefined || this.ended;
    });
    return message;
  }

  #wait(signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
    // By `onLost`, since it was looked at.
    throwIfAborted(signal);
    this.#turn.renew();
    const message = this.#queue.add(undefined, signal);
    if (!this.#sleep()) this.#serve();
    return message;
  }

  /** Gives to those who wait what has come, and sleeps while somebody waits. */
  #serve(): void {
    if (this.#closed) return;
    this.#wake();
    for (let waiter = this.#queue.first; waiter !== undefined; waiter = this.#queue.first) {
      try {
        const lane = this.#find();
        // `onLost` may have ended the wait: the message is for the next one.
        if (waiter !== this.#queue.first) continue;
        if (lane !== undefined) waiter.succeed(this.#take(lane));
        else if (this.ended) waiter.succeed(undefined);
        else if (this.#sleep()) return;
      } catch (error) {
        waiter.fail(error);
      }
    }
    this.#rest();
  }

  /** False: there is something to see by now. */
  #sleep(): boolean {
    this.#asleep = true;
    if (this.#rota.lanes.every((lane) => lane.sleep())) {
      this.#hold(true);
      return true;
    }
    this.#wake();
    return false;
  }

  #wake(): void {
    if (!this.#asleep) return;
    this.#asleep = false;
    for (const lane of this.#rota.lanes) lane.wake();
  }

  #rest(): void {
    if (this.#queue.size > 0) return;
    this.#wake();
    this.#hold(false);
  }

  #hold(alive: boolean): void {
    for (const lane of this.#rota.lanes) lane.hold(alive);
  }
}

function resultOf(value: Uint8Array | undefined): IteratorResult<Uint8Array> {
  return value === undefined ? { value, done: true } : { value, done: false };
}

const NOT_PEEKED = 'there is nothing to release: peek() found no message, or it is released';
