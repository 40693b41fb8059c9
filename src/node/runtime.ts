/**
 * The runtime of this machine: Linux, the poller over it, Node's clock. SLUICE_LEAKS=1 has
 * forgotten descriptors and mappings reported as warnings.
 */
import type { Leak } from '../fd/runtime.js';
import { linux } from '../kernel/linux.js';
import { offload } from '../kernel/offload.js';
import { Quarantine } from '../memory/quarantine.js';
import type { MemoryRuntime } from '../memory/runtime.js';
import { createPoller } from '../poll/poller.js';
import { keepGuard } from './bus-signal.js';
import { channels } from './channels.js';
import { realClock } from './clock.js';
import { mayHoldAddresses } from './loaded.js';

export const linuxRuntime: MemoryRuntime = {
  kernel: linux,
  clock: realClock,
  poller: createPoller(linux, realClock),
  tracer: channels,
  quarantine: new Quarantine(linux, mayHoldAddresses),
  pause: (delayMs) => new Promise((resolve) => setTimeout(resolve, delayMs)),
  offload: (name, parameters, signal) => offload(linux, name, parameters, signal),
  ...(process.env.SLUICE_LEAKS === '1' ? { onLeak: warn } : {}),
};

keepGuard();

function warn({ fd, stack, mapping }: Leak): void {
  const what = mapping ? `the mapping of the descriptor ${fd}` : `the descriptor ${fd}`;
  const message = `${what} was never closed`;
  process.emitWarning(message, { type: 'SluiceLeak', code: 'SLUICE_LEAK', detail: stack });
}
