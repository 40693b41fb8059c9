/**
 * What all sockets are: a kind, options, a pending error, directions that may be shut, and who
 * waits. Delivery on this machine takes no time: what is sent has come when the call answers. This
 * module is browser compatible.
 */

import { EAGAIN, EOPNOTSUPP } from '../../errno.js';
import * as f from '../../flags.js';
import { AsyncList } from '../async.js';
import type { Call, Outcome } from '../call.js';
import type { Cursor } from '../cursor.js';
import type { Description } from '../description.js';
import type { Machine } from '../machine.js';
import { SimObject } from '../object.js';
import { PAGE_SIZE, type Page } from '../page.js';
import type { Process } from '../processes.js';
import type { SocketState } from '../states.js';
import { WaitQueue } from '../wait.js';
import { OptionValues } from './values.js';

/** sockfs has a device of its own, and a magic number. */
const SOCKET_DEVICE = 8n;
const SOCKFS_MAGIC = 0x534f434bn;

/** Who made a socket: SO_PEERCRED of the other end. */
export interface Credentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

export abstract class Socket extends SimObject {
  readonly kind = 'socket';
  readonly machine: Machine;
  readonly inode: number;
  readonly credentials: Credentials;
  /** Who waits for data or a connection, and who for room. */
  readonly readQueue = new WaitQueue();
  readonly writeQueue = new WaitQueue();
  readonly asyncs = new AsyncList();
  readonly values = new OptionValues();
  /** What accept(2) and the peer see as the other end's maker. */
  peerCredentials: Credentials = { pid: 0, uid: -1, gid: -1 };
  /** The pending error: taken by the next call that looks, and by SO_ERROR. */
  error = 0;
  /** RCV_SHUTDOWN and SEND_SHUTDOWN. */
  isReadShut = false;
  isWriteShut = false;
  /** The last descriptor has gone. */
  isReleased = false;
  /** The description; none before accept(2), or after the end. */
  file: Description | undefined;

  constructor(
    readonly maker: Process,
    readonly domain: number,
    readonly type: number,
    readonly protocol: number,
  ) {
    super();
    this.machine = maker.machine;
    this.inode = maker.machine.newInode();
    this.credentials = { pid: maker.pid, uid: maker.uid, gid: maker.gid };
  }

  /** Gives it an address; the bytes are those of a sockaddr, at most 128. */
  abstract bind(address: Uint8Array, call: Call): number;

  /** Answers 0 or −errno, or sleeps until it is known. */
  abstract connect(address: Uint8Array, file: Description, call: Call): Outcome;

  abstract shutdown(how: number): number;

  /** One attempt of send(2). */
  abstract send(memory: Cursor, flags: number, file: Description, call: Call): number;

  /** One attempt of recv(2). */
  abstract receive(memory: Cursor, flags: number, file: Description, call: Call): number;

  /** Its own sockaddr. */
  abstract name(): Uint8Array;

  /** The other end's, or −ENOTCONN. `isNew` is the look of accept(2), which comes first. */
  abstract peerName(isNew?: boolean): Uint8Array | number;

  /** The last descriptor has gone: what the other end sees of it. */
  protected abstract close(): void;

  get isListening(): boolean {
    return false;
  }

  listen(_backlog: number, _call: Call): number {
    return -EOPNOTSUPP;
  }

  /** Whether accept(2) is known here at all, and now: 0, −EOPNOTSUPP or −EINVAL. */
  acceptable(): number {
    return -EOPNOTSUPP;
  }

  /** The oldest connection that waits; undefined where none does. */
  accept(): Socket | undefined {
    return undefined;
  }

  override get supportsNoWait(): boolean {
    return true;
  }

  override opened(file: Description): void {
    this.file = file;
  }

  override released(file: Description): void {
    this.asyncs.remove(file);
    this.file = undefined;
    this.isReleased = true;
    this.close();
  }

  override read(file: Description, memory: Cursor, _position: null, call: Call): number {
    return memory.left === 0 && call.done === 0 ? 0 : this.receive(memory, 0, file, call);
  }

  override write(file: Description, memory: Cursor, _position: null, call: Call): number {
    return this.send(memory, 0, file, call);
  }

  override queues(): readonly WaitQueue[] {
    return [this.readQueue, this.writeQueue];
  }

  override setAsync(file: Description, on: boolean): void {
    this.asyncs.set(file, on);
  }

  override stat(stat: BigInt64Array): void {
    stat[f.STAT_DEV] = SOCKET_DEVICE;
    stat[f.STAT_INO] = BigInt(this.inode);
    stat[f.STAT_MODE] = BigInt(f.S_IFSOCK | 0o777);
    stat[f.STAT_NLINK] = 1n;
    stat[f.STAT_UID] = BigInt(this.credentials.uid);
    stat[f.STAT_GID] = BigInt(this.credentials.gid);
    stat[f.STAT_BLKSIZE] = BigInt(PAGE_SIZE);
  }

  override statfs(statfs: BigInt64Array): void {
    super.statfs(statfs);
    statfs[f.STATFS_TYPE] = SOCKFS_MAGIC;
  }

  /** The pending error, which is then gone: 0 or an errno. */
  takeError(): number {
    const { error } = this;
    this.error = 0;
    return error;
  }

  /** Waits; what has moved, or EAGAIN, where the call may not wait or has waited enough. */
  waitToRead(file: Description, call: Call): number {
    return this.#mayWait(this.readQueue, this.values.receiveTimeoutMs, file, call)
      ? call.sleep(this.readQueue)
      : call.done || -EAGAIN;
  }

  /** The same for a connection or a message, which is for one: in turn. */
  waitInTurn(file: Description, call: Call): number {
    return this.#mayWait(this.readQueue, this.values.receiveTimeoutMs, file, call)
      ? call.sleepInTurn(this.readQueue)
      : call.done || -EAGAIN;
  }

  waitToWrite(file: Description, call: Call, queue = this.writeQueue): number {
    return this.#mayWait(queue, this.values.sendTimeoutMs, file, call)
      ? call.sleep(queue)
      : call.done || -EAGAIN;
  }

  #mayWait(queue: WaitQueue, timeoutMs: number, file: Description, call: Call): boolean {
    if (call.isNonBlocking(file)) return false;
    return timeoutMs === 0 || !call.isLate(queue, timeoutMs);
  }

  /** Data or a connection has come, urgent or not: whoever waits for either looks. */
  tellReaders(): void {
    this.readQueue.wake(f.POLLIN | f.POLLPRI);
    this.asyncs.send(this.machine, f.POLL_IN);
  }

  /** Everybody looks again: a connection, an end. */
  tellAll(): void {
    this.readQueue.wakeAll();
    this.writeQueue.wakeAll();
  }

  /** RDHUP, HUP and ERR: what the ends and the error say, for every kind alike. */
  protected pollEnds(): number {
    let mask = this.error === 0 ? 0 : f.POLLERR;
    if (this.isReadShut) mask |= f.POLLRDHUP | f.POLLIN;
    if (this.isReadShut && this.isWriteShut) mask |= f.POLLHUP;
    return mask;
  }

  override inspect(_placeOf: (page: Page) => number): SocketState {
    const { inode, domain, type, protocol, error, isReadShut, isWriteShut, isListening } = this;
    return { inode, domain, type, protocol, error, isReadShut, isWriteShut, isListening };
  }
}

/** SHUT_RD, SHUT_WR or SHUT_RDWR as two directions; undefined where it is none of them. */
export function directionsOf(how: number): { read: boolean; write: boolean } | undefined {
  if (how < f.SHUT_RD || how > f.SHUT_RDWR) return undefined;
  return { read: how !== f.SHUT_WR, write: how !== f.SHUT_RD };
}
