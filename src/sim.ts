/**
 * Kernels that are not just Linux: decorators that trace and fail, and the runtime over any of
 * them. This entry is browser compatible.
 */
export {
  type CallName,
  type Fault,
  type FaultPlan,
  fault,
  type RandomFaults,
} from './kernel/fault.js';
export type * from './kernel/kernel.js';
export { trace } from './kernel/trace.js';
