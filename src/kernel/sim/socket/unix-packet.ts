/**
 * SOCK_DGRAM and SOCK_SEQPACKET of AF_UNIX: whole messages in order. This module is browser
 * compatible.
 */

import * as e from '../../errno.js';
import * as f from '../../flags.js';
import type { Call } from '../call.js';
import type { Cursor } from '../cursor.js';
import type { Description } from '../description.js';
import type { Page } from '../page.js';
import type { Process } from '../processes.js';
import type { SocketState } from '../states.js';
import { PacketQueue, packetFrom, receivePacket } from './packet-queue.js';
import { hasTooMany, holdRights } from './rights.js';
import { UnixSocket } from './unix.js';
import { MESSAGE_OVERHEAD } from './unix-stream.js';

/** net.unix.max_dgram_qlen: what a socket holds of those that it does not send to itself. */
const MOST_PACKETS = 10;
/** What a message may have less than SO_SNDBUF. */
const LENGTH_MARGIN = 32;

export class UnixPacket extends UnixSocket {
  readonly received = new PacketQueue<UnixPacket>();
  /** Those that found it full. */
  readonly #blocked = new Set<UnixPacket>();
  #charged = 0;

  override get charged(): number {
    return this.#charged;
  }

  override get hasUnread(): boolean {
    return this.received.count > 0;
  }

  /** Of datagrams the first one's, of a sequence all. */
  protected override get unreadBytes(): number {
    return this.isConnection ? this.received.length : (this.received.first?.bytes.length ?? 0);
  }

  /** An empty message that would be read next does not count. */
  protected override get isClosedUnread(): boolean {
    return this.received.count > (this.received.first?.bytes.length === 0 ? 1 : 0);
  }

  /** read(2) and write(2) of one message. */
  override get splicesByCopy(): boolean {
    return true;
  }

  override get isWritable(): boolean {
    return super.isWritable && !this.#isBlocked();
  }

  protected override another(caller: Process): UnixPacket {
    return new UnixPacket(caller, this.type);
  }

  protected override drain(): void {
    while (this.hasUnread) {
      this.received.first?.rights?.drop();
      this.#take();
    }
  }

  override send(memory: Cursor, flags: number, file: Description, call: Call): number {
    const refused = this.#sendable(memory, flags, call);
    if (refused < 0) return refused;
    if (this.isFull || this.#isBlocked()) return this.refuse(file, call);
    const isTooMany = call.rights !== undefined && hasTooMany(call.caller);
    const bytes = isTooMany ? undefined : packetFrom(memory);
    const unread = isTooMany ? -e.ETOOMANYREFS : -e.EFAULT;
    const lost = bytes === undefined ? unread : this.#undeliverable();
    if (bytes !== undefined && lost === 0) return this.#deliver(bytes, call);
    // What was made ready for the message and is given back is room, too.
    this.tellRoom();
    return lost;
  }

  #sendable(memory: Cursor, flags: number, call: Call): number {
    if (this.isConnection && this.error !== 0) return -this.takeError();
    if (this.isConnection && this.state !== 'connected') return -e.ENOTCONN;
    const refused = holdRights(call);
    if (refused < 0) return refused;
    if ((flags & f.MSG_OOB) !== 0) return -e.EOPNOTSUPP;
    if (memory.left > this.values.sendBufferBytes - LENGTH_MARGIN) return -e.EMSGSIZE;
    if (this.error !== 0) return -this.takeError();
    return this.isWriteShut ? -e.EPIPE : 0;
  }

  /** The other end has gone, or reads no more: a sender of datagrams has none from now on. */
  #undeliverable(): number {
    const { peer } = this;
    if (peer === undefined) return -e.ENOTCONN;
    if (!peer.isReleased) return peer.isReadShut ? -e.EPIPE : 0;
    if (this.isConnection) return -e.EPIPE;
    this.disconnect();
    return -e.ECONNREFUSED;
  }

  #deliver(bytes: Uint8Array, call: Call): number {
    const target = this.peer as UnixPacket;
    target.received.push({ bytes, sender: this, rights: call.sendRights(target) });
    this.#charged += bytes.length + MESSAGE_OVERHEAD;
    target.tellReaders();
    return bytes.length;
  }

  /** The other end is not this one's alone, and has as many messages as it may. */
  #isBlocked(): boolean {
    const target = this.peer as UnixPacket | undefined;
    if (target === undefined || target.peer === this || target.isReleased) return false;
    if (target.received.count <= MOST_PACKETS) return false;
    target.#blocked.add(this);
    return true;
  }

  override receive(memory: Cursor, flags: number, file: Description, call: Call): number {
    if ((flags & f.MSG_OOB) !== 0) return -e.EOPNOTSUPP;
    if (this.isConnection && this.state !== 'connected') return -e.ENOTCONN;
    if (this.error !== 0) return -this.takeError();
    const packet = this.received.first;
    if (packet === undefined) return this.#nothing(file, call);
    return receivePacket(packet, memory, flags, call, () => this.#take());
  }

  /** The end of a sequence is seen at once, that of datagrams only by who waits. */
  #nothing(file: Description, call: Call): number {
    const isHurried = !this.isConnection && call.isNonBlocking(file);
    return this.isReadShut && !isHurried ? 0 : this.waitInTurn(file, call);
  }

  #take(): void {
    const { sender, bytes } = this.received.shift();
    sender.#charged -= bytes.length + MESSAGE_OVERHEAD;
    sender.tellRoom();
    this.#unblock();
  }

  #unblock(): void {
    const blocked = [...this.#blocked];
    this.#blocked.clear();
    for (const sender of blocked) sender.tellRoom();
  }

  protected override close(): void {
    super.close();
    this.#unblock();
  }

  override inspect(placeOf: (page: Page) => number): SocketState {
    const { count, length } = this.received;
    return { ...super.inspect(placeOf), state: this.state, packets: count, bytes: length };
  }
}
