/**
 * A copy the ordinary way: chunk by chunk through this process.
 */
import type { CopyOptions, CopyResult } from '../flow/copy-options.js';
import { Watch } from '../flow/watch.js';
import { AbortError } from '../kernel/error.js';
import type { ChunkSink, ChunkSource } from './chunks.js';
import { linuxRuntime as runtime } from './runtime.js';

const NOTHING = new Uint8Array();

/** Copies until the source ends or the limit is reached; closes neither. */
export async function copyChunks(
  source: ChunkSource,
  target: ChunkSink,
  options: CopyOptions,
): Promise<CopyResult<'stream'>> {
  const started = runtime.clock.now();
  const watch = new Watch(runtime, options);
  const limit = options.limit ?? Number.POSITIVE_INFINITY;
  let rest: Uint8Array = NOTHING;
  try {
    while (watch.bytes < limit) {
      const chunk = await unlessStopped(watch.signal, source.next(watch.signal));
      if (chunk === undefined) break;
      const piece = chunk.subarray(0, Math.min(chunk.length, limit - watch.bytes));
      rest = chunk.subarray(piece.length);
      await unlessStopped(watch.signal, target.write(piece, watch.signal));
      watch.moved(watch.bytes + piece.length);
    }
    watch.complete();
  } catch (error) {
    throw watch.failure(error);
  } finally {
    watch.end();
    source.release(rest);
    target.release();
  }
  const { bytes } = watch;
  const methods = bytes === 0 ? {} : { stream: bytes };
  return { bytes, method: 'stream', methods, durationMs: runtime.clock.now() - started };
}

/** The promise, or an AbortError as soon as the signal aborts. */
function unlessStopped<Value>(signal: AbortSignal, promise: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new AbortError(signal.reason));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop);
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
