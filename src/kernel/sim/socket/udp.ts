/** UDP over the loopback: datagrams between connected sockets. Browser compatible. */

import * as e from '../../errno.js';
import * as f from '../../flags.js';
import type { Call } from '../call.js';
import type { Cursor } from '../cursor.js';
import type { Description } from '../description.js';
import type { Page } from '../page.js';
import type { Process } from '../processes.js';
import type { SocketState } from '../states.js';
import { type Endpoint, InetSocket } from './inet.js';
import { familyOf } from './names.js';
import { PacketQueue, packetFrom, receivePacket } from './packet-queue.js';
import { directionsOf } from './socket.js';
import { MESSAGE_OVERHEAD } from './unix-stream.js';

/** What a datagram of IPv4 can carry. */
const LARGEST_BYTES = 65_507;

export class UdpSocket extends InetSocket {
  readonly transport = 'udp';
  readonly received = new PacketQueue<undefined>();

  constructor(maker: Process, domain: number) {
    super(maker, domain, f.SOCK_DGRAM, f.IPPROTO_UDP);
  }

  protected override get isUsed(): boolean {
    return this.remote !== undefined;
  }

  /** read(2) and write(2) of one datagram. */
  override get splicesByCopy(): boolean {
    return true;
  }

  override connect(address: Uint8Array): number {
    if (address.length < 2) return -e.EINVAL;
    if (familyOf(address) === f.AF_UNSPEC) {
      this.forget();
      if (!this.hasPort) this.local = { ...this.local, port: 0 };
      return 0;
    }
    return this.aim(address);
  }

  override send(memory: Cursor, flags: number): number {
    if (memory.left > LARGEST_BYTES) return -e.EMSGSIZE;
    if ((flags & f.MSG_OOB) !== 0) return -e.EOPNOTSUPP;
    const { remote } = this;
    if (remote === undefined) return -e.EDESTADDRREQ;
    if (this.error !== 0) return -this.takeError();
    if (this.isWriteShut) return -e.EPIPE;
    const bytes = packetFrom(memory);
    // What was made ready for the datagram is given back at once, which is room.
    this.writeQueue.wake(f.POLLOUT);
    if (bytes === undefined) return -e.EFAULT;
    const { ports } = this.machine;
    const found = ports.receiverAt(remote.address, remote.port, this.local.port);
    const receiver = found as UdpSocket | undefined;
    if (receiver === undefined || !receiver.#isFor(this.local)) this.#refused();
    else receiver.#take(bytes);
    return bytes.length;
  }

  /** A connected one hears of its peer only. */
  #isFor({ address, port }: Endpoint): boolean {
    const { remote } = this;
    return remote === undefined || (remote.address === address && remote.port === port);
  }

  /** ICMP says that nobody is there. */
  #refused(): void {
    this.error = e.ECONNREFUSED;
    this.tellAll();
    this.asyncs.send(this.machine, f.POLL_ERR);
  }

  /** A datagram has come; one for which there is no room is lost. */
  #take(bytes: Uint8Array): void {
    const { count, length } = this.received;
    const held = length + count * MESSAGE_OVERHEAD;
    if (held >= this.values.receiveBufferBytes) return;
    this.received.push({ bytes, sender: undefined });
    this.tellReaders();
  }

  override receive(memory: Cursor, flags: number, file: Description, call: Call): number {
    if (this.error !== 0) return -this.takeError();
    const packet = this.received.first;
    if (packet === undefined) {
      const isHurried = call.isNonBlocking(file);
      return this.isReadShut && !isHurried ? 0 : this.waitInTurn(file, call);
    }
    return receivePacket(packet, memory, flags, call, () => this.received.shift());
  }

  override shutdown(how: number): number {
    const directions = directionsOf(how);
    if (directions === undefined) return -e.EINVAL;
    this.isReadShut ||= directions.read;
    this.isWriteShut ||= directions.write;
    this.tellAll();
    return this.remote === undefined ? -e.ENOTCONN : 0;
  }

  override peerName(): Uint8Array | number {
    return this.remote === undefined ? -e.ENOTCONN : this.sockaddrOf(this.remote);
  }

  override unread(): number {
    return this.received.first?.bytes.length ?? 0;
  }

  override poll(_file: Description): number {
    return this.pollEnds() | (this.received.count > 0 ? f.POLLIN : 0) | f.POLLOUT;
  }

  protected override close(): void {
    this.machine.ports.release(this);
    while (this.received.count > 0) this.received.shift();
    this.tellAll();
  }

  override inspect(placeOf: (page: Page) => number): SocketState {
    return { ...super.inspect(placeOf), packets: this.received.count };
  }
}
