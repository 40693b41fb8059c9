/** sendmsg(2) and recvmsg(2): bytes with descriptors beside them. Browser compatible. */
import * as e from '../../errno.js';
import { IOV_MAX, MSG_CMSG_CLOEXEC, MSG_CTRUNC, MSG_DONTWAIT, MSG_NOSIGNAL } from '../../flags.js';
import type { Vector } from '../../kernel.js';
import type { Call, Outcome } from '../call.js';
import type { Cursor } from '../cursor.js';
import type { Description } from '../description.js';
import { Socket } from './socket.js';

/** MSG_CMSG_COMPAT: for programs of 32 bits, and of no use to others. */
const COMPATIBLE = 0x80000000 | 0;

export function sendmsg(
  call: Call,
  fd: number,
  vector: Vector,
  fds: readonly number[] | null,
  flags: number,
): Outcome {
  return withMessage(call, fd, vector, flags, (socket, memory, file) => {
    call.fds = fds ?? undefined;
    return () => socket.send(memory, flags, file, call);
  });
}

export function recvmsg(
  call: Call,
  fd: number,
  vector: Vector,
  fds: Int32Array | null,
  flags: number,
  report: Int32Array,
): Outcome {
  return withMessage(call, fd, vector, flags, (socket, memory, file) => () => {
    const result = socket.receive(memory, flags, file, call);
    if (result >= 0) receiveRights(call, fds, flags, report);
    return result;
  });
}

/** The descriptor is looked at before the memory is, unlike by send(2). */
function withMessage(
  call: Call,
  fd: number,
  vector: Vector,
  flags: number,
  begin: (socket: Socket, memory: Cursor, file: Description) => Outcome,
): Outcome {
  if ((flags & COMPATIBLE) !== 0) return -e.EINVAL;
  const file = call.file(fd);
  if (file === undefined) return -e.EBADF;
  if (!(file.object instanceof Socket)) return -e.ENOTSOCK;
  if (vector.length > IOV_MAX) return -e.EMSGSIZE;
  const memory = call.vector(vector);
  if (typeof memory === 'number') return memory;
  call.mustNotSleep = (flags & MSG_DONTWAIT) !== 0;
  call.mustNotSignal = (flags & MSG_NOSIGNAL) !== 0;
  return begin(file.object, memory, file);
}

/** An offloaded call may find its arrays shorter than they were: for what is gone is no room. */
function receiveRights(
  call: Call,
  fds: Int32Array | null,
  flags: number,
  report: Int32Array,
): void {
  const { rights, caller } = call;
  const came = rights?.descriptions.length ?? 0;
  const room = report.length < 2 ? 0 : (fds?.length ?? 0);
  const isCloseOnExec = (flags & MSG_CMSG_CLOEXEC) !== 0;
  const opened = fds === null ? 0 : (rights?.open(caller, fds, room, isCloseOnExec) ?? 0);
  report[0] = opened;
  report[1] = call.messageFlags | (flags & MSG_CMSG_CLOEXEC) | (opened < came ? MSG_CTRUNC : 0);
}
