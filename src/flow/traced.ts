/**
 * Flows tell of themselves to whoever watches them from outside: a monitor, a profiler. This module
 * is browser compatible.
 */
import { Fd } from '../fd/fd.js';
import type { FlowName, Runtime } from '../fd/runtime.js';
import type { Descriptor } from '../kernel/argument.js';
import type { CopyOptions, CopyResult } from './copy-options.js';
import { kindOfNumber } from './ends.js';
import type { RelayOptions, RelayResult } from './relay-options.js';
import type { Kind, Method } from './route.js';
import type { TeeOptions, TeeResult } from './tee/options.js';

/** How a flow has ended. */
export interface Ending<Result> {
  /** What the promise resolves with: bytes, methods. */
  result?: Result;
  /** What it rejects with; it tells how many bytes had arrived. */
  error?: Error;
  durationMs?: number;
}

/**
 * What an end is: 'other' where it cannot be told, for instance because it is not open; 'stream'
 * for one of Node or the web that has no descriptor for its bytes.
 */
export type TracedKind = Kind | 'stream';

/** A `copy`. */
export interface CopyTrace extends Ending<CopyResult<Method | 'stream'>> {
  readonly source: TracedKind;
  readonly target: TracedKind;
  readonly options: CopyOptions;
}

/** A `tee`. A stream is joined to it by a pipe, and a copy of its own. */
export interface TeeTrace extends Ending<TeeResult> {
  readonly source: TracedKind;
  readonly targets: readonly TracedKind[];
  readonly options: TeeOptions;
}

/** A `relay`. */
export interface RelayTrace extends Ending<RelayResult> {
  readonly a: TracedKind;
  readonly b: TracedKind;
  readonly options: RelayOptions;
}

/** One object a flow, which every event of it gets. */
export interface Traces {
  readonly copy: CopyTrace;
  readonly relay: RelayTrace;
  readonly tee: TeeTrace;
}

/** Runs the flow. Where nobody listens that is all. */
export function traced<Name extends FlowName, Result>(
  { tracer, clock }: Runtime,
  name: Name,
  describe: () => Traces[Name],
  run: () => Promise<Result>,
): Promise<Result> {
  if (tracer === undefined || !tracer.listens(name)) return run();
  const started = clock.now();
  const trace = describe();
  return tracer.trace(name, trace, async () => {
    try {
      return await run();
    } finally {
      trace.durationMs = clock.now() - started;
    }
  });
}

/** What a descriptor is, for those who only want to know. */
export function tracedKind({ kernel }: Runtime, descriptor: Descriptor): TracedKind {
  try {
    if (!(descriptor instanceof Fd)) {
      return kindOfNumber(kernel, typeof descriptor === 'number' ? descriptor : descriptor.fd);
    }
    const loan = descriptor.lend();
    try {
      return kindOfNumber(kernel, loan.fd);
    } finally {
      loan.giveBack();
    }
  } catch {
    return 'other';
  }
}
