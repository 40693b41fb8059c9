/** The calls, and for each what keeps it from harm and what it leaves to be tidied up. */
import { isBigUint64Array, isInt32Array } from 'node:util/types';
import * as f from '../../../src/kernel/flags.js';
import { linux } from '../../../src/kernel/linux.js';
import { MM_CALLS } from './calls-mm.js';
import { integerOf } from './edges.js';
import { commands, fcntlWords, socketOption, tameFcntl, tameOption } from './options.js';
import type { Parameter } from './parameters.js';
import * as p from './parameters.js';
import type { World } from './world.js';

export interface Call {
  readonly parameters: readonly Parameter[];
  /** Takes the harm out of the arguments together. */
  readonly tame?: (values: unknown[], world: World) => void;
  readonly settle?: (result: number, values: readonly unknown[], world: World) => void;
}

const { fd, memory, vector, offset, count, oneOf, words } = p;
const any = oneOf(0, 1, 2, 4, 8, 0x10, 0x100, 0x4000, 0x80000);
const OPEN_FLAGS = [f.O_RDWR, f.O_CREAT, f.O_TRUNC, f.O_PATH, f.O_DIRECTORY, f.O_EXCL, f.O_CLOEXEC];
const openFlags = oneOf(...OPEN_FLAGS, f.O_TMPFILE, f.O_APPEND, f.O_DIRECT);

/** The answer is a descriptor that nobody keeps. */
const closes = (result: number): void => {
  if (result >= 0) linux.close(result);
};

/** The answer is two of them. */
const closesPair = (result: number, values: readonly unknown[]): void => {
  const fds = values.at(-1) as Int32Array;
  if (result === 0) for (const fd of fds.subarray(0, 2)) linux.close(fd);
};

/** The answer is bytes; beside it so many descriptors have come. */
const closesReceived = (result: number, values: readonly unknown[]): void => {
  if (result < 0 || !isInt32Array(values[2])) return;
  const [count] = values.at(-1) as Int32Array;
  for (const fd of values[2].subarray(0, count)) linux.close(fd);
};

const int64 = (length: number) => words(() => new BigInt64Array(length));
const limit = words(() => new BigUint64Array(2));

export const CALLS: Readonly<Record<string, Call>> = {
  read: { parameters: [fd, memory] },
  write: { parameters: [fd, memory] },
  readv: { parameters: [fd, vector] },
  writev: { parameters: [fd, vector] },
  pread: { parameters: [fd, memory, offset] },
  pwrite: { parameters: [fd, memory, offset] },
  preadv: { parameters: [fd, vector, offset] },
  pwritev: { parameters: [fd, vector, offset] },
  preadv2: { parameters: [fd, vector, offset, any] },
  pwritev2: { parameters: [fd, vector, offset, any] },
  close: { parameters: [fd] },
  dup: { parameters: [fd], settle: closes },
  dup2: { parameters: [fd, fd] },
  dup3: { parameters: [fd, fd, oneOf(0, f.O_CLOEXEC)] },
  fcntl: {
    parameters: [fd, oneOf(...commands()), words(fcntlWords)],
    tame: tameFcntl,
    settle: (result, values) => {
      const command = integerOf(values[1]);
      if (command === f.F_DUPFD || command === f.F_DUPFD_CLOEXEC) closes(result);
    },
  },
  ioctl: {
    parameters: [fd, oneOf(f.FIONREAD, f.FIONBIO), p.pair],
    tame: ([, , value]) => {
      if (isInt32Array(value)) value[0] = 1;
    },
  },

  pipe: { parameters: [p.pair], settle: closesPair },
  pipe2: {
    parameters: [oneOf(0, f.O_CLOEXEC, f.O_NONBLOCK, f.O_DIRECT), p.pair],
    settle: closesPair,
  },
  splice: {
    parameters: [fd, p.offsetPointer, fd, p.offsetPointer, count, p.spliceFlags],
  },
  tee: { parameters: [fd, fd, count, p.spliceFlags] },
  vmsplice: { parameters: [fd, vector, p.spliceFlags] },

  socketpair: {
    parameters: [oneOf(f.AF_UNIX, f.AF_INET), oneOf(1, 2, 5), oneOf(0, 6), p.pair],
    settle: closesPair,
  },
  socket: { parameters: [oneOf(0, 1, 2, 10, 99), oneOf(1, 2, 5), oneOf(0, 6, 17)], settle: closes },
  bind: { parameters: [fd, p.sockaddr] },
  listen: { parameters: [fd, oneOf(0, 1, 16)] },
  accept4: {
    parameters: [fd, oneOf(0, f.SOCK_CLOEXEC, f.SOCK_NONBLOCK), p.bytesOrNull(0, 2, 16, 110, 300)],
    settle: closes,
  },
  connect: { parameters: [fd, p.sockaddr] },
  shutdown: { parameters: [fd, oneOf(0, 1, 2)] },
  send: { parameters: [fd, memory, any] },
  recv: { parameters: [fd, memory, any] },
  sendmsg: { parameters: [fd, vector, p.fds, any] },
  recvmsg: {
    parameters: [fd, vector, p.fds, oneOf(0, 2, 0x20, 0x40, 0x100, f.MSG_CMSG_CLOEXEC), p.pair],
    settle: closesReceived,
  },
  getsockopt: { parameters: [fd, ...socketOption(), p.bytes(0, 1, 4, 16, 128)], tame: tameOption },
  setsockopt: { parameters: [fd, ...socketOption(), p.bytes(0, 1, 4, 16, 128)], tame: tameOption },
  getsockname: { parameters: [fd, p.bytes(0, 2, 16, 110, 300)] },
  getpeername: { parameters: [fd, p.bytes(0, 2, 16, 110, 300)] },

  openat: { parameters: [p.directory, p.path, openFlags, oneOf(0, 0o600)], settle: closes },
  openat2: {
    parameters: [p.directory, p.path, openFlags, oneOf(0, 0o600), oneOf(0, 1, 2, 4, 8, 16, 32, 64)],
    settle: closes,
  },
  fstat: { parameters: [fd, int64(f.STAT_FIELDS)] },
  lseek: { parameters: [fd, offset, oneOf(0, 1, 2, 3, 4), int64(1)] },
  ftruncate: { parameters: [fd, offset] },
  fallocate: { parameters: [fd, oneOf(0, 1, 2, 8, 16, 32), offset, count] },
  sendfile: { parameters: [fd, fd, p.offsetPointer, count] },
  copy_file_range: {
    parameters: [fd, p.offsetPointer, fd, p.offsetPointer, count, oneOf(0)],
  },
  memfd_create: { parameters: [p.path, oneOf(0, 1, 2)], settle: closes },
  posix_fadvise: { parameters: [fd, offset, count, oneOf(0, 1, 2, 3, 4, 5)] },
  readahead: { parameters: [fd, offset, count] },
  fsync: { parameters: [fd] },
  fdatasync: { parameters: [fd] },
  statfs: { parameters: [p.path, int64(f.STATFS_FIELDS)] },
  fstatfs: { parameters: [fd, int64(f.STATFS_FIELDS)] },
  eventfd: {
    parameters: [oneOf(0, 1), oneOf(0, 1, f.EFD_NONBLOCK, f.EFD_CLOEXEC)],
    settle: closes,
  },
  /** A limit is only read. */
  prlimit: {
    parameters: [oneOf(0, process.pid), oneOf(1, 7, 9), p.none, limit],
    tame: onlyReads,
  },

  ...MM_CALLS,

  epoll_create1: { parameters: [oneOf(0, f.EPOLL_CLOEXEC)], settle: closes },
  epoll_ctl: { parameters: [fd, oneOf(1, 2, 3), fd, any, offset] },
  epoll_wait: {
    parameters: [fd, p.timeout, words(({ random }) => new Int32Array(random.below(12)))],
  },
  poll: { parameters: [p.timeout, words(pollWords)] },
};

function onlyReads(values: unknown[]): void {
  if (isBigUint64Array(values[2]) && values[2].length > 1) values[2] = null;
}

/** Descriptors of the pool, each with a random mask. */
function pollWords(world: World): Int32Array {
  const array = new Int32Array(3 * world.random.below(6) + world.random.below(2));
  for (let index = 0; index + 1 < array.length; index += 3) {
    array[index] = world.random.chance(0.8) ? world.slot() : -1;
    array[index + 1] = world.random.below(0x40);
  }
  return array;
}
