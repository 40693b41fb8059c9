/**
 * getsockopt(2) and setsockopt(2): socket(7), tcp(7), ipv6(7). This module is browser compatible.
 */
import * as e from '../../errno.js';
import * as f from '../../flags.js';
import type { Call } from '../call.js';
import { InetSocket } from './inet.js';
import type { Socket } from './socket.js';
import { TcpSocket } from './tcp.js';
import type { IntName } from './values.js';

/** SO_ATTACH_FILTER, and by the same number SO_GET_FILTER. */
const SO_ATTACH_FILTER = 26;
const IPPROTO_IP = 0;

interface Option {
  /** The value's bytes; absent: it cannot be asked. */
  readonly get?: (socket: Socket) => Uint8Array;
  /** Absent: it cannot be set. `value` has at least `least` bytes. */
  readonly set?: (socket: Socket, value: DataView, call: Call) => number;
  readonly least: number;
}

export function getOption(socket: Socket, level: number, name: number, value: Uint8Array): number {
  const refused = knows(socket, level, -e.EOPNOTSUPP);
  if (refused < 0) return refused;
  const bytes = OPTIONS.get(`${level}:${name}`)?.get?.(socket);
  if (bytes === undefined) return -e.ENOPROTOOPT;
  const length = Math.min(bytes.length, value.length);
  value.set(bytes.subarray(0, length));
  return length;
}

export function setOption(
  socket: Socket,
  level: number,
  name: number,
  value: Uint8Array,
  call: Call,
): number {
  const unknown = socket instanceof InetSocket ? -e.ENOPROTOOPT : -e.EOPNOTSUPP;
  const refused = knows(socket, level, unknown);
  if (refused < 0) return refused;
  const option = OPTIONS.get(`${level}:${name}`);
  if (value.length < (option?.least ?? 4)) return -e.EINVAL;
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  return option?.set?.(socket, view, call) ?? -e.ENOPROTOOPT;
}

/** Whether the socket has options at this level: 0 or `refused`. */
function knows(socket: Socket, level: number, refused: number): number {
  if (level === f.SOL_SOCKET) return 0;
  if (level === f.IPPROTO_TCP) return socket instanceof TcpSocket ? 0 : refused;
  if (level === f.IPPROTO_IPV6) return socket.domain === f.AF_INET6 ? 0 : refused;
  return level === IPPROTO_IP && socket instanceof InetSocket ? 0 : refused;
}

/** An option that is an int from `least` to `most`. */
function int(name: IntName, least: number, most: number): Option {
  return {
    least: 4,
    get: ({ values }) => intBytes(values.int(name)),
    set: ({ values }, view) => {
      const value = view.getInt32(0, true);
      if (value < least || value > most) return -e.EINVAL;
      values.setInt(name, value);
      return 0;
    },
  };
}

/** An option that is on or off. */
function flag(name: IntName, allows: (socket: Socket) => number = () => 0): Option {
  return {
    least: 4,
    get: ({ values }) => intBytes(values.int(name)),
    set: (socket, view) => {
      const refused = allows(socket);
      if (refused === 0) socket.values.setInt(name, view.getInt32(0, true) === 0 ? 0 : 1);
      return refused;
    },
  };
}

/** What a socket is, which nobody sets. */
function fact(get: (socket: Socket) => number): Option {
  return { least: 4, get: (socket) => intBytes(get(socket)) };
}

/** What is asked for is doubled, because the bookkeeping is charged too: socket(7). */
function buffer(name: 'sendBufferBytes' | 'receiveBufferBytes', least: number): Option {
  const LARGEST_BYTES = 212_992;
  return {
    least: 4,
    get: ({ values }) => intBytes(values[name]),
    set: ({ values }, view) => {
      const asked = Math.min(view.getUint32(0, true), LARGEST_BYTES);
      values[name] = Math.max(2 * asked, least);
      if (name === 'sendBufferBytes') values.isSendBufferFixed = true;
      return 0;
    },
  };
}

/** A struct timeval: seconds and microseconds. */
function timeout(name: 'sendTimeoutMs' | 'receiveTimeoutMs'): Option {
  return {
    least: 16,
    get: ({ values }) => {
      const micros = BigInt(Math.round(values[name] * 1000));
      return new Uint8Array(new BigInt64Array([micros / 1000000n, micros % 1000000n]).buffer);
    },
    set: ({ values }, view) => {
      const [seconds, micros] = [view.getBigInt64(0, true), view.getBigInt64(8, true)];
      if (micros < 0n || micros >= 1000000n) return -e.EDOM;
      values[name] = seconds < 0n ? 0 : Number(seconds) * 1000 + Number(micros) / 1000;
      return 0;
    },
  };
}

const LINGER: Option = {
  least: 8,
  get: ({ values }) => intBytes(values.lingers ? 1 : 0, values.lingerSeconds),
  set: ({ values }, view) => {
    values.lingers = view.getInt32(0, true) !== 0;
    if (values.lingers) values.lingerSeconds = view.getInt32(4, true);
    return 0;
  },
};

const CONGESTIONS: readonly string[] = ['reno', 'cubic', 'bbr'];
const CONGESTION_BYTES = 16;

/** A name, which changes nothing here: bytes take no time on this machine. */
const CONGESTION: Option = {
  least: 1,
  get: ({ values }) => {
    const bytes = new Uint8Array(CONGESTION_BYTES);
    new TextEncoder().encodeInto(values.congestion, bytes);
    return bytes;
  },
  set: ({ values }, view) => {
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    const name = new TextDecoder().decode(bytes).split('\0')[0] as string;
    if (!CONGESTIONS.includes(name)) return -e.ENOENT;
    values.congestion = name;
    return 0;
  },
};

/** A program of classic BPF, which is looked at and kept from running: it takes all messages. */
const FILTER: Option = {
  least: 16,
  set: (_socket, view, { caller }) => {
    const INSTRUCTION_BYTES = 8;
    const length = view.getUint16(0, true) * INSTRUCTION_BYTES;
    if (view.byteLength !== 16 || length === 0) return -e.EINVAL;
    const program = new Uint8Array(length);
    const address = Number(view.getBigUint64(8, true));
    return caller.space.load(address, program, 0, length) < length ? -e.EFAULT : 0;
  },
};

/** struct tcp_info: the state, and nothing more. */
function tcpInfo(socket: Socket): Uint8Array {
  const INFO_BYTES = 280;
  const info = new Uint8Array(INFO_BYTES);
  info[0] = (socket as TcpSocket).stateNumber;
  return info;
}

function v6OnlyAllows(socket: Socket): number {
  return (socket as InetSocket).hasPort ? -e.EINVAL : 0;
}

function intBytes(...values: number[]): Uint8Array {
  return new Uint8Array(Int32Array.from(values).buffer);
}

const SECONDS = 32767;
const NO_REUSEPORT = (socket: Socket) => (socket instanceof InetSocket ? 0 : -e.EOPNOTSUPP);

const OPTIONS = new Map<string, Option>([
  [`${f.SOL_SOCKET}:${f.SO_REUSEADDR}`, flag('reuseAddress')],
  [`${f.SOL_SOCKET}:${f.SO_REUSEPORT}`, flag('reusePort', NO_REUSEPORT)],
  [`${f.SOL_SOCKET}:${f.SO_BROADCAST}`, flag('broadcast')],
  [`${f.SOL_SOCKET}:${f.SO_KEEPALIVE}`, flag('keepAlive')],
  [`${f.SOL_SOCKET}:${f.SO_OOBINLINE}`, flag('oobInline')],
  [`${f.SOL_SOCKET}:${f.SO_TYPE}`, fact(({ type }) => type)],
  [`${f.SOL_SOCKET}:${f.SO_DOMAIN}`, fact(({ domain }) => domain)],
  [`${f.SOL_SOCKET}:${f.SO_PROTOCOL}`, fact(({ protocol }) => protocol)],
  [`${f.SOL_SOCKET}:${f.SO_ACCEPTCONN}`, fact(({ isListening }) => (isListening ? 1 : 0))],
  [`${f.SOL_SOCKET}:${f.SO_ERROR}`, fact((socket) => socket.takeError())],
  [`${f.SOL_SOCKET}:${f.SO_SNDBUF}`, buffer('sendBufferBytes', 4608)],
  [`${f.SOL_SOCKET}:${f.SO_RCVBUF}`, buffer('receiveBufferBytes', 2304)],
  [`${f.SOL_SOCKET}:${f.SO_SNDTIMEO}`, timeout('sendTimeoutMs')],
  [`${f.SOL_SOCKET}:${f.SO_RCVTIMEO}`, timeout('receiveTimeoutMs')],
  [`${f.SOL_SOCKET}:${f.SO_LINGER}`, LINGER],
  [`${f.SOL_SOCKET}:${SO_ATTACH_FILTER}`, FILTER],
  [
    `${f.SOL_SOCKET}:${f.SO_PEERCRED}`,
    {
      least: 4,
      get: ({ peerCredentials: { pid, uid, gid } }) => intBytes(pid, uid, gid),
    },
  ],
  [`${f.IPPROTO_TCP}:${f.TCP_NODELAY}`, flag('noDelay')],
  [`${f.IPPROTO_TCP}:${f.TCP_CORK}`, flag('cork')],
  [`${f.IPPROTO_TCP}:${f.TCP_KEEPIDLE}`, int('keepIdle', 1, SECONDS)],
  [`${f.IPPROTO_TCP}:${f.TCP_KEEPINTVL}`, int('keepInterval', 1, SECONDS)],
  [`${f.IPPROTO_TCP}:${f.TCP_KEEPCNT}`, int('keepCount', 1, 127)],
  [`${f.IPPROTO_TCP}:${f.TCP_DEFER_ACCEPT}`, int('deferAccept', -(2 ** 31), 2 ** 31 - 1)],
  [`${f.IPPROTO_TCP}:${f.TCP_USER_TIMEOUT}`, int('userTimeout', 0, 2 ** 31 - 1)],
  [`${f.IPPROTO_TCP}:${f.TCP_CONGESTION}`, CONGESTION],
  [`${f.IPPROTO_TCP}:${f.TCP_INFO}`, { least: 4, get: tcpInfo }],
  [`${f.IPPROTO_IPV6}:${f.IPV6_V6ONLY}`, flag('v6Only', v6OnlyAllows)],
]);
