/**
 * Forgotten descriptors, reported when the garbage collector finds them. They are never closed by
 * it: the number may have been given away, and a close at a time nobody chose is worse than a leak
 * that is named. Costs nothing where `runtime.onLeak` is not set. This module is browser
 * compatible.
 */
import type { Leak, Runtime } from './runtime.js';

/**
 * The stack of the caller, where leaks are reported; taken before the first `await` of an opening.
 */
export function openingStack(runtime: Runtime): string | undefined {
  if (runtime.onLeak === undefined) return undefined;
  return new Error('opened here').stack;
}

/** From now on `owner` is reported once if it is collected without `settle`. */
export function expectClose(
  owner: object,
  fd: number,
  runtime: Runtime,
  stack: string | undefined,
): void {
  const { onLeak } = runtime;
  if (onLeak === undefined) return;
  registry.register(owner, { leak: { fd, stack: stack ?? '' }, onLeak }, owner);
}

/** The owner closed its number or gave it away. */
export function settle(owner: object, runtime: Runtime): void {
  if (runtime.onLeak !== undefined) registry.unregister(owner);
}

interface Expectation {
  readonly leak: Leak;
  readonly onLeak: (leak: Leak) => void;
}

const registry = new FinalizationRegistry<Expectation>(({ leak, onLeak }) => onLeak(leak));
