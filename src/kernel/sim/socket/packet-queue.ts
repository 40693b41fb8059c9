/** What has come as messages, each with its bounds, and is not read yet. Browser compatible. */
import type { Cursor } from '../cursor.js';
import { Ring } from '../pipe/ring.js';

export interface Packet<Sender> {
  readonly bytes: Uint8Array;
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

/** Copies what fits. Answers false at a bad address. */
export function fillFrom({ bytes }: Packet<unknown>, memory: Cursor): boolean {
  const length = Math.min(bytes.length, memory.left);
  return memory.fill(bytes, 0, length) === length;
}
