/**
 * What sendmsg and recvmsg share with their twins in `promises.ts`: descriptors as numbers, and
 * what has come. None of it is a call.
 */
import * as argument from '../../kernel/argument.js';
import { SCM_MAX_FD } from '../../kernel/flags.js';

/** What one message brought. */
export interface Received {
  /** How many bytes were read; 0 at end of file. */
  readonly bytes: number;
  /** The numbers of the descriptors that came. Each is open, and is the caller's to close. */
  readonly fds: number[];
  /** MSG_CTRUNC (descriptors were lost), MSG_TRUNC (bytes were), MSG_EOR, MSG_OOB, or'ed. */
  readonly flags: number;
}

/** Linux judges how many there may be, and whether they are open. */
export function numbersOf(fds: readonly argument.Descriptor[] | null): Int32Array | null {
  if (fds === null) return null;
  if (!Array.isArray(fds)) {
    throw new argument.InvalidArgumentType('fds', 'an array of descriptors or null', fds);
  }
  return Int32Array.from(fds, (fd, index) => argument.descriptor(fd, `fds[${index}]`));
}

/** An array for so many descriptors. */
export function roomFor(maxFds: number): Int32Array {
  const count = argument.count(maxFds, 'maxFds');
  if (count <= SCM_MAX_FD) return new Int32Array(count);
  throw new argument.ArgumentOutOfRange('maxFds', `at most ${SCM_MAX_FD}`, maxFds);
}

/** @param report what recvmsg has filled: [how many descriptors, msg_flags] */
export function receivedOf(bytes: number, fds: Int32Array, report: Int32Array): Received {
  const [count, flags] = report as unknown as [number, number];
  return { bytes, fds: Array.from(fds.subarray(0, count)), flags };
}
