/**
 * One source to many targets. The bytes stay in the kernel: tee(2) hands the same pages to every
 * target, and what all of them have is taken out of the source. This module is browser compatible.
 */
import { Fd } from '../fd/fd.js';
import type { Runtime } from '../fd/runtime.js';
import type { Descriptor } from '../kernel/argument.js';
import { throwIfAborted } from '../kernel/error.js';
import { Engine } from './engine.js';
import { Copier } from './tee/copier.js';
import { openDistributor } from './tee/distributor.js';
import { Loans, type TeeEnd } from './tee/end.js';
import { Group } from './tee/group.js';
import { checkTeeArguments, type TeeOptions, type TeeResult } from './tee/options.js';
import { traced, tracedKind } from './traced.js';

/**
 * Sends everything from `source`, from where its offset is, to each of `targets`, until the source
 * ends: see `tee` of `sluice`, in `src/node/tee.ts`. Closes none of them and changes no flag of
 * theirs. What an error that it rejects with has beside it is a `TeeFailure`.
 */
export async function tee(
  runtime: Runtime,
  source: Descriptor,
  targets: readonly Descriptor[],
  options: TeeOptions = {},
): Promise<TeeResult> {
  checkTeeArguments(targets, options);
  const describe = () => ({
    source: tracedKind(runtime, source),
    targets: targets.map((target) => tracedKind(runtime, target)),
    options,
  });
  return traced(runtime, 'tee', describe, () => distribute(runtime, source, targets, options));
}

async function distribute(
  runtime: Runtime,
  source: Descriptor,
  targets: readonly Descriptor[],
  options: TeeOptions,
): Promise<TeeResult> {
  throwIfAborted(options.signal);
  Engine.of(runtime).refuseDeadly();
  const loans = new Loans(runtime);
  try {
    const from = loans.borrow(source, 'source', 'source');
    const ends = targets.map((one, at) => loans.borrow(one, 'target', `targets[${at}]`));
    return await teeBetween(new Group(runtime, ends, options), from, source);
  } finally {
    loans.release();
  }
}

async function teeBetween(group: Group, from: TeeEnd, source: Descriptor): Promise<TeeResult> {
  group.follow(from);
  let failure: Error | undefined;
  try {
    await run(group, from, await takeHead(source, group.remaining));
  } catch (error) {
    failure = error as Error;
  }
  await group.close();
  const { result } = group;
  failure = group.failure ?? failure;
  if (failure !== undefined) throw Object.assign(failure, { bytes: result.bytes, result });
  return result;
}

/** Inside the kernel, or through memory where it turns out at once that this cannot be. */
async function run(group: Group, source: TeeEnd, head: Uint8Array): Promise<void> {
  const distributor = openDistributor(group, source, head);
  if (distributor === undefined) return new Copier(group, source).run(head);
  try {
    await distributor.run();
  } finally {
    distributor.close();
  }
}

/** What had been read from the source before it was adopted goes first. */
async function takeHead(source: Descriptor, limit: number): Promise<Uint8Array> {
  const length = source instanceof Fd ? Math.min(source.buffered, limit) : 0;
  const head = new Uint8Array(length);
  return length === 0 ? head : head.subarray(0, await (source as Fd).read(head));
}
