/**
 * TCP over the loopback: how connections come and go. A handshake, data, FIN and RST take no time:
 * they are there when the call that causes them answers. A closed connection does not wait in
 * TIME_WAIT. This module is browser compatible.
 */

import * as e from '../../errno.js';
import * as f from '../../flags.js';
import type { Call, Outcome } from '../call.js';
import type { Description } from '../description.js';
import type { Page } from '../page.js';
import type { Process } from '../processes.js';
import type { SocketState } from '../states.js';
import { Backlog } from './backlog.js';
import type { Endpoint } from './inet.js';
import { familyOf } from './names.js';
import { directionsOf } from './socket.js';
import { TcpStream } from './tcp-stream.js';

/** What SO_SNDBUF and SO_RCVBUF are at first, and what the first grows to with a connection. */
const SEND_BUFFER_BYTES = 16_384;
const RECEIVE_BUFFER_BYTES = 131_072;
const CONNECTED_BUFFER_BYTES = 262_144;

export class TcpSocket extends TcpStream {
  /** What connect(2) remembers: until it is asked again, a connection is still being made. */
  #progress: 'unconnected' | 'connecting' | 'connected' | 'disconnecting' = 'unconnected';
  readonly #backlog = new Backlog<TcpSocket>();
  /** Connectors that found the backlog full: their SYN is sent again until there is room. */
  readonly #knocking = new Set<TcpSocket>();
  #knocksAt: TcpSocket | undefined;

  constructor(maker: Process, domain: number) {
    super(maker, domain);
    this.values.sendBufferBytes = SEND_BUFFER_BYTES;
    this.values.receiveBufferBytes = RECEIVE_BUFFER_BYTES;
  }

  override get isListening(): boolean {
    return this.state === 'listening';
  }

  protected override get isUsed(): boolean {
    return this.state !== 'closed';
  }

  override listen(backlog: number): number {
    if (this.#progress !== 'unconnected') return -e.EINVAL;
    this.#backlog.limit = backlog;
    if (this.isListening) return this.#letIn();
    const claimed = this.claimPort();
    if (claimed < 0) return claimed;
    const { ports } = this.machine;
    if (!ports.mayListen(this)) return -e.EADDRINUSE;
    this.state = 'listening';
    ports.listen(this);
    return 0;
  }

  override acceptable(): number {
    return this.isListening ? 0 : -e.EINVAL;
  }

  override accept(): TcpSocket | undefined {
    const accepted = this.#backlog.shift();
    if (accepted !== undefined) this.#letIn();
    return accepted;
  }

  /** Those that knock, as far as the backlog has room. */
  #letIn(): 0 {
    for (const client of this.#knocking) {
      if (this.#backlog.isFull) break;
      this.#knocking.delete(client);
      this.#admit(client);
    }
    return 0;
  }

  #admit(client: TcpSocket): void {
    const server = new TcpSocket(this.maker, this.domain);
    server.values.inherit(this.values);
    const { address, port } = client.remote as Endpoint;
    server.local = { address, port };
    server.isAddressBound = this.isAddressBound;
    this.machine.ports.add(server, port);
    server.#open(client, client.local);
    server.#progress = 'connected';
    client.#open(server, { address, port });
    client.tellAll();
    client.asyncs.send(this.machine, f.POLL_OUT);
    this.#backlog.push(server);
    this.tellReaders();
  }

  #open(peer: TcpSocket, remote: Endpoint): void {
    this.#knocksAt = undefined;
    this.state = 'open';
    this.peer = peer;
    this.remote = remote;
    const { values } = this;
    if (!values.isSendBufferFixed) values.sendBufferBytes = CONNECTED_BUFFER_BYTES;
  }

  override connect(address: Uint8Array, file: Description): Outcome {
    if (address.length < 2) return -e.EINVAL;
    if (familyOf(address) === f.AF_UNSPEC) {
      this.#disconnect();
      return 0;
    }
    if (this.#progress === 'connected') return -e.EISCONN;
    if (this.#progress === 'disconnecting') return -e.EINVAL;
    let refusal = -e.EALREADY;
    if (this.#progress === 'unconnected') {
      if (this.state !== 'closed') return -e.EISCONN;
      const started = this.#start(address);
      if (started < 0) return started;
      refusal = -e.EINPROGRESS;
      // What became of it is known already, but is told by the next call.
      if (file.isNonBlocking) return refusal;
    }
    return (call) => this.#connected(refusal, file, call);
  }

  /** The SYN: a connection, RST for an answer, or none while the backlog is full. */
  #start(address: Uint8Array): number {
    const aimed = this.aim(address);
    if (aimed < 0) return aimed;
    this.state = 'connecting';
    this.#progress = 'connecting';
    const { ports } = this.machine;
    const { address: to, port } = this.remote as Endpoint;
    const found = ports.listenerAt(to, port, this.local.port);
    const listener = found as TcpSocket | undefined;
    if (listener === undefined) this.reset();
    else if (listener.#backlog.isFull) listener.#hear(this);
    else listener.#admit(this);
    return 0;
  }

  #hear(client: TcpSocket): void {
    this.#knocking.add(client);
    client.#knocksAt = this;
  }

  #stopKnocking(): void {
    const listener = this.#knocksAt;
    if (listener !== undefined) listener.#knocking.delete(this);
    this.#knocksAt = undefined;
  }

  #connected(refusal: number, file: Description, call: Call): number {
    if (this.state === 'connecting') {
      const waits = this.waitToWrite(file, call);
      return waits === -e.EAGAIN ? refusal : waits;
    }
    if (this.state === 'closed') {
      const error = this.takeError() || e.ECONNABORTED;
      this.#disconnect();
      return -error;
    }
    this.#progress = 'connected';
    return 0;
  }

  override shutdown(how: number): number {
    const directions = directionsOf(how);
    if (directions === undefined) return -e.EINVAL;
    const { state } = this;
    if (this.#progress === 'connecting') {
      this.#progress = state === 'open' ? 'connected' : 'disconnecting';
    }
    const isDropped = state === 'connecting' || (state === 'listening' && directions.read);
    if (isDropped) this.#disconnect();
    else if (state !== 'listening') this.#shut(directions.read, directions.write);
    this.tellAll();
    return state === 'closed' ? -e.ENOTCONN : 0;
  }

  #shut(read: boolean, write: boolean): void {
    this.isReadShut ||= read;
    this.hasShutRead ||= read;
    this.isWriteShut ||= write;
    if (write && this.state === 'open' && !this.hasSentEnd) this.#sendEnd();
  }

  /** FIN: the peer reads to the end of what is there. Two of them end the connection. */
  #sendEnd(): void {
    this.hasSentEnd = true;
    this.peer?.seeEnd();
  }

  /** FIN has come. */
  override seeEnd(): void {
    this.hasSeenEnd = true;
    this.isReadShut = true;
    if (this.hasSentEnd) {
      (this.peer as TcpSocket).#end();
      this.#end();
    }
    this.tellAll();
    this.asyncs.send(this.machine, this.isWriteShut ? f.POLL_HUP : f.POLL_IN);
    // FIN is read, too: as the end.
    this.asyncs.send(this.machine, f.POLL_IN);
  }

  /** RST has come. What came before it can still be read. */
  override reset(): void {
    if (this.state === 'closed') return;
    if (this.state === 'connecting') this.error = e.ECONNREFUSED;
    else this.error = this.hasSeenEnd ? e.EPIPE : e.ECONNRESET;
    this.#end();
    this.asyncs.send(this.machine, f.POLL_ERR);
  }

  /** The connection is over. */
  #end(): void {
    this.#stopKnocking();
    this.state = 'closed';
    this.isReadShut = true;
    this.isWriteShut = true;
    if (!this.isPortBound) this.machine.ports.release(this);
    this.tellAll();
  }

  /** connect(2) to AF_UNSPEC: an open connection is reset at once, and the socket is as new. */
  #disconnect(): void {
    if (this.isListening) this.#endListening();
    else if (this.state !== 'closed') this.error = e.ECONNRESET;
    if (this.state === 'open') this.peer?.reset();
    this.#end();
    this.isReadShut = false;
    this.isWriteShut = false;
    this.#progress = 'unconnected';
    this.hasSentEnd = false;
    this.hasSeenEnd = false;
    this.hasShutRead = false;
    this.peer = undefined;
    this.drain();
    this.forget();
  }

  #endListening(): void {
    this.machine.ports.endListen(this);
    this.state = 'closed';
    for (const client of this.#knocking) client.reset();
    for (const embryo of this.#backlog.takeAll()) {
      embryo.isReleased = true;
      embryo.#leave(true);
    }
  }

  protected override close(): void {
    if (this.isListening) this.#endListening();
    this.#leave(this.values.lingers && this.values.lingerSeconds === 0);
  }

  /** The last descriptor has gone: FIN, or RST where bytes are unread or nobody is to linger. */
  #leave(isAbort: boolean): void {
    const { peer } = this;
    if (this.state === 'open') {
      if (isAbort || this.received.length > 0) {
        this.#end();
        peer?.reset();
      } else if (!this.hasSentEnd) this.#sendEnd();
    }
    this.#stopKnocking();
    this.machine.ports.release(this);
    this.drain();
    this.tellAll();
  }

  override peerName(isNew = false): Uint8Array | number {
    const isOver = this.state === 'closed' || this.state === 'connecting';
    if (this.remote === undefined || (isOver && !isNew)) return -e.ENOTCONN;
    return this.sockaddrOf(this.remote);
  }

  override poll(file: Description): number {
    if (!this.isListening) return super.poll(file);
    return this.#backlog.count > 0 ? f.POLLIN : 0;
  }

  override inspect(placeOf: (page: Page) => number): SocketState {
    const { state, position } = this;
    const waiting = this.#backlog.count;
    return {
      ...super.inspect(placeOf),
      state,
      position,
      waiting,
      received: this.received.snapshot(placeOf),
    };
  }
}
