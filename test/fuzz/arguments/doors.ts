/** The calls through which the kernel calls back. */
import * as f from '../../../src/kernel/flags.js';
import { SLEEPING_CALLS } from '../../../src/kernel/kernel.js';
import { linux } from '../../../src/kernel/linux.js';
import type { Call } from './calls.js';
import { endLinuxDoors, LINUX_DOORS } from './doors-linux.js';
import { integerOf } from './edges.js';
import { isNoDescriptor, type Parameter } from './parameters.js';

const anything = () => true;

/** Epoll descriptors that nothing closes while they are watched. */
const watched = [0, 0, 0].map(() => linux.epoll_create1(f.EPOLL_CLOEXEC));

const watchable: Parameter = {
  valid: ({ random }) => random.pick(watched),
  allows: isNoDescriptor,
};

const SIGNALS = [f.SIGURG, f.SIGWINCH, 40, 41, 64];

/** Signals that nobody dies of, and numbers that are none. */
const signal: Parameter = {
  valid: ({ random }) => random.pick([...SIGNALS, 65, 0, -1, f.SIGKILL]),
  allows: (edge) => {
    const number = integerOf(edge);
    return number === undefined || number < 1 || number > 64;
  },
};

const ticket: Parameter = { valid: ({ random }) => 1 + random.below(300), allows: anything };
const flag: Parameter = { valid: ({ random }) => random.chance(0.3), allows: anything };
const listener: Parameter = { valid: () => () => {}, allows: anything };

export const DOORS: Readonly<Record<string, Call>> = {
  watch: { parameters: [watchable, listener] },
  hold: { parameters: [ticket, flag] },
  unwatch: { parameters: [ticket] },
  interrupt: { parameters: [ticket] },
  signal_watch: {
    parameters: [signal],
    settle: (result) => {
      if (result >= 0) linux.close(result);
    },
  },
  signal_unwatch: { parameters: [signal] },
  ...LINUX_DOORS,
};

/** Names for `offload`: those that sleep, and some that it has to refuse. */
export const OFFLOADED: readonly string[] = [...SLEEPING_CALLS, 'dup', 'mmap', 'close', 'nothing'];

/** Nothing of these keeps the program alive. */
export function endDoors(): void {
  for (let number = 0; number < 2 ** 16; number++) linux.unwatch(number);
  for (const number of SIGNALS) linux.signal_unwatch(number);
  endLinuxDoors();
}
