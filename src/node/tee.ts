/**
 * `tee` on this machine's kernel, for Node's own objects as well.
 */
import {
  checkTeeArguments,
  type TeeFailure,
  type TeeOptions,
  type TeeResult,
} from '../flow/tee/options.js';
import { tee as teeDescriptors } from '../flow/tee.js';
import type { CopySource, CopyTarget } from './copy.js';
import { linuxRuntime as runtime } from './runtime.js';
import { type Attached, attachSource, attachTarget } from './tee-ends.js';

export type TeeSource = CopySource;
export type TeeTarget = CopyTarget;

/**
 * Sends everything from `source` to each of `targets`, until the source ends. Where tee(2) and
 * splice(2) can do it, and that is for everything with a descriptor, no byte enters this process: a
 * target that is a pipe gets references to the same pages, any other gets them through a pipe of
 * its own.
 *
 * - A target that fails harms no other: it is left out, and the result has its error. The slowest
 *   one sets the pace, unless `onSlowTarget` says otherwise.
 * - None of them is closed, and no flag of theirs is changed. The event loop is never blocked.
 * - A stream that has no descriptor, or one with other bytes in it (TLS, HTTP, a decoded text), is
 *   read or written as a stream: its `method` is 'stream'.
 * - It is no snapshot: pages of a source that is a file may change before they have left.
 *
 * @param source an `Fd`, a number, a FileHandle, a `net.Socket`, a child's `stdout`,
 *   `process.stdin`, any readable stream of Node or the web
 * @param targets one or more of the same to write to
 * @param options.onTargetError 'drop' (as without): the others go on; 'abort': all ends with this
 *   error; or a function of the error and the target's index that answers one of the two
 * @param options.onSlowTarget 'wait' (as without), or 'drop': a target that the others wait for
 *   longer than `slowTargetTimeoutMs` (10 s) for one piece of at most 1 MiB fails, ERR_SLUICE_SLOW
 * @param options.idleTimeoutMs ends it with ERR_SLUICE_IDLE when no target got a byte for so long
 * @param options.minBytesPerSecond ends it with ERR_SLUICE_SLOW when the slowest target gets fewer,
 *   over ten seconds
 * @param options.limit how many bytes at most
 * @param options.signal ends it with an AbortError
 * @param options.onProgress told of all bytes so far, at most ten times a second, and at the end
 * @returns how many bytes were taken from the source; for each target its bytes, its method and,
 *   where it failed, its error
 * @throws the error of the source, or of the last target where all have failed; it has `bytes` and
 *   `result`. EBADF not open or not for this direction; EPIPE the reader has gone; ENOSPC, EIO the
 *   disk; ERR_SLUICE_CLOSED an `Fd` was closed meanwhile; ERR_SLUICE_UNSUPPORTED a socket of
 *   messages; ERR_SLUICE_SIGPIPE the signal is set to end this process; ERR_INVALID_ARG_TYPE,
 *   ERR_OUT_OF_RANGE as named
 * @see tee(2), splice(2)
 *
 * @example
 * ```ts
 * import { deepEqual, equal } from 'node:assert/strict';
 * import { open, pipe, tee } from 'sluice';
 *
 * const [source, copy] = [pipe(), pipe()];
 * using nothing = await open('/dev/null', 'w');
 * await source.writer.write(Buffer.from('twice'));
 * source.writer.close();
 * const { bytes, targets } = await tee(source.reader, [copy.writer, nothing]);
 * equal(bytes, 5);
 * deepEqual(targets, [{ bytes: 5, method: 'tee' }, { bytes: 5, method: 'splice' }]);
 * for (const made of [source, copy]) made[Symbol.dispose]();
 * ```
 */
export async function tee(
  source: TeeSource,
  targets: readonly TeeTarget[],
  options: TeeOptions = {},
): Promise<TeeResult> {
  checkTeeArguments(targets, options);
  const attached: Attached[] = [];
  const complete = (result: TeeResult) => completed(result, attached.slice(1));
  let ended = false;
  try {
    attached.push(await attachSource(source, options));
    for (const target of targets) attached.push(await attachTarget(target, options));
    const result = await teeAttached(attached, options);
    ended = result.bytes < (options.limit ?? Number.POSITIVE_INFINITY);
    for (const end of attached) await end.finish(ended);
    if (attached[0]?.failure !== undefined) {
      throw Object.assign(attached[0].failure, { bytes: result.bytes, result });
    }
    return complete(result);
  } catch (error) {
    for (const end of attached) end.stop();
    for (const end of attached) await end.finish(false);
    throw explained(error as TeeFailure, complete);
  }
}

/** With what the streams say, whose own errors count and not those of the pipes to them. */
function explained(error: TeeFailure, complete: (result: TeeResult) => TeeResult): Error {
  if (error.result === undefined) return error;
  const { bytes } = error;
  const at = error.result.targets.findIndex((target) => target.error === error);
  const result = complete(error.result);
  return Object.assign(result.targets[at]?.error ?? error, { bytes, result });
}

function teeAttached(
  [source, ...targets]: readonly Attached[],
  options: TeeOptions,
): Promise<TeeResult> {
  const { onTargetError } = options;
  const ends = targets.map(({ end }) => end);
  const { end } = source as Attached;
  if (typeof onTargetError !== 'function') return teeDescriptors(runtime, end, ends, options);
  const known = (error: Error, at: number) => onTargetError(targets[at]?.failure ?? error, at);
  return teeDescriptors(runtime, end, ends, { ...options, onTargetError: known });
}

/** What streams know better: how many bytes they took, and why no more. */
function completed(result: TeeResult, targets: readonly Attached[]): TeeResult {
  const results = result.targets.map((target, at) => {
    const { streamed, failure } = targets[at] as Attached;
    if (streamed === undefined) return target;
    const error = failure ?? target.error;
    const told = { bytes: streamed.bytes, method: 'stream' } as const;
    return error === undefined ? told : { ...told, error };
  });
  return { bytes: result.bytes, targets: results };
}
