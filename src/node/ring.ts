/**
 * `RingChannel` and its two ends on this machine's kernel.
 */
import {
  createRing,
  openReceiverLanes,
  openSenderLane,
  owning,
  type RingOptions,
} from '../memory/ring/create.js';
import type { RingEnd } from '../memory/ring/end.js';
import { RECEIVER_STATE, SENDER_STATE } from '../memory/ring/layout.js';
import { Receiver, type ReceiverOptions } from '../memory/ring/receiver.js';
import { Sender, type SenderOptions } from '../memory/ring/sender.js';
import { linuxRuntime } from './runtime.js';

/**
 * The sending end of a ring: messages in shared memory, one sender and one receiver a lane.
 *
 * A message that was sent is in the memory of the ring: it is received though this process is
 * killed right after. What `send` and `trySend` were given is copied; `reserve` and `commit` do
 * without.
 */
export class RingSender extends Sender {
  /**
   * Opens the sending end that came as these descriptors: [memory, socket], from the `stdio` of the
   * parent, `workerData` or a Unix socket. They are this sender's from now on, and closed where
   * this throws; but not where they are no list of numbers.
   *
   * @param options.spin how many microseconds to look for room again before sleeping
   * @throws ERR_SLUICE_RING they are no end of a ring, its size can change, or it was opened
   *   before; EBADF not open; ENOMEM no memory to map it; ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE as
   *   named
   */
  static open(descriptors: readonly number[], options?: SenderOptions): RingSender {
    const lane = openSenderLane(linuxRuntime, descriptors, options);
    const make = () => new RingSender(linuxRuntime, lane.memory, lane.socket, options);
    return owning([lane], make);
  }
}

/**
 * The receiving end of a ring, of one sender or several. They take turns, and each sender's own
 * messages come in order.
 *
 * It is iterable: `for await (const message of receiver)` ends when all senders have closed, and
 * throws where one was killed; `batches` has a promise for many messages, `peek` no copy. What a
 * killed sender had sent comes first, whole and once.
 */
export class RingReceiver extends Receiver {
  /**
   * Opens the receiving end that came as these descriptors: memory and socket, for each sender.
   * They are this receiver's from now on, and closed where this throws; but not where they are no
   * list of numbers.
   *
   * @param options.spin how many microseconds to look for a message again before sleeping
   * @param options.onLost told of each sender that was killed, in place of an error that is thrown
   * @throws as `RingSender.open`
   */
  static open(descriptors: readonly number[], options?: ReceiverOptions): RingReceiver {
    const lanes = openReceiverLanes(linuxRuntime, descriptors, options);
    return owning(lanes, () => new RingReceiver(linuxRuntime, lanes, options));
  }
}

/**
 * Messages between processes, or workers, over shared memory: no system call while both ends are
 * busy, and no copy where `reserve` and `peek` are used.
 *
 * `create` makes the ends; each is opened once, here (`open`), in a child (`give`) or in a worker
 * (`giveToWorker`). A byte over a socket wakes an end that sleeps, and its end tells that the other
 * is gone. That needs the other process to be the only one that has it, so `give` closes the
 * descriptors here when the child has them.
 *
 * With `producers` there are several senders, each with memory of its own: one that is killed in
 * the middle of a message, or writes nonsense, harms nobody but itself.
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import { spawn } from 'node:child_process';
 * import { RingChannel } from 'sluice';
 *
 * const program = `
 *   import { RingSender } from 'sluice';
 *   const sender = RingSender.open([3, 4]);
 *   for (let count = 0; count < 1000; count++) await sender.send(Uint32Array.of(count));
 *   sender.close();
 * `;
 * const ring = RingChannel.create({ capacity: 1 << 16 });
 * const [end] = ring.senders;
 * end?.give(([memory, socket]) =>
 *   spawn(process.execPath, ['--input-type=module', '-e', program], {
 *     stdio: ['ignore', 'inherit', 'inherit', memory, socket],
 *   }),
 * );
 * using receiver = ring.receiver.open();
 * let sum = 0;
 * for await (const { buffer, byteOffset } of receiver) {
 *   sum += new Uint32Array(buffer, byteOffset, 1)[0] ?? 0;
 * }
 * equal(sum, 499_500);
 * ```
 */
export class RingChannel {
  /** The end that receives from all senders. */
  readonly receiver: RingEnd<RingReceiver, ReceiverOptions>;
  /** As many as `producers` says. */
  readonly senders: readonly RingEnd<RingSender, SenderOptions>[];

  private constructor(options?: RingOptions) {
    const sender = { state: SENDER_STATE, open: RingSender.open };
    const receiver = { state: RECEIVER_STATE, open: RingReceiver.open };
    const ends = createRing(linuxRuntime, { sender, receiver }, options);
    this.receiver = ends.receiver;
    this.senders = ends.senders;
  }

  /**
   * Makes a ring, with FD_CLOEXEC: no child has an end by accident.
   *
   * @param options.capacity how many bytes each sender may be ahead of the receiver, at least; a
   *   message takes 16 more than it has, rounded up to 8, and is no longer than that allows
   * @param options.producers how many senders there are
   * @throws EMFILE, ENFILE no more descriptors: four for each sender, and three for each end of its
   *   that is open; ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE as named
   */
  static create(options?: RingOptions): RingChannel {
    return new RingChannel(options);
  }

  /** Closes the ends that nobody has opened or was given. */
  [Symbol.dispose](): void {
    this.receiver.close();
    for (const sender of this.senders) sender.close();
  }
}
