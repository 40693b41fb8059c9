/**
 * `sluice copy SRC DST`: everything from one to the other, by the best method the two allow; and to
 * more targets in the same pass.
 */
import { linger0, sayEnd } from '../flow/finish.js';
import { SystemError } from '../kernel/error.js';
import * as f from '../kernel/flags.js';
import { linuxRuntime as runtime } from '../node/runtime.js';
import { copyToOne, type Part } from './copy/one.js';
import { type Endpoint, parseEndpoint } from './endpoint.js';
import { EXIT_FAILURE, Failure, failure, reason, UsageFailure } from './failure.js';
import { isRegular, isSameFile, isSocket, type OpenEnd, openEnd } from './open.js';
import { complain, print } from './output.js';
import { SILENT, startProgress } from './progress.js';

export interface CopyCommandOptions extends Part {
  /** More targets, which get the same. */
  readonly tees: readonly string[];
  /** One line for a machine, when all is done. */
  readonly json: boolean;
}

/** What has become of a copy, as `--json` prints it but for the time. */
interface Done {
  readonly bytes: number;
  readonly method: string;
  /** Where there are several. */
  readonly targets?: readonly DoneTarget[];
}

interface DoneTarget {
  readonly name: string;
  readonly bytes: number;
  readonly method: string;
  readonly error?: string;
}

/**
 * Runs the command; answers its exit status. Throws a Failure in words for a person, an AbortError,
 * or EPIPE where the reader has gone.
 */
export async function copyCommand(
  source: string,
  target: string,
  options: CopyCommandOptions,
): Promise<number> {
  const { signal } = options;
  const from = parse(source);
  const to = [target, ...options.tees].map((name) => ({ name, endpoint: parse(name) }));
  const started = runtime.clock.now();
  const onListening = (address: string) => complain(`sluice: copy: listening on ${address}`);
  const context = { runtime, signal, onListening };
  using left = await openEnd(context, from, 'source', source);
  const targets: OpenEnd[] = [];
  try {
    for (const { name, endpoint } of to) {
      targets.push(await openEnd(context, endpoint, 'target', name));
    }
    prepare(left, targets);
    const done = await copyWithProgress(left, targets, options);
    await finish(targets, done, signal);
    const toStandard = to.some(({ endpoint }) => endpoint.kind === 'standard');
    if (options.json) report(done, toStandard, runtime.clock.now() - started);
    return done.targets?.some(({ error }) => error !== undefined) ? EXIT_FAILURE : 0;
  } finally {
    for (const end of targets) end[Symbol.dispose]();
  }
}

function parse(text: string): Endpoint {
  try {
    return parseEndpoint(text);
  } catch (error) {
    throw new UsageFailure((error as Error).message);
  }
}

/**
 * Files that are there already are emptied, but not before each is known to be another one than the
 * source and the other targets.
 */
function prepare(source: OpenEnd, targets: readonly OpenEnd[]): void {
  for (const [at, target] of targets.entries()) {
    const same = [source, ...targets.slice(0, at)].find((other) => isSameFile(other, target));
    if (same === undefined) continue;
    throw new Failure(`'${same.name}' and '${target.name}' are the same file`);
  }
  for (const target of targets) empty(target);
}

function empty({ name, fd, stat, borrowed }: OpenEnd): void {
  if (!isRegular(stat) || stat[f.STAT_SIZE] === 0n || borrowed) return;
  const result = runtime.kernel.ftruncate(fd, 0);
  if (result < 0) throw failure(name, new SystemError(result, { syscall: 'ftruncate' }));
}

async function copyWithProgress(
  source: OpenEnd,
  targets: readonly OpenEnd[],
  { offset, limit, idleTimeoutMs, signal, json }: CopyCommandOptions,
): Promise<Done> {
  const total = sizeOf(source, offset, limit);
  const line = json ? SILENT : await startProgress(total, runtime.clock.now);
  const part = { offset, limit: limit && (total ?? limit), idleTimeoutMs, signal };
  const [first] = targets as [OpenEnd];
  try {
    if (targets.length === 1) return await copyToOne(source, first, part, line);
    // Most copies have one target, and start sooner without the other engine.
    const { copyToAll } = await import('./copy/all.js');
    const { bytes, targets: results } = await copyToAll(source, targets, part, line);
    const all = results.map(({ error, ...rest }, at) => ({
      name: (targets[at] as OpenEnd).name,
      ...rest,
      ...(error === undefined ? {} : { error: reason(error) }),
    }));
    return { bytes, method: (all[0] as DoneTarget).method, targets: all };
  } catch (error) {
    // Nobody got everything: over a connection that is seen as a reset.
    for (const { fd } of targets) linger0(runtime, fd);
    throw error;
  } finally {
    line.stop();
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

/**
 * Says the end to connections and closes everything, where late trouble is told. Who did not get
 * everything sees a reset instead.
 */
async function finish(
  targets: readonly OpenEnd[],
  { targets: results = [] }: Done,
  signal: AbortSignal,
): Promise<void> {
  const finishing = targets.map(async (target, at) => {
    if (results[at]?.error === undefined) await finishOne(target, signal);
    else linger0(runtime, target.fd);
  });
  for (const finished of await Promise.allSettled(finishing)) {
    if (finished.status === 'rejected') throw finished.reason;
  }
}

async function finishOne(target: OpenEnd, signal: AbortSignal): Promise<void> {
  if (isSocket(target.stat)) await sayEnd(runtime, target.fd, signal);
  target.close();
}

/** On stdout, unless that is where the bytes went. */
function report({ bytes, method, targets }: Done, toStandard: boolean, durationMs: number): void {
  const line = { bytes, method, durationMs: Math.round(durationMs), targets };
  (toStandard ? complain : print)(JSON.stringify(line));
}
