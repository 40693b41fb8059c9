/**
 * The runtime of this machine: Linux, the poller over it, Node's clock. SLUICE_LEAKS=1 has
 * forgotten descriptors reported as warnings.
 */
import type { Leak, Runtime } from '../fd/runtime.js';
import { linux } from '../kernel/linux.js';
import { offload } from '../kernel/offload.js';
import { createPoller } from '../poll/poller.js';
import { channels } from './channels.js';
import { realClock } from './clock.js';

export const linuxRuntime: Runtime = {
  kernel: linux,
  clock: realClock,
  poller: createPoller(linux, realClock),
  tracer: channels,
  offload: (name, parameters, signal) => offload(linux, name, parameters, signal),
  ...(process.env.SLUICE_LEAKS === '1' ? { onLeak: warn } : {}),
};

function warn({ fd, stack }: Leak): void {
  const message = `the descriptor ${fd} was never closed`;
  process.emitWarning(message, { type: 'SluiceLeak', code: 'SLUICE_LEAK', detail: stack });
}
