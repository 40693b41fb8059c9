/**
 * `sluice copy SRC DST --tee FILE`: one pass over the source, and every target has all of it.
 */
import type { TeeFailure, TeeResult } from '../../flow/tee/options.js';
import { tee } from '../../flow/tee.js';
import { SystemError, throwIfAborted } from '../../kernel/error.js';
import * as f from '../../kernel/flags.js';
import { linuxRuntime as runtime } from '../../node/runtime.js';
import { Failure, failure, isPipeGone, reason } from '../failure.js';
import type { OpenEnd } from '../open.js';
import type { Progress } from '../progress.js';
import type { Part } from './one.js';

/**
 * A target that fails is told at once and left out, and its error is in the result; the others go
 * on. Throws a Failure that names the source, an AbortError, or EPIPE where the reader of standard
 * output has gone, as it ends tee(1).
 */
export async function copyToAll(
  source: OpenEnd,
  targets: readonly OpenEnd[],
  { offset, ...part }: Part,
  line: Progress,
): Promise<TeeResult> {
  if (offset !== undefined) seek(source, offset);
  let nobodyReads: Error | undefined;
  const onTargetError = (error: Error, at: number) => {
    const { name } = targets[at] as OpenEnd;
    if (name === '-' && isPipeGone(error)) {
      nobodyReads = error;
      return 'abort';
    }
    line.say(`sluice: copy: '${source.name}' to '${name}': ${reason(error)}`);
    return 'drop';
  };
  const onProgress = (moved: number) => line.update(moved);
  const fds = targets.map(({ fd }) => fd);
  try {
    return await tee(runtime, source.fd, fds, { ...part, onProgress, onTargetError });
  } catch (error) {
    throwIfAborted(part.signal);
    if (nobodyReads !== undefined) throw nobodyReads;
    return resultOf(source, error as Partial<TeeFailure> & Error);
  }
}

function seek({ name, fd }: OpenEnd, offset: number): void {
  const result = runtime.kernel.lseek(fd, offset, f.SEEK_SET, new BigInt64Array(1));
  if (result < 0) throw failure(name, new SystemError(result, { syscall: 'lseek' }));
}

/** Where the last target is lost that has been told, and each has its error in the result. */
function resultOf({ name }: OpenEnd, error: Partial<TeeFailure> & Error): TeeResult {
  const { result } = error;
  const isTold = result?.targets.every((target) => target.error !== undefined);
  if (result !== undefined && isTold) return result;
  throw new Failure(`'${name}': ${reason(error)}, after ${error.bytes ?? 0} bytes`);
}
