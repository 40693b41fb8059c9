/**
 * Kernels that are not just Linux: the sim kernel, decorators that trace and fail, and the runtime
 * over any of them. Linux's constants and errnos are here too, because those of another system are
 * other numbers. This entry is browser compatible.
 */
export type { FlowName, Leak, Tracer } from './fd/runtime.js';
export { createRuntime, type Functions, type RuntimeOptions } from './flow/functions.js';
export {
  decodeAddress,
  encodeAddress,
  type Inet6Address,
  type InetAddress,
  type OtherAddress,
  type SocketAddress,
  type UnixAddress,
} from './kernel/address.js';
export type { Clock } from './kernel/clock.js';
export * from './kernel/errno.js';
export {
  type CallName,
  type Fault,
  type FaultPlan,
  fault,
  planToCode,
  type RandomFaults,
} from './kernel/fault.js';
export * from './kernel/flags.js';
export type * from './kernel/kernel.js';
export type { VirtualClock } from './kernel/sim/clock.js';
export type { ActionOptions, ProcessSignals } from './kernel/sim/event/process-signals.js';
export type { Names } from './kernel/sim/file/names.js';
export type * from './kernel/sim/inspect.js';
export type { SimClock, SimOptions } from './kernel/sim/machine.js';
export { Scheduler, type SchedulerOptions } from './kernel/sim/schedule.js';
export type { Action, SignalInfo } from './kernel/sim/signals.js';
export { type ForkOptions, SimKernel } from './kernel/sim/sim.js';
export type * from './kernel/sim/states.js';
export { trace } from './kernel/trace.js';
