/** What has come as messages, each with its bounds, and is not read yet. Browser compatible. */
import { EFAULT } from '../../errno.js';
import { MSG_PEEK, MSG_TRUNC } from '../../flags.js';
import type { Call } from '../call.js';
import type { Cursor } from '../cursor.js';
import { Ring } from '../pipe/ring.js';
import type { Rights } from './rights.js';

interface Packet<Sender> {
  readonly bytes: Uint8Array;
  /** The descriptors that come with it. */
  readonly rights?: Rights | undefined;
  /** Who is told when it has been read. */
  readonly sender: Sender;
}

export class PacketQueue<Sender> {
  readonly #packets = new Ring<Packet<Sender>>();
  #length = 0;

  get count(): number {
    return this.#packets.count;
  }

  /** How many bytes all have together. */
  get length(): number {
    return this.#length;
  }

  /** The oldest. */
  get first(): Packet<Sender> | undefined {
    return this.count === 0 ? undefined : this.#packets.at(0);
  }

  push(packet: Packet<Sender>): void {
    this.#packets.push(packet);
    this.#length += packet.bytes.length;
  }

  /** Takes the oldest out. Precondition: there is one. */
  shift(): Packet<Sender> {
    const packet = this.#packets.shift();
    this.#length -= packet.bytes.length;
    return packet;
  }
}

/** All that is left of the memory as one message; undefined at a bad address. */
export function packetFrom(memory: Cursor): Uint8Array | undefined {
  const length = memory.left;
  const bytes = new Uint8Array(length);
  return memory.take(bytes, 0, length) < length ? undefined : bytes;
}

/**
 * recv(2) of the message: what fits is copied, and the rest goes with it. Answers how many bytes,
 * with MSG_TRUNC of the whole message; −EFAULT, and the message is gone all the same. Its
 * descriptors are the call's.
 *
 * @param take takes it out of the queue: not called for MSG_PEEK
 */
export function receivePacket(
  { bytes, rights }: Packet<unknown>,
  memory: Cursor,
  flags: number,
  call: Call,
  take: () => void,
): number {
  const length = Math.min(bytes.length, memory.left);
  const isFilled = memory.fill(bytes, 0, length) === length;
  const isPeek = (flags & MSG_PEEK) !== 0;
  call.rights = isPeek ? rights?.copy() : rights?.leave();
  if (length < bytes.length) call.messageFlags |= MSG_TRUNC;
  if (!isPeek) take();
  if (!isFilled) return -EFAULT;
  return (flags & MSG_TRUNC) === 0 ? length : bytes.length;
}
