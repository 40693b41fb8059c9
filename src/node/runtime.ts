/**
 * The runtime of this machine: Linux, the poller over it, Node's clock.
 */
import type { Runtime } from '../fd/runtime.js';
import { linux } from '../kernel/linux.js';
import { offload } from '../kernel/offload.js';
import { createPoller } from '../poll/poller.js';
import { realClock } from './clock.js';

export const linuxRuntime: Runtime = {
  kernel: linux,
  clock: realClock,
  poller: createPoller(linux, realClock),
  offload: (name, parameters, signal) => offload(linux, name, parameters, signal),
};
