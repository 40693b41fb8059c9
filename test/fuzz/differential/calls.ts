/**
 * The calls of a sequence. None can sleep: whatever is opened is O_NONBLOCK, and stays so. None
 * reaches beyond the sequence's own descriptors and directory.
 */
import { O_ACCMODE, O_RDONLY } from '../../../src/kernel/flags.js';
import type { Calls } from '../../../src/kernel/kernel.js';
import { EVENT_CALLS } from './calls-event.js';
import { FILE_CALLS } from './calls-file.js';
import { MEMORY_CALLS } from './calls-memory.js';
import * as p from './parameters.js';
import { receivedFds, report, sentFds } from './passing.js';
import type { Scene } from './scene.js';
import type { Side } from './side.js';
import type { Kind, Name, Value } from './step.js';

export interface Spec {
  readonly parameters: readonly p.Parameter[];
  /** How often it is chosen, beside the others. */
  readonly weight: number;
  /** The kinds of the descriptors it makes: of one that it answers, of two that it fills in. */
  readonly makes?: (values: readonly Value[], scene: Scene) => readonly Kind[];
  /** The descriptor under this number is closed. */
  readonly closes?: true;
  /** The second descriptor is from now on a duplicate of the first. */
  readonly replaces?: true;
  /** What it makes is a mapping of the length that its second parameter says. */
  readonly maps?: true;
  /** The mapping goes. */
  readonly unmaps?: true;
  /** Whether it can be made without harm. */
  readonly allows?: (values: readonly Value[], side: Side) => boolean;
  /** Its third parameter is filled with descriptors, as many as the fifth says. */
  readonly receives?: true;
  /** What it may put into a socket. */
  readonly sends?: (values: readonly Value[]) => readonly [socket: Name, bytes: number];
}

const { fd, oneOf } = p;
const end = fd('reader', 'writer');
const reader = fd('reader', 'stream', 'packets', 'counter', 'file', 'memory');
const writer = fd('writer', 'stream', 'packets', 'counter', 'file', 'memory');
const any = fd('reader', 'writer', 'stream', 'packets', 'counter', 'file', 'memory', 'epoll');
const spliceFlags = oneOf('SPLICE_F_NONBLOCK', 0, 'SPLICE_F_MOVE', 'SPLICE_F_MORE', 16);
const pipeFlags = oneOf('O_NONBLOCK', 'O_NONBLOCK | O_CLOEXEC', 'O_NONBLOCK | O_DIRECT');
const statusFlags = oneOf('O_NONBLOCK', 'O_NONBLOCK | O_DIRECT', 'O_NONBLOCK | O_APPEND');
const socketFlags = (type: string) => oneOf(`${type} | SOCK_NONBLOCK`);
const position = oneOf(-1, 0, 100, 4096, 5000, -2);
const readFlags = oneOf(0, 'RWF_NOWAIT', 'RWF_HIPRI', 'RWF_APPEND', 64);
const writeFlags = oneOf(0, 'RWF_APPEND', 'RWF_NOWAIT', 'RWF_DSYNC', 64);

const sameKind = ([from]: readonly Value[], scene: Scene): Kind[] => [scene.kindOf(from as Name)];
const lengthOf = (value: Value | undefined): number => (value === null ? 0 : Number(value));

function sizeOf(value: Value | undefined): number {
  return Array.isArray(value) ? lengthOf(value[1]) : 0;
}

const sendsData: Spec['sends'] = ([to, data]) => [to as Name, sizeOf(data)];
const sendsVector: Spec['sends'] = ([to, vector]) => {
  const sizes = (vector as readonly Value[]).map(sizeOf);
  return [to as Name, sizes.reduce((sum, size) => sum + size, 0)];
};

const DESCRIPTORS: Record<string, Spec> = {
  dup: { parameters: [any], weight: 2, makes: sameKind },
  dup2: { parameters: [any, any], weight: 1, replaces: true },
  dup3: { parameters: [any, any, oneOf(0, 'O_CLOEXEC', 1)], weight: 1, replaces: true },
  close: { parameters: [any], weight: 4, closes: true },
  'fcntl F_DUPFD': {
    parameters: [any, oneOf('F_DUPFD', 'F_DUPFD_CLOEXEC'), oneOf(0, 500, -1)],
    weight: 1,
    makes: sameKind,
  },
  'fcntl get': {
    parameters: [any, oneOf('F_GETFD', 'F_GETFL', 'F_GETPIPE_SZ', 'F_GETSIG', 'F_GET_SEALS')],
    weight: 1,
  },
  'fcntl F_SETFD': { parameters: [any, oneOf('F_SETFD'), oneOf(0, 1, 2)], weight: 1 },
  'fcntl F_SETFL': { parameters: [any, oneOf('F_SETFL'), statusFlags], weight: 3 },
  ioctl: {
    parameters: [any, oneOf('FIONREAD', 1), p.words(() => new Int32Array(1), 'new Int32Array(1)')],
    weight: 1,
  },
};

const TRANSFER: Record<string, Spec> = {
  read: { parameters: [reader, p.room], weight: 8 },
  write: { parameters: [writer, p.data], weight: 10, sends: sendsData },
  readv: { parameters: [reader, p.vector(p.room)], weight: 3 },
  writev: { parameters: [writer, p.vector(p.data)], weight: 3, sends: sendsVector },
  preadv2: { parameters: [reader, p.vector(p.room), position, readFlags], weight: 2 },
  pwritev2: {
    parameters: [writer, p.vector(p.data), position, writeFlags],
    weight: 2,
    sends: sendsVector,
  },
};

/** A pipe has no positions. */
const none: p.Parameter = {
  ...p.pointer,
  pick: (scene) => (scene.random.chance(0.05) ? p.pointer.pick(scene) : null),
};
const fileLike = fd('stream', 'packets', 'file', 'memory', 'counter');

const splice = (...parameters: p.Parameter[]): Spec => ({
  parameters: [...parameters, p.length, spliceFlags],
  weight: 8,
  sends: ([, , target, , length]) => [target as Name, lengthOf(length)],
});

const PIPES: Record<string, Spec> = {
  pipe2: { parameters: [pipeFlags, p.ends], weight: 6, makes: () => ['reader', 'writer'] },
  'fcntl F_SETPIPE_SZ': {
    parameters: [
      end,
      oneOf('F_SETPIPE_SZ'),
      oneOf(4096, 0, 8192, 1 << 14, 1 << 16, 1e5, 1 << 20, -1),
    ],
    weight: 2,
  },
  splice: splice(fd('reader'), none, fd('writer'), none),
  'splice out': splice(fd('reader'), none, fileLike, p.pointer),
  'splice in': splice(fileLike, p.pointer, fd('writer'), none),
  tee: { parameters: [fd('reader'), fd('writer'), p.length, spliceFlags], weight: 6 },
  vmsplice: {
    parameters: [
      fd('writer'),
      p.vector(p.data),
      oneOf('SPLICE_F_NONBLOCK', 'SPLICE_F_NONBLOCK | SPLICE_F_MOVE'),
    ],
    weight: 4,
  },
  'vmsplice out': {
    parameters: [fd('reader'), p.vector(p.room), oneOf('SPLICE_F_NONBLOCK')],
    weight: 2,
    // Memory that is filled again must not come into a pipe.
    allows: ([pipe], side) => (side.flagsOf(pipe as Name) & O_ACCMODE) === O_RDONLY,
  },
};

const type = (name: string, kind: Kind): Spec => ({
  parameters: [oneOf('AF_UNIX'), socketFlags(name), oneOf(0), p.ends],
  weight: 1,
  makes: () => [kind, kind],
});
const socket = fd('stream', 'packets');

const SOCKETS: Record<string, Spec> = {
  'socketpair stream': { ...type('SOCK_STREAM', 'stream'), weight: 2 },
  'socketpair seqpacket': type('SOCK_SEQPACKET', 'packets'),
  'socketpair dgram': type('SOCK_DGRAM', 'packets'),
  send: {
    parameters: [socket, p.shortData, oneOf(0, 'MSG_MORE', 'MSG_NOSIGNAL', 'MSG_DONTWAIT')],
    weight: 8,
    sends: sendsData,
  },
  recv: {
    parameters: [
      socket,
      p.shortRoom,
      oneOf(0, 'MSG_PEEK', 'MSG_TRUNC', 'MSG_PEEK | MSG_TRUNC', 'MSG_WAITALL'),
    ],
    weight: 8,
  },
  sendmsg: {
    parameters: [
      socket,
      p.vector(p.shortData),
      sentFds,
      oneOf(0, 'MSG_NOSIGNAL', 'MSG_DONTWAIT', 'MSG_EOR'),
    ],
    weight: 8,
    sends: sendsVector,
  },
  recvmsg: {
    parameters: [
      socket,
      p.vector(p.shortRoom),
      receivedFds,
      oneOf(0, 'MSG_CMSG_CLOEXEC', 'MSG_PEEK', 'MSG_TRUNC', 'MSG_PEEK | MSG_TRUNC', 'MSG_WAITALL'),
      report,
    ],
    weight: 8,
    receives: true,
  },
  shutdown: { parameters: [socket, oneOf('SHUT_RD', 'SHUT_WR', 'SHUT_RDWR', 3)], weight: 1 },
};

/** By family, then by the call's name and what is asked of it. */
export const FAMILIES: Readonly<Record<string, Readonly<Record<string, Spec>>>> = {
  descriptors: DESCRIPTORS,
  transfer: TRANSFER,
  pipes: PIPES,
  sockets: SOCKETS,
  files: FILE_CALLS,
  events: EVENT_CALLS,
  memory: MEMORY_CALLS,
};

export const SPECS: Readonly<Record<string, Spec>> = Object.assign({}, ...Object.values(FAMILIES));

/** The function of the kernel. */
export function callOf(name: string): keyof Calls {
  return name.split(' ', 1)[0] as keyof Calls;
}
