/** The socket family of the sim kernel. Browser compatible. */
import { SOCKADDR_BYTES } from '../../address.js';
import * as e from '../../errno.js';
import { MSG_DONTWAIT, MSG_NOSIGNAL, SOCK_CLOEXEC, SOCK_NONBLOCK } from '../../flags.js';
import type { Memory, SocketCalls } from '../../kernel.js';
import type { Call, Outcome } from '../call.js';
import {
  bytes,
  bytesOrNull,
  fd,
  int,
  ints,
  intsOrNull,
  memory,
  numbersOrNull,
  vector,
} from '../decode.js';
import type { Description } from '../description.js';
import { type Rows, row } from '../row.js';
import { recvmsg, sendmsg } from './message.js';
import { openSocket, socket, socketpair } from './open.js';
import { getOption, setOption } from './option.js';
import { Socket } from './socket.js';

export const socketRows: Rows<SocketCalls> = {
  socketpair: row([int, int, int, ints(2)], socketpair),
  socket: row([int, int, int], socket),
  bind: row([fd, bytes], (call, fd, address) =>
    on(call, fd, (socket) => known(address, () => socket.bind(address, call))),
  ),
  listen: row([fd, int], (call, fd, backlog) =>
    on(call, fd, (socket) => socket.listen(backlog, call)),
  ),
  accept4: row([fd, int, bytesOrNull], accept4),
  connect: row([fd, bytes], (call, fd, address) =>
    on(call, fd, (socket, file) => known(address, () => socket.connect(address, file, call))),
  ),
  shutdown: row([fd, int], (call, fd, how) => on(call, fd, (socket) => socket.shutdown(how))),
  send: row([fd, memory, int], (call, fd, memory, flags) =>
    message(call, fd, memory, flags, 'send'),
  ),
  recv: row([fd, memory, int], (call, fd, memory, flags) =>
    message(call, fd, memory, flags, 'receive'),
  ),
  sendmsg: row([fd, vector, numbersOrNull, int], sendmsg),
  recvmsg: row([fd, vector, intsOrNull, int, ints(2)], recvmsg),
  getsockopt: row([fd, int, int, bytes], (call, fd, level, option, value) =>
    on(call, fd, (socket) => getOption(socket, level, option, value)),
  ),
  setsockopt: row([fd, int, int, bytes], (call, fd, level, option, value) =>
    on(call, fd, (socket) => setOption(socket, level, option, value, call)),
  ),
  getsockname: row([fd, bytes], (call, fd, address) =>
    on(call, fd, (socket) => named(socket.name(), address)),
  ),
  getpeername: row([fd, bytes], (call, fd, address) =>
    on(call, fd, (socket) => named(socket.peerName(), address)),
  ),
};

/** The call on what the number is open on, where that is a socket. */
function on(call: Call, fd: number, act: (socket: Socket, file: Description) => Outcome): Outcome {
  const file = call.file(fd);
  if (file === undefined) return -e.EBADF;
  return file.object instanceof Socket ? act(file.object, file) : -e.ENOTSOCK;
}

function known(address: Uint8Array, act: () => Outcome): Outcome {
  return address.length > SOCKADDR_BYTES ? -e.EINVAL : act();
}

function message(
  call: Call,
  fd: number,
  memory: Memory,
  flags: number,
  name: 'send' | 'receive',
): Outcome {
  const cursor = call.memory(memory);
  if (typeof cursor === 'number') return cursor;
  return on(call, fd, (socket, file) => {
    call.mustNotSleep = (flags & MSG_DONTWAIT) !== 0;
    call.mustNotSignal = (flags & MSG_NOSIGNAL) !== 0;
    return () => socket[name](cursor, flags, file, call);
  });
}

/** The number is reserved first: without one, the connection stays where it is. */
function accept4(call: Call, fd: number, flags: number, address: Uint8Array | null): Outcome {
  if ((flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK)) !== 0) return -e.EINVAL;
  return on(call, fd, (listener, file) => () => {
    const { caller } = call;
    if (!caller.table.hasRoom(1, caller.descriptorLimit)) return -e.EMFILE;
    const refused = listener.acceptable();
    if (refused < 0) return refused;
    const accepted = listener.accept();
    if (accepted === undefined) {
      const isWaiting = !listener.isReadShut || call.isNonBlocking(file);
      return isWaiting ? listener.waitInTurn(file, call) : -e.EINVAL;
    }
    const opened = openSocket(caller, accepted, flags);
    const peer = accepted.peerName(true);
    if (address !== null && typeof peer !== 'number') fill(address, peer);
    return opened;
  });
}

/** Answers the full length, whatever fits. */
function named(name: Uint8Array | number, address: Uint8Array): number {
  if (typeof name === 'number') return name;
  fill(address, name);
  return name.length;
}

function fill(address: Uint8Array, name: Uint8Array): void {
  address.fill(0);
  address.set(name.subarray(0, address.length));
}
