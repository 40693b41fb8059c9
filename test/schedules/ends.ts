/** The ends of flows: a near one for the flow, and who is at the far one. */
import { Fd } from '../../src/fd/fd.js';
import * as f from '../../src/kernel/flags.js';
import type { Kernel } from '../../src/sim.js';
import { pattern, succeeds } from '../helpers/claims.js';
import { tcpPair } from '../helpers/sockets.js';
import { FarEnd, Giver, type Goodbye, Taker } from './peers.js';
import type { Stage } from './stage.js';

export const CONNECTIONS = ['unix', 'tcp'] as const;
export const STREAMS = ['pipe', ...CONNECTIONS] as const;
export const STORED = ['memory', 'file'] as const;
export const KINDS = [...STREAMS, ...STORED] as const;
export type Connection = (typeof CONNECTIONS)[number];
export type Stream = (typeof STREAMS)[number];
export type Kind = (typeof KINDS)[number];

/** Streams that are under way together never look alike. */
const PATTERNS = Array.from({ length: 16 }, (_, index) => pattern(65536, index + 1));
let streams = 0;

export function bytesOf(length: number): Uint8Array {
  return (PATTERNS[streams++ % PATTERNS.length] as Uint8Array).subarray(0, length);
}

/** Nothing, a byte, some, and around what pages and small pipes hold. */
export function drawLength({ draw }: Stage): number {
  const around = [0, 1 + draw(9), draw(300), 4095 + draw(3), draw(9000), draw(20_000)];
  return around[draw(around.length)] ?? 0;
}

/** What a peer gives or takes at once, of so many bytes in all: few large pieces, or many small. */
function drawSizes({ draw }: Stage, length: number): () => number {
  const most = Math.max(10, Math.ceil(length / (1 + draw(12))));
  return () => 1 + draw(most);
}

export interface Ends {
  readonly near: Fd;
  readonly far: FarEnd;
}

/** `near` reads where it is a pipe's, or else writes. */
export function openStream(stage: Stage, kind: Stream, reads: boolean): Ends {
  const { kernel, draw, runtime } = stage;
  const fds = kind === 'tcp' ? tcpPair(kernel) : openPair(kernel, kind);
  const [near, far] = kind === 'pipe' && !reads ? [fds[1], fds[0]] : fds;
  if (draw(2) === 0) shrink(kernel, kind, fds);
  if (draw(4) === 0) block(kernel, near);
  return { near: new Fd(runtime, near), far: new FarEnd(kernel, far) };
}

/** A file of `content`. */
export function openStored({ kernel, runtime }: Stage, kind: Kind, content: Uint8Array): Fd {
  const flags = f.O_TMPFILE | f.O_RDWR | f.O_CLOEXEC;
  const fd = succeeds(
    kind === 'memory'
      ? kernel.memfd_create('schedule', f.MFD_CLOEXEC)
      : kernel.openat(f.AT_FDCWD, '/tmp', flags, 0o600),
  );
  if (content.length > 0) succeeds(kernel.pwrite(fd, content, 0), content.length);
  return new Fd(runtime, fd);
}

export function isStream(kind: Kind): kind is Stream {
  return kind === 'pipe' || kind === 'unix' || kind === 'tcp';
}

/** Has somebody give `bytes` at the far end. */
export function give(stage: Stage, far: FarEnd, bytes: Uint8Array, goodbye: Goodbye): Giver {
  const giver = new Giver(far, bytes, goodbye, drawSizes(stage, bytes.length));
  stage.troupe.add(giver);
  return giver;
}

/** Has somebody take at the far end what should be `bytes`. */
export function take(stage: Stage, far: FarEnd, bytes: Uint8Array, enough: number): Taker {
  const taker = new Taker(far, bytes, enough, drawSizes(stage, bytes.length));
  stage.troupe.add(taker);
  return taker;
}

type Numbers = [number, number];

function openPair(kernel: Kernel, kind: 'pipe' | 'unix'): Numbers {
  const fds = new Int32Array(2);
  const type = f.SOCK_STREAM | f.SOCK_NONBLOCK | f.SOCK_CLOEXEC;
  succeeds(
    kind === 'pipe'
      ? kernel.pipe2(f.O_NONBLOCK | f.O_CLOEXEC, fds)
      : kernel.socketpair(f.AF_UNIX, type, 0, fds),
  );
  return [...fds] as Numbers;
}

/** One page, or as small as a socket's buffers may be. */
function shrink(kernel: Kernel, kind: Stream, fds: Numbers): void {
  const bytes = new Uint8Array(Int32Array.of(4096).buffer);
  for (const fd of fds) {
    if (kind === 'pipe') succeeds(kernel.fcntl(fd, f.F_SETPIPE_SZ, 4096));
    else {
      succeeds(kernel.setsockopt(fd, f.SOL_SOCKET, f.SO_SNDBUF, bytes), 0);
      succeeds(kernel.setsockopt(fd, f.SOL_SOCKET, f.SO_RCVBUF, bytes), 0);
    }
  }
}

/** As a child process leaves it. */
function block(kernel: Kernel, fd: number): void {
  const flags = succeeds(kernel.fcntl(fd, f.F_GETFL));
  succeeds(kernel.fcntl(fd, f.F_SETFL, flags & ~f.O_NONBLOCK), 0);
}
