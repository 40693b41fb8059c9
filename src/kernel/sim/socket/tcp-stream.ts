/**
 * The data of a TCP connection at one of its ends: what has come, the urgent byte in it, the room
 * for more. This module is browser compatible.
 */
import { EINVAL } from '../../errno.js';
import * as f from '../../flags.js';
import { sendUrgent } from '../async.js';
import type { Call } from '../call.js';
import type { Cursor } from '../cursor.js';
import type { Description } from '../description.js';
import type { Pipe } from '../pipe/pipe.js';
import type { Process } from '../processes.js';
import { InetSocket } from './inet.js';
import { StreamQueue } from './stream-queue.js';
import { receiveTcp, sendTcp, spliceFromTcp, spliceToTcp } from './tcp-transfer.js';
import { UrgentMark } from './urgent.js';

export abstract class TcpStream extends InetSocket {
  readonly transport = 'tcp';
  readonly received: StreamQueue;
  readonly urgent = new UrgentMark();
  state: 'closed' | 'listening' | 'connecting' | 'open' = 'closed';
  peer: TcpStream | undefined;
  /** How many bytes of the stream have been read. */
  position = 0;
  /** FIN went out, FIN came in. */
  hasSentEnd = false;
  hasSeenEnd = false;
  /** shutdown(2) of this end, not the peer's FIN, ended the reading. */
  hasShutRead = false;
  /** Somebody found no room: tell when there is some; by a signal, if a call was refused. */
  #needsRoom = false;
  #wasRefused = false;

  constructor(maker: Process, domain: number) {
    super(maker, domain, f.SOCK_STREAM, f.IPPROTO_TCP);
    this.received = new StreamQueue(maker.machine.pages);
  }

  /** FIN has come. */
  abstract seeEnd(): void;
  /** RST has come. */
  abstract reset(): void;

  /** What TCP_INFO calls the state. */
  get stateNumber(): number {
    if (this.state === 'open') return this.hasSentEnd ? 5 : this.hasSeenEnd ? 8 : 1;
    return { closed: 7, listening: 10, connecting: 2 }[this.state];
  }

  /** How much more can be sent now: what the peer has not read is in its buffer, then in this. */
  get room(): number {
    return this.values.sendBufferBytes - this.#held;
  }

  /** Two thirds of its own buffer are taken, or less. */
  get isWritable(): boolean {
    return 2 * this.room >= this.#held;
  }

  get #held(): number {
    const { peer } = this;
    if (peer === undefined) return 0;
    return Math.max(0, peer.received.length - peer.values.receiveBufferBytes);
  }

  /** Whether data for it is answered by RST: nobody can read it any more. */
  get refusesData(): boolean {
    return this.isReleased || (this.hasShutRead && this.hasSentEnd);
  }

  /** Whether a read stops here: an urgent byte comes next. */
  get isAtMark(): boolean {
    return this.urgent.distance(this.position) === 0;
  }

  /** SO_OOBINLINE */
  get isInline(): boolean {
    return this.values.isOn('oobInline');
  }

  /** The byte at this place of the stream was sent with MSG_OOB. */
  mark(position: number, byte: number): void {
    if (this.file !== undefined) sendUrgent(this.machine, this.file);
    this.asyncs.sendUrgent(this.machine);
    // An urgent byte that is next to be read and was not taken is lost.
    if (this.isAtMark && !this.isInline) this.consume(1);
    this.urgent.set(position, byte);
  }

  /** Bytes of the stream were read. */
  consume(length: number): void {
    this.received.consume(length);
    this.advance(length);
    this.urgent.passed(this.position);
  }

  /** The urgent byte is left out of the stream: the mark stays until more is read. */
  skipMark(): void {
    this.received.consume(1);
    this.position++;
  }

  /** Bytes of the stream were taken out of it: there is room for others. */
  advance(length: number): void {
    this.position += length;
    if (length > 0) this.peer?.tellRoom();
  }

  /** What was not read is dropped. */
  protected drain(): void {
    this.received.clear();
    this.urgent.clear();
    this.position = 0;
  }

  /** No room: EAGAIN or a wait. */
  refuse(file: Description, call: Call): number {
    this.#needsRoom = true;
    this.#wasRefused = true;
    return this.waitToWrite(file, call);
  }

  /** The peer has read something. */
  tellRoom(): void {
    if (!this.#needsRoom || !this.isWritable) return;
    this.#needsRoom = false;
    this.writeQueue.wake(f.POLLOUT);
    if (this.#wasRefused) this.asyncs.send(this.machine, f.POLL_OUT);
    this.#wasRefused = false;
  }

  override send(memory: Cursor, flags: number, file: Description, call: Call): number {
    return sendTcp(this, memory, flags, file, call);
  }

  override receive(memory: Cursor, flags: number, file: Description, call: Call): number {
    return receiveTcp(this, memory, flags, file, call);
  }

  override spliceRead(
    file: Description,
    _position: null,
    pipe: Pipe,
    length: number,
    call: Call,
  ): number {
    return spliceFromTcp(this, pipe, length, file, call);
  }

  override spliceWrite(
    pipe: Pipe,
    file: Description,
    _position: null,
    length: number,
    call: Call,
  ): number {
    return spliceToTcp(this, pipe, length, file, call);
  }

  /** FIONREAD: up to the urgent byte. */
  override unread(): number {
    if (this.isListening) return -EINVAL;
    const { length } = this.received;
    return this.isInline ? length : Math.min(length, this.urgent.distance(this.position));
  }

  override poll(_file: Description): number {
    let mask = this.pollEnds();
    if (this.state === 'closed') mask |= f.POLLHUP;
    // An urgent byte that comes next is nothing to be read.
    if (this.received.length > (this.isAtMark && !this.isInline ? 1 : 0)) mask |= f.POLLIN;
    if (this.urgent.isUnread) mask |= f.POLLPRI;
    if (this.state === 'connecting') return mask;
    if (this.isWriteShut || this.isWritable) return mask | f.POLLOUT;
    this.#needsRoom = true;
    return mask;
  }
}
