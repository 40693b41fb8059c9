/**
 * `sluice copy SRC DST`: by the best method that the two allow.
 */
import { copy } from '../../flow/copy.js';
import type { CopyResult } from '../../flow/copy-options.js';
import { type SystemError, throwIfAborted } from '../../kernel/error.js';
import { linuxRuntime as runtime } from '../../node/runtime.js';
import { Failure, isPipeGone, reason } from '../failure.js';
import type { OpenEnd } from '../open.js';
import type { Progress } from '../progress.js';

/** Which part of the source, and what may end the copy early. */
export interface Part {
  readonly offset?: number | undefined;
  readonly limit?: number | undefined;
  readonly idleTimeoutMs?: number | undefined;
  readonly signal: AbortSignal;
}

/** Throws a Failure that names both, an AbortError, or EPIPE where the reader has gone. */
export async function copyToOne(
  source: OpenEnd,
  target: OpenEnd,
  part: Part,
  line: Progress,
): Promise<CopyResult> {
  const onProgress = (moved: number) => line.update(moved);
  try {
    return await copy(runtime, source.fd, target.fd, { ...part, onProgress });
  } catch (error) {
    throwIfAborted(part.signal);
    if (isPipeGone(error)) throw error;
    const { bytes } = error as SystemError;
    throw new Failure(
      `'${source.name}' to '${target.name}': ${reason(error)}, after ${bytes} bytes`,
    );
  }
}
