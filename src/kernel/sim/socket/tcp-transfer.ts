/**
 * One attempt each of send(2), recv(2) and splice(2) on TCP, with what stops them: no room, no
 * data, the urgent mark, an end, a reset. This module is browser compatible.
 */
import * as e from '../../errno.js';
import * as f from '../../flags.js';
import type { Call } from '../call.js';
import type { Cursor } from '../cursor.js';
import type { Description } from '../description.js';
import type { Pipe } from '../pipe/pipe.js';
import { StreamQueue } from './stream-queue.js';
import type { TcpStream } from './tcp-stream.js';

export function sendTcp(
  socket: TcpStream,
  memory: Cursor,
  flags: number,
  file: Description,
  call: Call,
): number {
  return put(socket, flags, memory.left, file, call, (queue, length) =>
    queue.append(memory, length),
  );
}

export function spliceToTcp(
  socket: TcpStream,
  pipe: Pipe,
  length: number,
  file: Description,
  call: Call,
): number {
  const there = Math.min(pipe.length, length - call.done);
  return put(socket, 0, there, file, call, (queue, room) => {
    let done = 0;
    while (done < room) done += queue.takeSlot(pipe, room - done, 0, call.tally);
    return done;
  });
}

/** Puts up to `length` bytes into the peer's queue, as far as there is room. */
function put(
  socket: TcpStream,
  flags: number,
  length: number,
  file: Description,
  call: Call,
  putInto: (queue: StreamQueue, length: number) => number,
): number {
  if (socket.state === 'connecting') return socket.waitToWrite(file, call);
  const { peer } = socket;
  if (socket.error !== 0 || socket.isWriteShut || peer === undefined) {
    return failed(socket, call);
  }
  const wanted = Math.max(0, Math.min(length, socket.room));
  const queue = peer.refusesData ? new StreamQueue(peer.received.pages) : peer.received;
  const moved = putInto(queue, wanted);
  call.done += moved;
  if (moved > 0) deliver(socket, peer, queue, (flags & f.MSG_OOB) !== 0);
  if (moved < wanted) return call.done || -e.EFAULT;
  return moved === length ? call.done : socket.refuse(file, call);
}

/** What nobody can read is answered by RST, at both ends. */
function deliver(socket: TcpStream, peer: TcpStream, queue: StreamQueue, isUrgent: boolean): void {
  const isTaken = queue === peer.received;
  if (isUrgent && !peer.isReleased) {
    const end = peer.position + queue.length + (isTaken ? 0 : peer.received.length);
    peer.mark(end - 1, queue.byteAt(queue.length - 1));
    // Told for itself, before the bytes it came with are.
    peer.tellReaders();
  }
  if (isTaken) {
    peer.tellReaders();
    return;
  }
  queue.clear();
  peer.reset();
  socket.reset();
}

function failed(socket: TcpStream, call: Call): number {
  if (call.done > 0) return call.done;
  const error = socket.takeError() || e.EPIPE;
  return error === e.EPIPE ? call.broken() : -error;
}

export function receiveTcp(
  socket: TcpStream,
  memory: Cursor,
  flags: number,
  file: Description,
  call: Call,
): number {
  if (socket.isListening) return -e.ENOTCONN;
  if ((flags & f.MSG_OOB) !== 0) return takeUrgent(socket, memory, flags, call);
  const isPeek = (flags & f.MSG_PEEK) !== 0;
  const hadData = socket.received.length > 0;
  const taken = take(socket, memory, isPeek, (flags & f.MSG_TRUNC) !== 0, call);
  if (taken < 0) return call.done || taken;
  call.done += taken;
  const isAll = memory.left === 0 && (hadData || call.done > 0);
  const isEnough = call.done > 0 && (isPeek || (flags & f.MSG_WAITALL) === 0 || socket.isAtMark);
  return isAll || isEnough ? call.done : nothing(socket, file, call);
}

/** Takes what is there, up to the urgent byte; that is left out where the read begins at it. */
function take(
  socket: TcpStream,
  memory: Cursor,
  isPeek: boolean,
  isDropped: boolean,
  call: Call,
): number {
  const { received, urgent } = socket;
  let done = 0;
  // How far a peek has looked ahead.
  let ahead = 0;
  for (;;) {
    let length = Math.min(received.length - ahead, memory.left);
    const toMark = urgent.distance(socket.position + ahead);
    if (length === 0 && received.length > ahead) urgent.passed(socket.position);
    if (length === 0 || (toMark === 0 && call.done + done > 0)) return done;
    if (toMark === 0 && !socket.isInline) {
      if (isPeek) ahead++;
      else socket.skipMark();
      length--;
      if (length === 0) {
        urgent.passed(socket.position);
        continue;
      }
    } else if (toMark > 0) length = Math.min(length, toMark);
    const moved = isDropped ? drop(memory, length) : received.read(memory, ahead, length);
    if (moved < 0) return done || moved;
    if (isPeek) ahead += moved;
    else socket.consume(moved);
    done += moved;
    if (moved < length) return done;
  }
}

/** MSG_TRUNC drops the bytes and leaves the memory alone: tcp(7). */
function drop(memory: Cursor, length: number): number {
  memory.advance(length);
  return length;
}

/** MSG_OOB */
function takeUrgent(socket: TcpStream, memory: Cursor, flags: number, call: Call): number {
  const { urgent } = socket;
  if (socket.isInline || !urgent.isUnread) return -e.EINVAL;
  if (socket.state === 'closed' && !socket.hasSeenEnd) return -e.ENOTCONN;
  const { byte } = urgent;
  if ((flags & f.MSG_PEEK) === 0) urgent.take();
  call.messageFlags |= memory.left === 0 ? f.MSG_OOB | f.MSG_TRUNC : f.MSG_OOB;
  if (memory.left === 0) return 0;
  if ((flags & f.MSG_TRUNC) !== 0) return 1;
  return memory.fill(Uint8Array.of(byte), 0, 1) === 1 ? 1 : -e.EFAULT;
}

/** No more bytes are there: an end, an error, or a wait. */
function nothing(socket: TcpStream, file: Description, call: Call): number {
  const { hasSeenEnd, error, isReadShut, state } = socket;
  const isOver = hasSeenEnd || error !== 0 || isReadShut || state === 'closed';
  if (call.done > 0 && isOver) return call.done;
  if (hasSeenEnd) return 0;
  if (error !== 0) return -socket.takeError();
  if (isReadShut) return 0;
  return state === 'closed' ? -e.ENOTCONN : socket.waitToRead(file, call);
}

/**
 * Passes what is there, up to the urgent byte, where splice(2) does not get past: it says 0 there,
 * though bytes follow, or EAGAIN where the socket does not wait. SPLICE_F_NONBLOCK is not heeded.
 */
export function spliceFromTcp(
  socket: TcpStream,
  pipe: Pipe,
  length: number,
  file: Description,
  call: Call,
): number {
  if (socket.isListening) return -e.ENOTCONN;
  const most = Math.min(length, socket.urgent.distance(socket.position));
  const passed = socket.received.passTo(pipe, most, call.tally);
  socket.advance(passed);
  if (passed > 0) return passed;
  const isStuck = socket.received.length > 0 && socket.error === 0;
  if (isStuck && !call.isNonBlocking(file)) return 0;
  return nothing(socket, file, call);
}
