/**
 * A call of a flow, made where it may sleep without harm. This module is browser compatible.
 */
import type { Runtime } from '../fd/runtime.js';
import type { Kernel, SleepingCall } from '../kernel/kernel.js';

/** On this thread, or on another where it may sleep; `signal` ends the sleep. */
export function call<Name extends SleepingCall>(
  runtime: Runtime,
  sleeps: boolean,
  signal: AbortSignal | undefined,
  name: Name,
  ...parameters: Parameters<Kernel[Name]>
): number | Promise<number> {
  if (sleeps) return runtime.offload(name, parameters, signal);
  const now = runtime.kernel[name] as (...parameters: Parameters<Kernel[Name]>) => number;
  return now(...parameters);
}
