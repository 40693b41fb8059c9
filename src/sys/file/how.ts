/**
 * What the calls that take a name share with each other and with their twins in `promises.ts`; none
 * of it is a call.
 */
import * as argument from '../../kernel/argument.js';
import type { Offset, Path } from '../../kernel/kernel.js';

/** rw for everybody, as far as the umask allows: what fopen(3) and node:fs create with. */
export const DEFAULT_MODE = 0o666;

/** struct open_how. */
export interface OpenHow {
  /** As for `openat`; an unknown one is EINVAL here. */
  readonly flags: Offset;
  /** The permissions of a new file; EINVAL unless O_CREAT or O_TMPFILE is set. */
  readonly mode?: Offset;
  /** RESOLVE_…, or'ed. */
  readonly resolve?: Offset;
}

/** A name as an error can show it. */
export function printable(path: Path): string {
  return typeof path === 'string' ? path : new TextDecoder().decode(path);
}

/** The fields of `struct open_how`, in their order. */
export function howOf(how: OpenHow): [flags: Offset, mode: Offset, resolve: Offset] {
  if (typeof how !== 'object' || how === null) {
    throw new argument.InvalidArgumentType('how', 'an object {flags, mode, resolve}', how);
  }
  return [
    argument.size(how.flags, 'how.flags'),
    argument.size(how.mode ?? 0, 'how.mode'),
    argument.size(how.resolve ?? 0, 'how.resolve'),
  ];
}
