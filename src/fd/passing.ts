/**
 * Descriptors through a Unix socket: sendmsg(2) and recvmsg(2) as calls that wait for readiness and
 * leave no number behind. This module is browser compatible: it knows numbers; `Fd` makes owners of
 * them.
 */
import * as argument from '../kernel/argument.js';
import { EAGAIN, EBADF } from '../kernel/errno.js';
import { AbortError, retry, SluiceError, SystemError, throwIfAborted } from '../kernel/error.js';
import * as f from '../kernel/flags.js';
import { FIRST_AFTER_STDIO } from './lifetime.js';
import { untilReady } from './ready.js';
import { type Interest, READABLE, type Runtime, WRITABLE } from './runtime.js';
import { moved } from './transfer.js';
import type { Turn } from './turn.js';

export interface SendFdsOptions {
  /** What the descriptors travel with, at least one byte; one zero byte if absent. */
  readonly data?: argument.Bytes | undefined;
  /** Ends the wait for room: the promise rejects with an AbortError. */
  readonly signal?: AbortSignal | undefined;
}

export interface ReceiveFdsOptions {
  /** How many descriptors may come with one message, from 0; 253, which is all, if absent. */
  readonly max?: number | undefined;
  /** Where the bytes go, at least one; what of a packet does not fit is lost. */
  readonly buffer?: argument.Bytes | undefined;
  /** Ends the wait: the promise rejects with an AbortError. */
  readonly signal?: AbortSignal | undefined;
}

/** What came with one message, or the end. */
export interface ReceivedFds<Owned> {
  /** In the order of the sender; yours to close. */
  readonly fds: Owned[];
  /** How many bytes came with them; 0 at the end of the stream. */
  readonly bytes: number;
}

/** The socket, as its `Fd` lends it. */
export interface Passage {
  readonly runtime: Runtime;
  readonly turn: Turn;
  /** Its number now; throws where it is closed. */
  number(): number;
  /** Bytes that came before what Linux has: how many, undefined where there are none. */
  takeBuffered(buffer: Uint8Array): number | undefined;
}

/** O_NONBLOCK belongs to the description, and SIGPIPE to the process: these to the call. */
const FLAGS = f.MSG_DONTWAIT | f.MSG_NOSIGNAL;

/** Of an adopted socket, SO_PASSCRED takes the room of so many descriptors: a struct ucred. */
const CREDENTIALS = 8;

/** The descriptors with the first byte, then the rest of the bytes. */
export async function sendFds(
  passage: Passage,
  fds: readonly argument.Descriptor[],
  { data = new Uint8Array(1), signal }: SendFdsOptions,
): Promise<void> {
  const bytes = someBytes(data, 'data');
  argument.abortSignal(signal, 'signal');
  const numbers = numbersOf(fds);
  throwIfAborted(signal);
  refuseOthers(passage);
  let gone = 0;
  try {
    gone = await sendFirst(passage, bytes, numbers, signal);
    while (gone < bytes.length) {
      const rest = [bytes.subarray(gone)];
      gone += await whenReady(passage, 'sendmsg', WRITABLE, signal, (fd) =>
        passage.runtime.kernel.sendmsg(fd, rest, null, FLAGS),
      );
    }
  } catch (error) {
    throw withBytes(error, gone);
  }
  if (passage.turn.over) await passage.turn.end(passage.runtime.clock);
}

/** Numbers, none of which has an owner yet. */
export async function receiveFds(
  passage: Passage,
  { max = f.SCM_MAX_FD, buffer = new Uint8Array(1), signal }: ReceiveFdsOptions,
): Promise<ReceivedFds<number>> {
  const bytes = someBytes(buffer, 'buffer');
  const fds = new Int32Array(Math.min(atMost(max, 'max') + CREDENTIALS, f.SCM_MAX_FD));
  argument.abortSignal(signal, 'signal');
  throwIfAborted(signal);
  refuseOthers(passage);
  const buffered = passage.takeBuffered(bytes);
  if (buffered !== undefined) return { fds: [], bytes: buffered };
  const report = new Int32Array(2);
  const flags = f.MSG_DONTWAIT | f.MSG_CMSG_CLOEXEC;
  const length = await whenReady(passage, 'recvmsg', READABLE, signal, (fd) =>
    passage.runtime.kernel.recvmsg(fd, [bytes], fds, flags, report),
  );
  const [count, said] = report as unknown as [number, number];
  const received = Array.from(fds.subarray(0, count));
  if ((said & f.MSG_CTRUNC) === 0 && count <= max) return { fds: received, bytes: length };
  for (const fd of received) passage.runtime.kernel.close(fd);
  throw withBytes(truncated(count, max), length);
}

/**
 * Sends now, while the numbers are what the caller means. Where it has to wait, duplicates of ours
 * wait: by then the caller may have closed his, and the numbers be another file's.
 */
async function sendFirst(
  passage: Passage,
  bytes: Uint8Array,
  numbers: Int32Array,
  signal: AbortSignal | undefined,
): Promise<number> {
  const { kernel } = passage.runtime;
  const send = (socket: number, fds: Int32Array) =>
    judge(
      passage,
      socket,
      fds,
      retry(() => kernel.sendmsg(socket, [bytes], fds, FLAGS)),
    );
  const socket = passage.number();
  const result = send(socket, numbers);
  if (result !== -EAGAIN) return passage.turn.spend(moved(result, 'sendmsg', socket));
  const held = hold(passage, numbers);
  try {
    return await whenReady(passage, 'sendmsg', WRITABLE, signal, (fd) => send(fd, held));
  } finally {
    for (const fd of held) kernel.close(fd);
  }
}

/** The call, as soon as it is not refused for now: its answer, or its error. */
async function whenReady(
  { runtime, turn, number }: Passage,
  syscall: string,
  interest: Interest,
  signal: AbortSignal | undefined,
  call: (fd: number) => number,
): Promise<number> {
  for (let doubts = 0; ; ) {
    if (turn.over) await turn.end(runtime.clock);
    throwIfAborted(signal);
    const fd = number();
    const result = retry(() => call(fd));
    if (result !== -EAGAIN) return turn.spend(moved(result, syscall, fd));
    turn.renew();
    doubts = await untilReady(runtime, fd, interest, signal, doubts);
  }
}

/** EBADF says nothing of which is meant: the error names it. */
function judge({ runtime }: Passage, socket: number, fds: Int32Array, result: number): number {
  if (result !== -EBADF) return result;
  const isOpen = (fd: number) => runtime.kernel.fcntl(fd, f.F_GETFD) >= 0;
  const fd = fds.find((one) => !isOpen(one)) ?? socket;
  throw new SystemError(result, { syscall: 'sendmsg', fd });
}

/** Duplicates of all, or of none. */
function hold({ runtime: { kernel } }: Passage, fds: Int32Array): Int32Array {
  const held: number[] = [];
  for (const fd of fds) {
    const duplicate = kernel.fcntl(fd, f.F_DUPFD_CLOEXEC, FIRST_AFTER_STDIO);
    if (duplicate >= 0) held.push(duplicate);
    else {
      for (const one of held) kernel.close(one);
      throw new SystemError(duplicate, { syscall: 'fcntl', fd });
    }
  }
  return Int32Array.from(held);
}

/** Other sockets take descriptors without an error, and send none. */
function refuseOthers({ runtime, number }: Passage): void {
  const fd = number();
  const domain = new Int32Array(1);
  const value = new Uint8Array(domain.buffer);
  const result = runtime.kernel.getsockopt(fd, f.SOL_SOCKET, f.SO_DOMAIN, value);
  if (result >= 0 && domain[0] === f.AF_UNIX) return;
  const cause = result < 0 ? new SystemError(result, { syscall: 'getsockopt', fd }) : undefined;
  const what = cause === undefined ? 'a socket of another family' : `no socket (${cause.code})`;
  const message = `descriptors go through a Unix socket (AF_UNIX) only, and this is ${what}`;
  throw new SluiceError('ERR_SLUICE_UNSUPPORTED', message, { cause });
}

function truncated(count: number, max: number): SluiceError {
  const why =
    count > max
      ? `more descriptors came than max (${max})`
      : `descriptors came that could not be opened: ${count} could, and max was ${max}; ` +
        'RLIMIT_NOFILE is reached, or SO_PASSPIDFD is set';
  return new SluiceError('ERR_SLUICE_FDS_TRUNCATED', `${why}. All of them are closed`);
}

/** Tells how many bytes had moved, where the error is one that tells it. */
function withBytes(error: unknown, bytes: number): unknown {
  const tells = [SluiceError, SystemError, AbortError].some((kind) => error instanceof kind);
  return tells ? Object.assign(error as Error, { bytes }) : error;
}

function numbersOf(fds: readonly argument.Descriptor[]): Int32Array {
  argument.listOf(argument.descriptor)(fds, 'fds');
  atMost(fds.length, 'fds.length');
  return Int32Array.from(fds, (fd) => argument.descriptor(fd, 'fds'));
}

function someBytes(value: argument.Bytes, name: string): Uint8Array {
  const bytes = argument.bytes(value, name);
  if (bytes.length > 0) return bytes;
  throw new argument.ArgumentOutOfRange(`${name}.length`, 'at least 1', 0);
}

function atMost(value: number, name: string): number {
  const count = argument.count(value, name);
  if (count <= f.SCM_MAX_FD) return count;
  throw new argument.ArgumentOutOfRange(name, `at most ${f.SCM_MAX_FD}`, value);
}
