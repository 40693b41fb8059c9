/**
 * How strace(1) would print the parameters of each call, in the order of the manual page. This
 * module is browser compatible.
 */
import * as flags from './flags.js';

/**
 * One printed parameter. `result` is the call's answer:
 * what Linux filled is printed on success only.
 */
export type Printer = (parameters: readonly unknown[], result: number) => string;

const SHOWN_BYTES = 32;

/**
 * The constants whose names start with one of these, largest value first,
 * so that O_SYNC wins over O_DSYNC.
 */
function constants(...prefixes: string[]): [name: string, value: number][] {
  return Object.entries(flags)
    .filter(([name, value]) => value !== 0 && prefixes.some((prefix) => name.startsWith(prefix)))
    .sort(([, a], [, b]) => b - a);
}

/** A set of bits by name: O_RDWR|O_CLOEXEC; what has no name follows in hexadecimal. */
function bits(index: number, zero: string, ...prefixes: string[]): Printer {
  const known = constants(...prefixes);
  return (parameters) => {
    const set = parameters[index];
    if (typeof set !== 'number') return show(set);
    let rest = set >>> 0;
    const names: string[] = [];
    for (const [name, value] of known) {
      if ((rest & value) >>> 0 !== value >>> 0) continue;
      names.unshift(name);
      rest = (rest & ~value) >>> 0;
    }
    if (rest !== 0) names.push(`0x${rest.toString(16)}`);
    return names.length === 0 ? zero : names.join('|');
  };
}

/** One of several values by name. */
function one(index: number, names: readonly string[]): Printer {
  const known = flags as Readonly<Record<string, number>>;
  return (parameters) =>
    names.find((name) => known[name] === parameters[index]) ?? show(parameters[index]);
}

function named(...prefixes: string[]): string[] {
  return Object.keys(flags).filter((name) => prefixes.some((prefix) => name.startsWith(prefix)));
}

const plain =
  (index: number): Printer =>
  (parameters) =>
    show(parameters[index]);

const octal =
  (index: number): Printer =>
  (parameters) =>
    typeof parameters[index] === 'number'
      ? `0${parameters[index].toString(8)}`
      : show(parameters[index]);

const hexadecimal =
  (index: number): Printer =>
  (parameters) =>
    parameters[index] === 0 ? 'NULL' : hex(parameters[index]);

const directory: Printer = ([fd]) => (fd === flags.AT_FDCWD ? 'AT_FDCWD' : show(fd));

/** off_t *: the value in brackets, or NULL. */
const pointer =
  (index: number): Printer =>
  (parameters) => {
    const value = parameters[index];
    if (typeof value === 'number' || typeof value === 'bigint') return `[${value}]`;
    return show(value);
  };

/** Bytes that the caller gives. */
const given =
  (index: number): Printer =>
  (parameters) =>
    memory(parameters[index], Number.POSITIVE_INFINITY);

/** Bytes that Linux fills: as many as it answered, or the address. */
const filled =
  (index: number): Printer =>
  (parameters, result) =>
    result >= 0 ? memory(parameters[index], result) : show(parameters[index]);

const length =
  (index: number): Printer =>
  (parameters) => {
    const value = parameters[index];
    if (value instanceof Uint8Array || Array.isArray(value)) return String(value.length);
    return value instanceof BigUint64Array ? String(value[1]) : show(value);
  };

/** A typed array that Linux fills on success. */
const numbers =
  (index: number): Printer =>
  (parameters, result) => {
    const value = parameters[index];
    return result >= 0 && ArrayBuffer.isView(value)
      ? `[${Array.from(value as Int32Array).join(', ')}]`
      : show(value);
  };

const vector =
  (index: number, fill: boolean): Printer =>
  (parameters, result) => {
    const value = parameters[index];
    if (!Array.isArray(value)) return show(value);
    let left = fill ? Math.max(result, 0) : Number.POSITIVE_INFINITY;
    const pieces = value.slice(0, 16).map((piece: unknown) => {
      const size = piece instanceof Uint8Array ? piece.length : 0;
      const shown = memory(piece, Math.min(left, size));
      left -= Math.min(left, size);
      return `{iov_base=${shown}, iov_len=${length(0)([piece], 0)}}`;
    });
    if (value.length > 16) pieces.push('...');
    return `[${pieces.join(', ')}]`;
  };

function memory(value: unknown, limit: number): string {
  if (!(value instanceof Uint8Array)) return show(value);
  const shown = value.subarray(0, Math.min(limit, SHOWN_BYTES));
  const more = Math.min(limit, value.length) > SHOWN_BYTES ? '...' : '';
  return `"${Array.from(shown, escaped).join('')}"${more}`;
}

function escaped(byte: number): string {
  const special = { 9: '\\t', 10: '\\n', 13: '\\r', 34: '\\"', 92: '\\\\' }[byte];
  if (special !== undefined) return special;
  return byte >= 32 && byte < 127 ? String.fromCharCode(byte) : `\\${byte.toString(8)}`;
}

function hex(value: unknown): string {
  return typeof value === 'number' || typeof value === 'bigint'
    ? `0x${value.toString(16)}`
    : show(value);
}

/** Any value of JavaScript, never throwing: a trace of wrong input is a trace too. */
export function show(value: unknown): string {
  if (value === null) return 'NULL';
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof BigUint64Array) return hex(value[0]);
  if (typeof value === 'function') return '{...}';
  if (typeof value === 'object') return `[object ${Object.prototype.toString.call(value).slice(8)}`;
  return String(value);
}

const COMMANDS = named('F_').filter((name) => !/^F_(OWNER_|SEAL_|RDLCK|WRLCK|UNLCK)/.test(name));

/** What the third parameter of fcntl is depends on the second. */
const fcntlArgument: Printer = (parameters, result) => {
  const [, command, value] = parameters;
  if (command === flags.F_SETFL) return bits(2, '0', 'O_')(parameters, result);
  if (command === flags.F_SETFD) return bits(2, '0', 'FD_')(parameters, result);
  if (command === flags.F_ADD_SEALS) return bits(2, '0', 'F_SEAL_')(parameters, result);
  return ArrayBuffer.isView(value) ? numbers(2)(parameters, result) : show(value);
};

/** The answer is a descriptor, and says nothing of how many bytes Linux filled. */
const acceptedAddress: Printer = (parameters, result) =>
  filled(2)(parameters, result < 0 ? result : Number.POSITIVE_INFINITY);

/** As many numbers as have come, and [how many, msg_flags]: only where the call has said so. */
const receivedFds: Printer = ([, , fds, , report], result) =>
  result >= 0 && fds instanceof Int32Array && report instanceof Int32Array
    ? `[${Array.from(fds.subarray(0, report[0])).join(', ')}]`
    : show(fds);

const received: Printer = ([, , , , report], result) =>
  result >= 0 && report instanceof Int32Array
    ? `[${report[0]}, ${bits(1, '0', 'MSG_')([...report], result)}]`
    : show(report);

/** The caller gives them, so they are printed whatever the answer is. */
const givenNumbers =
  (index: number): Printer =>
  (parameters) =>
    numbers(index)(parameters, 0);

const READ: readonly Printer[] = [plain(0), filled(1), length(1)];
const WRITE: readonly Printer[] = [plain(0), given(1), length(1)];
const READV: readonly Printer[] = [plain(0), vector(1, true), length(1)];
const WRITEV: readonly Printer[] = [plain(0), vector(1, false), length(1)];
const RWF = bits(3, '0', 'RWF_');
const OPEN = bits(2, 'O_RDONLY', 'O_');
const SOCKET: readonly Printer[] = [one(0, named('AF_')), bits(1, '0', 'SOCK_'), plain(2)];
const MESSAGE = bits(2, '0', 'MSG_');
const HEADER_FLAGS = bits(3, '0', 'MSG_');
const SPLICE = (index: number) => bits(index, '0', 'SPLICE_F_');
const RANGE: readonly Printer[] = [hexadecimal(0), plain(1)];

/** Calls that are not here print their parameters one by one. */
export const PRINTERS: Readonly<Record<string, readonly Printer[]>> = {
  read: READ,
  write: WRITE,
  readv: READV,
  writev: WRITEV,
  pread: [...READ, plain(2)],
  pwrite: [...WRITE, plain(2)],
  preadv: [...READV, plain(2)],
  pwritev: [...WRITEV, plain(2)],
  preadv2: [...READV, plain(2), RWF],
  pwritev2: [...WRITEV, plain(2), RWF],
  dup3: [plain(0), plain(1), bits(2, '0', 'O_CLOEXEC')],
  fcntl: [plain(0), one(1, COMMANDS), fcntlArgument],
  ioctl: [plain(0), one(1, named('FIO')), numbers(2)],
  pipe: [numbers(0)],
  pipe2: [numbers(1), bits(0, '0', 'O_')],
  splice: [plain(0), pointer(1), plain(2), pointer(3), plain(4), SPLICE(5)],
  tee: [plain(0), plain(1), plain(2), SPLICE(3)],
  vmsplice: [plain(0), vector(1, false), length(1), SPLICE(2)],
  socketpair: [...SOCKET, numbers(3)],
  socket: SOCKET,
  bind: [plain(0), given(1), length(1)],
  accept4: [plain(0), acceptedAddress, length(2), bits(1, '0', 'SOCK_')],
  connect: [plain(0), given(1), length(1)],
  shutdown: [plain(0), one(1, named('SHUT_'))],
  send: [...WRITE, MESSAGE],
  recv: [...READ, MESSAGE],
  sendmsg: [...WRITEV, givenNumbers(2), HEADER_FLAGS],
  recvmsg: [...READV, receivedFds, HEADER_FLAGS, received],
  getsockopt: [plain(0), plain(1), plain(2), filled(3), length(3)],
  setsockopt: [plain(0), plain(1), plain(2), given(3), length(3)],
  getsockname: [plain(0), filled(1), length(1)],
  getpeername: [plain(0), filled(1), length(1)],
  openat: [directory, plain(1), OPEN, octal(3)],
  openat2: [directory, plain(1), OPEN, octal(3), bits(4, '0', 'RESOLVE_')],
  lseek: [plain(0), plain(1), one(2, named('SEEK_')), numbers(3)],
  fallocate: [plain(0), bits(1, '0', 'FALLOC_'), plain(2), plain(3)],
  sendfile: [plain(0), plain(1), pointer(2), plain(3)],
  copy_file_range: [plain(0), pointer(1), plain(2), pointer(3), plain(4), plain(5)],
  memfd_create: [plain(0), bits(1, '0', 'MFD_')],
  posix_fadvise: [plain(0), plain(1), plain(2), one(3, named('POSIX_FADV_'))],
  eventfd: [plain(0), bits(1, '0', 'EFD_')],
  prlimit: [plain(0), one(1, named('RLIMIT_')), givenNumbers(2), numbers(3)],
  mmap: [...RANGE, bits(2, 'PROT_NONE', 'PROT_'), bits(3, '0', 'MAP_'), plain(4), plain(5)],
  munmap: RANGE,
  msync: [...RANGE, bits(2, '0', 'MS_')],
  mprotect: [...RANGE, bits(2, 'PROT_NONE', 'PROT_')],
  mremap: [...RANGE, plain(2), bits(3, '0', 'MREMAP_'), hexadecimal(4)],
  madvise: [...RANGE, one(2, named('MADV_'))],
  load: [hexadecimal(0), filled(1), length(1)],
  store: [hexadecimal(0), given(1), length(1)],
  epoll_create1: [bits(0, '0', 'EPOLL_CLOEXEC')],
  epoll_ctl: [
    plain(0),
    one(1, named('EPOLL_CTL_')),
    plain(2),
    bits(3, '0', 'EPOLLI', 'EPOLLP', 'EPOLLO', 'EPOLLE', 'EPOLLH', 'EPOLLR'),
    plain(4),
  ],
  epoll_wait: [
    plain(0),
    ([, , events], result) =>
      events instanceof Int32Array && result >= 0
        ? `[${Array.from(events.subarray(0, result * 3)).join(', ')}]`
        : show(events),
    plain(1),
  ],
  poll: [numbers(1), plain(0)],
};
