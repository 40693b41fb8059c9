/**
 * Which refusals say "not these two" rather than "not at all". This module is browser compatible.
 */
import * as e from '../kernel/errno.js';

/**
 * By the manual pages and by what file systems really answer: EBADF is a target in append mode,
 * EPERM an old sandbox, EIO some network file systems. None of them is a fact about this process,
 * and the last method of a ladder has the final word.
 */
const UNSUPPORTED = new Set([
  -e.EINVAL,
  -e.ENOSYS,
  -e.EOPNOTSUPP,
  -e.EXDEV,
  -e.EPERM,
  -e.EBADF,
  -e.EIO,
  -e.ETXTBSY,
]);

export function isUnsupported(result: number): boolean {
  return UNSUPPORTED.has(result);
}
