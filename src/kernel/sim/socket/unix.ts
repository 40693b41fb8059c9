/**
 * Sockets of AF_UNIX: names, connections, ends. How bytes and messages go is for `unix-stream.ts`
 * and `unix-packet.ts`. This module is browser compatible.
 */
import * as e from '../../errno.js';
import * as f from '../../flags.js';
import type { Attempt, Call, Outcome } from '../call.js';
import type { Description } from '../description.js';
import type { Process } from '../processes.js';
import { Backlog } from './backlog.js';
import { familyOf, unixPath } from './names.js';
import { type Credentials, directionsOf, Socket } from './socket.js';

const UNNAMED = Uint8Array.of(f.AF_UNIX, 0);

export abstract class UnixSocket extends Socket {
  /** Its sockaddr_un, when it is bound. */
  address: Uint8Array | undefined;
  /** The other end: also when that is closed. */
  peer: UnixSocket | undefined;
  state: 'closed' | 'listening' | 'connected' = 'closed';
  /** A send was refused for want of room: a signal tells when there is some. */
  wasRefused = false;
  /** The listener whose backlog it waits in. */
  #listenedBy: UnixSocket | undefined;
  readonly #backlog = new Backlog<UnixSocket>();
  #listener: Credentials = this.credentials;

  constructor(caller: Process, type: number) {
    super(caller, f.AF_UNIX, type, 0);
  }

  /** What it has sent and nobody has read, in the measure of SO_SNDBUF. */
  abstract get charged(): number;
  /** Whether something came that was not read. */
  abstract get hasUnread(): boolean;
  /** Whether to close it now resets the connection, because something was not read. */
  protected get isClosedUnread(): boolean {
    return this.hasUnread;
  }

  /** How many bytes or, of datagrams, how many of the first: FIONREAD. */
  protected abstract get unreadBytes(): number;
  /** A socket of the same kind, for the other end of a connection. */
  protected abstract another(caller: Process): UnixSocket;
  /** Drops what was not read. */
  protected abstract drain(): void;

  /** The description that keeps it open. */
  get owner(): Description | undefined {
    return this.file ?? this.#listenedBy?.file;
  }

  /** Streams and sequences of packets are connections; datagrams are not. */
  get isConnection(): boolean {
    return this.type !== f.SOCK_DGRAM;
  }

  override get isListening(): boolean {
    return this.state === 'listening';
  }

  /** Whether poll(2) says POLLOUT: a quarter of the room is taken, or less. */
  get isWritable(): boolean {
    return this.state !== 'listening' && 4 * this.charged <= this.values.sendBufferBytes;
  }

  get isFull(): boolean {
    return this.charged >= this.values.sendBufferBytes;
  }

  /** socketpair(2) and connect(2): each is the other's other end. */
  join(other: UnixSocket): void {
    for (const [one, another] of [
      [this, other],
      [other, this],
    ] as const) {
      one.peer = another;
      one.state = 'connected';
      one.peerCredentials = another.credentials;
    }
  }

  override bind(address: Uint8Array, { caller }: Call): number {
    const path = unixPath(address);
    if (path === undefined) return -e.EINVAL;
    if (path.length > 0 && this.address !== undefined) return -e.EINVAL;
    return this.machine.unixNames.bind(caller, path, this);
  }

  override listen(backlog: number, { caller }: Call): number {
    if (!this.isConnection) return -e.EOPNOTSUPP;
    if (this.address === undefined || this.state === 'connected') return -e.EINVAL;
    this.state = 'listening';
    this.#backlog.limit = backlog;
    this.#listener = { pid: caller.pid, uid: caller.uid, gid: caller.gid };
    this.writeQueue.wakeAll();
    return 0;
  }

  override acceptable(): number {
    if (!this.isConnection) return -e.EOPNOTSUPP;
    return this.isListening ? 0 : -e.EINVAL;
  }

  override accept(): UnixSocket | undefined {
    const accepted = this.#backlog.shift();
    if (accepted === undefined) return undefined;
    accepted.#listenedBy = undefined;
    this.writeQueue.wakeAll(f.POLLOUT);
    return accepted;
  }

  override connect(address: Uint8Array, file: Description, call: Call): Outcome {
    if (!this.isConnection && address.length >= 2 && familyOf(address) === f.AF_UNSPEC) {
      this.disconnect();
      return 0;
    }
    const path = unixPath(address);
    if (path === undefined) return -e.EINVAL;
    return this.isConnection ? this.#attempt(path, file) : this.#address(path, call);
  }

  /** The listener is looked up again after each sleep: it may have gone. */
  #attempt(path: Uint8Array, file: Description): Attempt {
    return (call) => {
      const listener = this.machine.unixNames.find(call.caller, path, this.type);
      if (typeof listener === 'number') return listener;
      if (!listener.isListening || listener.isReadShut) return -e.ECONNREFUSED;
      if (listener.#backlog.isFull) {
        return this.waitToWrite(file, call, listener.writeQueue);
      }
      if (this.state !== 'closed') return this.state === 'connected' ? -e.EISCONN : -e.EINVAL;
      listener.#admit(this, call);
      return 0;
    };
  }

  /** The other end is there before accept(2) hands it out: what is sent waits in it. */
  #admit(client: UnixSocket, { caller }: Call): void {
    const server = this.another(caller);
    server.address = this.address;
    server.#listenedBy = this;
    server.join(client);
    client.peerCredentials = this.#listener;
    this.#backlog.push(server);
    this.tellReaders();
  }

  /** A datagram socket sends to this name from now on. */
  #address(path: Uint8Array, { caller }: Call): number {
    const other = this.machine.unixNames.find(caller, path, this.type);
    if (typeof other === 'number') return other;
    if (other.peer !== undefined && other.peer !== this) return -e.EPERM;
    if (this.peer !== undefined && this.peer !== other) this.disconnect();
    this.peer = other;
    this.state = 'connected';
    return 0;
  }

  /** A datagram socket has no other end any more, and what that had sent is dropped. */
  disconnect(): void {
    const { peer } = this;
    this.peer = undefined;
    this.state = 'closed';
    if (peer === undefined || !this.hasUnread) return;
    this.drain();
    if (peer.isReleased || peer.peer !== this) return;
    peer.error = e.ECONNRESET;
    peer.tellAll();
  }

  override shutdown(how: number): number {
    const directions = directionsOf(how);
    if (directions === undefined) return -e.EINVAL;
    this.#shut(directions.read, directions.write);
    const { peer } = this;
    if (this.isConnection && peer !== undefined) {
      peer.#shutByPeer(directions.write, directions.read);
    }
    return 0;
  }

  #shut(read: boolean, write: boolean): void {
    this.isReadShut ||= read;
    this.isWriteShut ||= write;
    this.tellAll();
  }

  #shutByPeer(read: boolean, write: boolean): void {
    this.#shut(read, write);
    if (read) this.asyncs.send(this.machine, write ? f.POLL_HUP : f.POLL_IN);
  }

  protected override close(): void {
    this.machine.unixNames.release(this);
    for (const embryo of this.#backlog.takeAll()) {
      embryo.isReleased = true;
      embryo.#leave(true);
    }
    this.#leave(false);
    this.tellAll();
    this.machine.inFlight.collect();
  }

  /** The other end of a connection learns of it: as a reset where something was not read. */
  #leave(isEmbryo: boolean): void {
    const { peer } = this;
    if (peer !== undefined && this.isConnection && !peer.isReleased) {
      if (this.isClosedUnread || isEmbryo) peer.error = e.ECONNRESET;
      peer.#shutByPeer(true, true);
    }
    this.peer = undefined;
    this.state = 'closed';
    this.drain();
  }

  override name(): Uint8Array {
    return this.address ?? UNNAMED;
  }

  override peerName(): Uint8Array | number {
    return this.peer?.name() ?? -e.ENOTCONN;
  }

  override unread(): number {
    return this.isListening ? -e.EINVAL : this.unreadBytes;
  }

  override poll(_file: Description): number {
    let mask = this.pollEnds();
    if (this.hasUnread || this.#backlog.count > 0) mask |= f.POLLIN;
    if (this.isConnection && this.state === 'closed') mask |= f.POLLHUP;
    if (this.isWritable) mask |= f.POLLOUT;
    return mask;
  }

  /** The other end has read something. */
  tellRoom(): void {
    if (this.isReleased || !this.isWritable) return;
    this.writeQueue.wake(f.POLLOUT);
    if (this.wasRefused) this.asyncs.send(this.machine, f.POLL_OUT);
    this.wasRefused = false;
  }

  /** No room: EAGAIN or a wait, and who wants signals gets one when there is some. */
  protected refuse(file: Description, call: Call): number {
    this.wasRefused = true;
    return this.waitToWrite(file, call);
  }
}
