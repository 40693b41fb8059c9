/**
 * Everything from one descriptor to another, by the best method that the two allow.
 */
import type { Runtime } from '../fd/runtime.js';
import { EAGAIN, EINTR } from '../kernel/errno.js';
import { check, throwIfAborted } from '../kernel/error.js';
import { awaitReady, describeEnds, type Ends } from './ends.js';
import { CALL_OF, isUnsupported, readWrite, startMover } from './mover.js';
import { type Method, route } from './route.js';

export interface CopyOptions {
  readonly signal?: AbortSignal | undefined;
  /** Runs after each step with all bytes moved so far. */
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

export interface CopyResult {
  readonly bytes: number;
  /** What moved the last of them. */
  readonly method: Method;
}

/** What else waits for this thread has its chance after so many steps. */
const STEPS_PER_TURN = 16;

/**
 * Copies from `source`, from where its offset is, to `target` until `source` ends. Closes neither
 * and changes no flag of theirs: what would block is called on a thread that may sleep.
 *
 * Rejects with the SystemError of the call that failed, or with an AbortError; how much had moved
 * by then,
 * `onProgress` has told.
 */
export async function copy(
  runtime: Runtime,
  source: number,
  target: number,
  options: CopyOptions = {},
): Promise<CopyResult> {
  const ends = describeEnds(runtime, source, target, options.signal);
  const ladder = route(ends.source.kind, ends.target.kind);
  let bytes = 0;
  for (const method of ladder) {
    const progress = await moveBy(ends, method, bytes, method === ladder.at(-1), options);
    bytes = progress.bytes;
    if (progress.ended) return { bytes, method };
  }
  throw new Error('the last method of a ladder ends or throws');
}

interface Progress {
  readonly bytes: number;
  /**
   * Whether the source has ended; otherwise the next method goes on from here, not a byte between.
   */
  readonly ended: boolean;
}

/**
 * Moves all it can by one method: to the end, or until the method shows that it does not work here.
 */
async function moveBy(
  ends: Ends,
  method: Method,
  before: number,
  last: boolean,
  options: CopyOptions,
): Promise<Progress> {
  const mover = startMover(ends, method);
  let bytes = before;
  let refusals = 0;
  try {
    for (let steps = 1; !mover.spent; steps++) {
      throwIfAborted(options.signal);
      let moved = await mover.step();
      refusals = moved === -EAGAIN ? refusals + 1 : 0;
      if (moved === -EAGAIN) moved = await afterRefusal(ends, refusals);
      bytes += Math.max(moved, 0);
      if (moved > 0) options.onProgress?.(bytes);
      else if (bytes === 0 && !last && declines(ends, moved)) break;
      else if (moved === 0) return { bytes, ended: true };
      else if (moved !== -EINTR) check(moved, CALL_OF[method], ends.source.fd);
      if (steps % STEPS_PER_TURN === 0) await ends.runtime.clock.yield();
    }
  } finally {
    mover.close();
  }
  return { bytes, ended: false };
}

/**
 * A file of /proc seems empty to all but read(2), so an end at once counts only from the last
 * method.
 */
function declines({ source }: Ends, moved: number): boolean {
  return moved === 0 ? source.kind === 'file' : isUnsupported(moved);
}

/**
 * After EAGAIN. Two ends that are ready and refuse again would be asked for ever: a pipe with free
 * bytes but no free slot, a socket at its urgent mark. One plain read gets past both. Answers what
 * it moved, 0 at the end, or −EINTR to try again.
 */
async function afterRefusal(ends: Ends, refusals: number): Promise<number> {
  if ((await awaitReady(ends)) || refusals < 2) return -EINTR;
  const moved = await readWrite(ends);
  if (moved !== -EAGAIN) return moved;
  await ends.runtime.clock.yield();
  return -EINTR;
}
