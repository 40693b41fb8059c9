/**
 * A tap in a pipeline: what one child says to the next goes to others as well, by tee(2).
 */
import type { Fd } from '../fd/fd.js';
import { closeEnds } from '../fd/pipe.js';
import type { TeeFailure, TeeResult } from '../flow/tee/options.js';
import { type TeeTarget, tee } from './tee.js';

export interface Tap {
  /** What everybody has in the end: `targets[0]` is the next child. Never rejects. */
  readonly result: Promise<TeeResult>;
  stop(): void;
}

/**
 * From `source` to `next` and to `targets`; closes `source` and `next` in the end. Where the next
 * child has ended all is over, so that the one before hears of it by SIGPIPE; a target that fails
 * is left out. `onFailure` hears of all else: the next child would take what was cut off for whole.
 */
export function tapStream(
  source: Fd,
  next: Fd,
  targets: readonly TeeTarget[],
  onFailure: (error: Error) => void,
): Tap {
  const controller = new AbortController();
  const onTargetError = (_error: Error, target: number) => (target === 0 ? 'abort' : 'drop');
  const options = { signal: controller.signal, onTargetError } as const;
  const result = tee(source, [next, ...targets], options)
    .catch((failure: TeeFailure) => {
      if ((failure as NodeJS.ErrnoException).code !== 'EPIPE') onFailure(failure);
      return failure.result ?? NOTHING;
    })
    .finally(() => closeEnds(source, next));
  return { result, stop: () => controller.abort() };
}

const NOTHING: TeeResult = { bytes: 0, targets: [] };
