/**
 * socket(2) and socketpair(2): which sockets there are, and their descriptors. This module is
 * browser compatible.
 */
import * as e from '../../errno.js';
import * as f from '../../flags.js';
import type { Call } from '../call.js';
import { Description } from '../description.js';
import type { Process } from '../processes.js';
import type { Socket } from './socket.js';
import { TcpSocket } from './tcp.js';
import { UdpSocket } from './udp.js';
import type { UnixSocket } from './unix.js';
import { UnixPacket } from './unix-packet.js';
import { UnixStream } from './unix-stream.js';

/** SOCK_TYPE_MASK, SOCK_MAX and SOCK_RAW. */
const TYPE_MASK = 0xf;
const TYPES_END = 11;
const SOCK_RAW = 3;
/** IPPROTO_MAX */
const PROTOCOLS_END = 263;
const FLAGS = f.SOCK_CLOEXEC | f.SOCK_NONBLOCK;

export function socket({ caller }: Call, domain: number, type: number, protocol: number): number {
  const refused = refusal(domain, type, protocol);
  if (refused < 0) return refused;
  return openSocket(caller, create(caller, domain, type & TYPE_MASK), type & FLAGS);
}

export function socketpair(
  { caller }: Call,
  domain: number,
  type: number,
  protocol: number,
  fds: Int32Array,
): number {
  if (!isType(type)) return -e.EINVAL;
  if (!caller.table.hasRoom(2, caller.descriptorLimit)) return -e.EMFILE;
  const refused = refusal(domain, type, protocol);
  if (refused < 0) return refused;
  if (domain !== f.AF_UNIX) return -e.EOPNOTSUPP;
  const [left, right] = [0, 1].map(() => create(caller, domain, type & TYPE_MASK));
  (left as UnixSocket).join(right as UnixSocket);
  fds[0] = openSocket(caller, left as Socket, type & FLAGS);
  fds[1] = openSocket(caller, right as Socket, type & FLAGS);
  return 0;
}

/** Its descriptor; −EMFILE, and it is closed. */
export function openSocket(
  { table, descriptorLimit }: Process,
  socket: Socket,
  flags: number,
): number {
  const file = new Description(socket, f.O_RDWR | (flags & f.O_NONBLOCK));
  const fd = table.open(file, (flags & f.SOCK_CLOEXEC) !== 0, descriptorLimit);
  if (fd < 0) file.release();
  return fd;
}

function isType(type: number): boolean {
  return (type & ~TYPE_MASK & ~FLAGS) === 0;
}

/** 0, or why there is no such socket. */
function refusal(domain: number, flagged: number, protocol: number): number {
  const type = flagged & TYPE_MASK;
  if (!isType(flagged)) return -e.EINVAL;
  if (domain < 0) return -e.EAFNOSUPPORT;
  if (type >= TYPES_END) return -e.EINVAL;
  if (domain === f.AF_UNIX) return unixRefusal(type, protocol);
  if (domain === f.AF_INET || domain === f.AF_INET6) return inetRefusal(type, protocol);
  return -e.EAFNOSUPPORT;
}

function unixRefusal(type: number, protocol: number): number {
  if (protocol !== 0 && protocol !== f.AF_UNIX) return -e.EPROTONOSUPPORT;
  const types: readonly number[] = [f.SOCK_STREAM, f.SOCK_DGRAM, f.SOCK_SEQPACKET, SOCK_RAW];
  return types.includes(type) ? 0 : -e.ESOCKTNOSUPPORT;
}

function inetRefusal(type: number, protocol: number): number {
  if (protocol < 0 || protocol >= PROTOCOLS_END) return -e.EINVAL;
  if (type === SOCK_RAW) return -e.EPROTONOSUPPORT;
  const known = PROTOCOLS[type];
  if (known === undefined) return -e.ESOCKTNOSUPPORT;
  return protocol === known || protocol === 0 ? 0 : -e.EPROTONOSUPPORT;
}

/** The protocol of each type. */
const PROTOCOLS: Readonly<Record<number, number>> = {
  [f.SOCK_STREAM]: f.IPPROTO_TCP,
  [f.SOCK_DGRAM]: f.IPPROTO_UDP,
};

function create(caller: Process, domain: number, type: number): Socket {
  if (domain !== f.AF_UNIX) {
    return type === f.SOCK_STREAM ? new TcpSocket(caller, domain) : new UdpSocket(caller, domain);
  }
  if (type === f.SOCK_STREAM) return new UnixStream(caller);
  return new UnixPacket(caller, type === SOCK_RAW ? f.SOCK_DGRAM : type);
}
