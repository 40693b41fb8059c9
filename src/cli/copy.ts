/**
 * `sluice copy SRC DST`: everything from one to the other, by the best method the two allow.
 */
import { copy } from '../flow/copy.js';
import type { CopyResult } from '../flow/copy-options.js';
import { linger0, sayEnd } from '../flow/finish.js';
import { SystemError, throwIfAborted } from '../kernel/error.js';
import * as f from '../kernel/flags.js';
import { linuxRuntime as runtime } from '../node/runtime.js';
import { type Endpoint, parseEndpoint } from './endpoint.js';
import { Failure, failure, isPipeGone, reason, UsageFailure } from './failure.js';
import { isRegular, isSameFile, isSocket, type OpenEnd, openEnd } from './open.js';
import { complain, print } from './output.js';
import { startProgress } from './progress.js';

export interface CopyCommandOptions {
  /** Where to begin in the source, and how many bytes at most. */
  readonly offset?: number | undefined;
  readonly limit?: number | undefined;
  readonly idleTimeoutMs?: number | undefined;
  /** One line for a machine, when all is done. */
  readonly json: boolean;
  readonly signal: AbortSignal;
}

/** Runs the command. Throws a Failure in words for a person, or an AbortError. */
export async function copyCommand(
  source: string,
  target: string,
  options: CopyCommandOptions,
): Promise<void> {
  const { json, signal } = options;
  const endpoints = [parse(source), parse(target)] as const;
  const started = runtime.clock.now();
  const onListening = (address: string) => complain(`sluice: copy: listening on ${address}`);
  const context = { runtime, signal, onListening };
  using left = await openEnd(context, endpoints[0], 'source', source);
  using right = await openEnd(context, endpoints[1], 'target', target);
  prepare(left, right);
  const result = await copyWithProgress(left, right, options);
  if (isSocket(right.stat)) await sayEnd(runtime, right.fd, signal);
  right.close();
  if (json) report(result, endpoints[1], runtime.clock.now() - started);
}

function parse(text: string): Endpoint {
  try {
    return parseEndpoint(text);
  } catch (error) {
    throw new UsageFailure((error as Error).message);
  }
}

/**
 * A file that is there already is emptied, but not before it is known to be another one than the
 * source.
 */
function prepare(source: OpenEnd, target: OpenEnd): void {
  if (isSameFile(source, target)) {
    throw new Failure(`'${source.name}' and '${target.name}' are the same file`);
  }
  const isEmpty = !isRegular(target.stat) || target.stat[f.STAT_SIZE] === 0n;
  if (isEmpty || target.borrowed) return;
  const result = runtime.kernel.ftruncate(target.fd, 0);
  if (result < 0) throw failure(target.name, new SystemError(result, { syscall: 'ftruncate' }));
}

async function copyWithProgress(
  source: OpenEnd,
  target: OpenEnd,
  { offset, limit, idleTimeoutMs, json, signal }: CopyCommandOptions,
): Promise<CopyResult> {
  const total = sizeOf(source, offset, limit);
  const line = json ? undefined : startProgress(total, runtime.clock.now);
  const part = { offset, limit: limit && (total ?? limit), idleTimeoutMs };
  const onProgress = (moved: number) => line?.update(moved);
  try {
    return await copy(runtime, source.fd, target.fd, { ...part, signal, onProgress });
  } catch (error) {
    linger0(runtime, target.fd);
    throwIfAborted(signal);
    if (isPipeGone(error)) throw error;
    const { bytes } = error as SystemError;
    throw new Failure(
      `'${source.name}' to '${target.name}': ${reason(error)}, after ${bytes} bytes`,
    );
  } finally {
    line?.stop();
  }
}

/**
 * How many bytes there are to copy, as far as a file tells: one of proc(5) says 0, and a file that
 * is shorter than the limit is no error, like head(1).
 */
function sizeOf(
  { fd, stat }: OpenEnd,
  offset: number | undefined,
  limit = Number.POSITIVE_INFINITY,
): number | undefined {
  const size = isRegular(stat) ? Number(stat[f.STAT_SIZE]) : 0;
  if (size === 0) return undefined;
  const position = new BigInt64Array(1);
  runtime.kernel.lseek(fd, 0, f.SEEK_CUR, position);
  return Math.min(limit, Math.max(size - (offset ?? Number(position[0])), 0));
}

/** On stdout, unless that is where the bytes went. */
function report({ bytes, method }: CopyResult, target: Endpoint, durationMs: number): void {
  const line = JSON.stringify({ bytes, method, durationMs: Math.round(durationMs) });
  (target.kind === 'standard' ? complain : print)(line);
}
