/**
 * The limits of a process: prlimit(2).
 */
import * as argument from '../../kernel/argument.js';
import { check } from '../../kernel/error.js';
import { linux } from '../../kernel/linux.js';

/** No limit: the one constant that a number cannot hold. */
export const RLIM_INFINITY = 0xffff_ffff_ffff_ffffn;

/** struct rlimit: what is enforced, and how far it may be raised. RLIM_INFINITY is no limit. */
export type Limit = readonly [soft: bigint, hard: bigint];

/**
 * `int prlimit(pid_t pid, int resource, const struct rlimit *new_limit, struct rlimit *old_limit)`
 * — reads a limit of a process, and sets it where a new one is given.
 *
 * RLIMIT_NOFILE is one more than the highest descriptor, not how many are open: above it new ones
 * are EMFILE, and open ones stay. RLIMIT_FSIZE is how long a file may become: a write that would
 * pass it is short, and the next is EFBIG with SIGXFSZ. Node raises its own soft RLIMIT_NOFILE to
 * the hard one as it starts.
 *
 * @param pid the process; 0 is this one
 * @param resource RLIMIT_NOFILE, RLIMIT_FSIZE, RLIMIT_AS, RLIMIT_SIGPENDING
 * @param newLimit [soft, hard] to set; leave it out to read only
 * @returns [soft, hard] as they were before
 * @throws EINVAL no such resource, or soft above hard; EPERM the hard limit would rise (or
 *   RLIMIT_NOFILE pass fs.nr_open), or another user's process; ESRCH no such process
 * @see prlimit(2)
 *
 * @example
 * ```ts
 * import { deepEqual } from 'node:assert/strict';
 * import * as sys from 'sluice/sys';
 *
 * const [soft, hard] = sys.prlimit(0, sys.RLIMIT_NOFILE);
 * deepEqual(sys.prlimit(0, sys.RLIMIT_NOFILE, [soft, hard]), [soft, hard]);
 * ```
 */
export function prlimit(
  pid: number,
  resource: number,
  newLimit?: Limit,
): [soft: bigint, hard: bigint] {
  const old = new BigUint64Array(2);
  const result = linux.prlimit(
    argument.integer(pid, 'pid'),
    argument.integer(resource, 'resource'),
    newLimit === undefined ? null : toWords(newLimit),
    old,
  );
  check(result, 'prlimit');
  return [old[0] as bigint, old[1] as bigint];
}

function toWords(limit: unknown): BigUint64Array {
  if (!Array.isArray(limit) || limit.length !== 2) {
    throw new argument.InvalidArgumentType('newLimit', 'a pair [soft, hard]', limit);
  }
  return BigUint64Array.from(limit, (value, index) => word(value, `newLimit[${index}]`));
}

function word(value: unknown, name: string): bigint {
  if (typeof value !== 'bigint') throw new argument.InvalidArgumentType(name, 'a bigint', value);
  if (BigInt.asUintN(64, value) === value) return value;
  throw new argument.ArgumentOutOfRange(name, 'from 0 to RLIM_INFINITY', value);
}
