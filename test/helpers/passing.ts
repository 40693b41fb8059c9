import assert from 'node:assert/strict';
import * as f from '../../src/kernel/flags.js';
import type { Kernel } from '../../src/kernel/kernel.js';
import { string, succeeds, text } from './claims.js';
import type { Subject } from './conformance.js';

/** One message: its text, the numbers that came with it, and msg_flags. */
export interface Message {
  readonly text: string;
  readonly fds: readonly number[];
  readonly flags: number;
}

/** sendmsg, without a wait. */
export function send(
  kernel: Kernel,
  fd: number,
  words: string,
  fds: readonly number[] | null = null,
  flags = 0,
): number {
  const numbers = fds === null ? null : Int32Array.from(fds);
  return kernel.sendmsg(fd, [text(words)], numbers, flags | f.MSG_DONTWAIT);
}

export interface Room {
  readonly bytes?: number;
  readonly fds?: number;
  readonly flags?: number;
}

/** recvmsg, without a wait; the row keeps what comes. */
export function take(
  { kernel, keep }: Subject,
  fd: number,
  { bytes = 64, fds = 8, flags = 0 }: Room = {},
): Message {
  const [memory, numbers, report] = [new Uint8Array(bytes), new Int32Array(fds), new Int32Array(2)];
  const result = kernel.recvmsg(fd, [memory], numbers, flags | f.MSG_DONTWAIT, report);
  const length = Math.min(succeeds(result), bytes);
  const [count, said] = report as unknown as [number, number];
  const came = Array.from(numbers.subarray(0, count), keep);
  return { text: string(memory.subarray(0, length)), fds: came, flags: said };
}

/** What a row can see of a descriptor that is under way, or is closed. */
export interface Witness {
  /** The end of a pipe that is sent; this process has no other. */
  readonly sent: number;
  /** Its other end, for reading. */
  readonly reader: number;
  /** Whether somebody has it, open or under way. */
  isOpen(): boolean;
}

/** A pipe whose write end is to be sent: its reader sees when the last of it has gone. */
export function witness({ kernel, pipe }: Subject): Witness {
  const [reader, sent] = pipe(f.O_NONBLOCK);
  return {
    sent,
    reader,
    isOpen: () => kernel.read(reader, new Uint8Array(1)) !== 0,
  };
}

/** Sends the witness beside the words, and this process has it no more. */
export function part(subject: Subject, fd: number, words: string, flags = 0): Witness {
  const one = witness(subject);
  succeeds(send(subject.kernel, fd, words, [one.sent], flags), words.length);
  subject.close(one.sent);
  assert.ok(one.isOpen());
  return one;
}
