/** SOCK_STREAM of AF_UNIX: bytes in order, no boundaries. This module is browser compatible. */

import { EINVAL, ENOTCONN, EOPNOTSUPP, ETOOMANYREFS } from '../../errno.js';
import { MSG_OOB, MSG_PEEK, MSG_WAITALL, SOCK_STREAM } from '../../flags.js';
import type { Call } from '../call.js';
import type { Cursor } from '../cursor.js';
import type { Description } from '../description.js';
import type { Page } from '../page.js';
import type { Pipe } from '../pipe/pipe.js';
import type { Process } from '../processes.js';
import type { SocketState } from '../states.js';
import { hasTooMany, holdRights } from './rights.js';
import { StreamQueue } from './stream-queue.js';
import { UnixSocket } from './unix.js';

/** What a message costs its sender beyond its bytes: many small ones fill a buffer too. */
export const MESSAGE_OVERHEAD = 767;

/** A longer send is several messages. */
const LARGEST_MESSAGE = 36_544;

export class UnixStream extends UnixSocket {
  readonly received: StreamQueue;

  constructor(caller: Process) {
    super(caller, SOCK_STREAM);
    this.received = new StreamQueue(caller.machine.pages);
  }

  override get charged(): number {
    return this.#target?.received.charged ?? 0;
  }

  override get hasUnread(): boolean {
    return this.received.length > 0;
  }

  protected override get unreadBytes(): number {
    return this.received.length;
  }

  protected override another(caller: Process): UnixStream {
    return new UnixStream(caller);
  }

  protected override drain(): void {
    this.received.clear();
  }

  /** The other end, where it is one: a stream is connected to streams only. */
  get #target(): UnixStream | undefined {
    return this.peer as UnixStream | undefined;
  }

  override send(memory: Cursor, flags: number, file: Description, call: Call): number {
    const refused = holdRights(call);
    if (refused < 0) return refused;
    if ((flags & MSG_OOB) !== 0) return -EOPNOTSUPP;
    return this.#put(file, call, memory.left, (target, isFirst, left) => {
      if (call.rights !== undefined && hasTooMany(call.caller)) return -ETOOMANYREFS;
      const length = Math.min(left, LARGEST_MESSAGE);
      const overhead = isFirst ? MESSAGE_OVERHEAD : 0;
      const put = target.received.addMessage(memory, length, overhead, call.rights);
      if (put > 0) call.sendRights(target);
      return put;
    });
  }

  override spliceWrite(
    pipe: Pipe,
    file: Description,
    _position: null,
    length: number,
    call: Call,
  ): number {
    const there = Math.min(pipe.length, length - call.done);
    return this.#put(file, call, there, (target, isFirst, left) =>
      target.received.takeSlot(pipe, left, isFirst ? MESSAGE_OVERHEAD : 0, call.tally),
    );
  }

  /** Puts `length` bytes into the other end, piece by piece, as far as there is room. */
  #put(
    file: Description,
    call: Call,
    length: number,
    putPiece: (target: UnixStream, isFirst: boolean, left: number) => number,
  ): number {
    const target = this.#target;
    if (target === undefined) return -ENOTCONN;
    if (this.isWriteShut) return call.done || call.broken();
    let put = 0;
    let inMessage = 0;
    let result = 0;
    while (put < length && !target.isReleased && !target.isReadShut && !this.isFull) {
      result = putPiece(target, put === 0, length - put);
      if (result < 0) break;
      put += result;
      call.done += result;
      inMessage += result;
      if (inMessage >= LARGEST_MESSAGE) {
        target.received.endMessage();
        inMessage = 0;
      }
    }
    if (put > 0) {
      target.received.endMessage();
      target.tellReaders();
    }
    if (result < 0) {
      // What was made ready for the message and given back is room, too.
      this.tellRoom();
      return call.done || result;
    }
    if (put === length) return call.done;
    return this.isFull ? this.refuse(file, call) : call.done || call.broken();
  }

  override receive(memory: Cursor, flags: number, file: Description, call: Call): number {
    if ((flags & MSG_OOB) !== 0) return -EOPNOTSUPP;
    if (this.state !== 'connected') return -EINVAL;
    const hadData = this.hasUnread;
    if (hadData) {
      const wanted = Math.min(memory.left, this.received.length, this.received.reach);
      const result = this.received.read(memory, 0, wanted, true);
      if (result < 0) return call.done || result;
      call.done += result;
      if ((flags & MSG_PEEK) !== 0) {
        // Linux looks on for descriptors where it has no room for more bytes.
        const seen = result === wanted ? this.received.length : result;
        call.rights = this.received.rightsWithin(seen)?.copy();
        return call.done;
      }
      call.rights = this.received.takeRights(result);
      this.#took(() => this.received.consume(result));
      if (call.rights !== undefined || result < wanted) return call.done;
    }
    const isAll = memory.left === 0 && (hadData || call.done > 0);
    const isEnough = call.done > 0 && (flags & MSG_WAITALL) === 0;
    return isAll || isEnough ? call.done : this.#nothing(file, call);
  }

  override spliceRead(
    file: Description,
    _position: null,
    pipe: Pipe,
    length: number,
    call: Call,
  ): number {
    if (this.state !== 'connected') return -EINVAL;
    const { received } = this;
    const most = Math.min(length, received.reach);
    const result = this.#took(() => received.passTo(pipe, most, call.tally));
    if (result === 0) {
      // SPLICE_F_NONBLOCK is heeded here, unlike by TCP.
      call.mustNotSleep ||= call.mustNotSplice;
      return this.#nothing(file, call);
    }
    return result;
  }

  /** The sender has room again when it is read to the end what it sent at once. */
  #took<T>(take: () => T): T {
    const before = this.received.messagesRead;
    const taken = take();
    if (this.received.messagesRead > before) this.peer?.tellRoom();
    return taken;
  }

  /** No byte is there: an error, the end, or a wait. */
  #nothing(file: Description, call: Call): number {
    // An error is used up also where it only ends what MSG_WAITALL waits for.
    if (this.error !== 0) {
      const error = this.takeError();
      return call.done || -error;
    }
    if (call.done > 0 && this.isReadShut) return call.done;
    return this.isReadShut ? 0 : this.waitToRead(file, call);
  }

  override inspect(placeOf: (page: Page) => number): SocketState {
    return {
      ...super.inspect(placeOf),
      state: this.state,
      received: this.received.snapshot(placeOf),
    };
  }
}
