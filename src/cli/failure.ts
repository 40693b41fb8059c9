/**
 * How a command ends that does not succeed: one line on stderr and an exit status, as a Unix user
 * expects.
 */
import { errnoMessage } from '../kernel/errno.js';

/** What went wrong, in words for a person. */
export class Failure extends Error {
  override readonly name = 'Failure';
}

/** What was asked makes no sense: status 2. */
export class UsageFailure extends Failure {}

export const EXIT_FAILURE = 1;
export const EXIT_USAGE = 2;
/**
 * 128 and the number of SIGPIPE: the reader of our output went away, and nobody wants to hear of
 * it.
 */
export const EXIT_PIPE = 141;
/** 128 and the number of the signal, as a shell counts. */
export const EXIT_SIGINT = 130;
export const EXIT_SIGTERM = 143;

/**
 * A system error in the words of strerror(3): 'No such file or directory'. Others by their message.
 */
export function reason(error: unknown): string {
  const { errno, code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'Name or service not known';
  if (typeof errno !== 'number') return message;
  const words = errnoMessage(-errno);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** `name: what Linux said`. */
export function failure(name: string, error: unknown): Failure {
  return new Failure(`${name}: ${reason(error)}`, { cause: error });
}

/** Nobody reads any more: for a command in a pipeline, the usual end. */
export function isPipeGone(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EPIPE';
}
