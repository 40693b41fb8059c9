/**
 * What is asked of descriptors by number: fcntl(2) commands and socket options, the harmless ones.
 */
import { isBigInt64Array, isInt32Array } from 'node:util/types';
import * as f from '../../../src/kernel/flags.js';
import { integerOf } from './edges.js';
import { oneOf, type Parameter } from './parameters.js';
import type { World } from './world.js';

export function commands(): number[] {
  const { F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_SETOWN, F_GETOWN, F_SETSIG, F_GETSIG } = f;
  const { F_SETOWN_EX, F_GETOWN_EX, F_OFD_GETLK, F_OFD_SETLK, F_DUPFD_CLOEXEC } = f;
  const { F_SETPIPE_SZ, F_GETPIPE_SZ, F_ADD_SEALS, F_GET_SEALS } = f;
  const plain = [F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_SETOWN, F_GETOWN, F_SETSIG];
  const others = [F_GETSIG, F_SETOWN_EX, F_GETOWN_EX, F_OFD_GETLK, F_OFD_SETLK, F_DUPFD_CLOEXEC];
  return [...plain, ...others, F_SETPIPE_SZ, F_GETPIPE_SZ, F_ADD_SEALS, F_GET_SEALS];
}

export function fcntlWords({ random }: World): Int32Array | BigInt64Array {
  if (random.chance(0.3)) return new Int32Array(random.below(4));
  const numbers = Array.from({ length: 4 + random.below(2) }, () => BigInt(random.below(4)));
  return new BigInt64Array(numbers);
}

/**
 * Signals only to this process, and only those that nobody dies of. No description may become
 * blocking.
 */
const FCNTL_ARGUMENT: Readonly<Record<number, (world: World) => unknown>> = {
  [f.F_SETFL]: ({ random }) =>
    f.O_NONBLOCK | random.pick([0, f.O_APPEND, f.O_ASYNC, f.O_DIRECT, -1]),
  [f.F_SETOWN]: ({ random }) => random.pick([0, process.pid, 2 ** 30, -(2 ** 31)]),
  [f.F_SETSIG]: ({ random }) => random.pick([0, f.SIGURG, f.SIGWINCH, f.SIGIO, 65, -1]),
  [f.F_SETPIPE_SZ]: ({ random }) => random.pick([0, 1, 4096, 65_537, 1 << 20, -1]),
  [f.F_ADD_SEALS]: ({ random }) => random.below(32),
  [f.F_SETFD]: ({ random }) => random.below(2),
  [f.F_DUPFD]: ({ random }) => random.pick([0, 100, -1, 2 ** 30]),
  [f.F_DUPFD_CLOEXEC]: ({ random }) => random.pick([0, 100, -1, 2 ** 30]),
};

export function tameFcntl(values: unknown[], world: World): void {
  const command = (integerOf(values[1]) ?? -1) | 0;
  // Made here and now it would wait for ever.
  if (command === f.F_OFD_SETLKW) values[1] = f.F_OFD_SETLK;
  const argument = values[2];
  const make = FCNTL_ARGUMENT[command];
  const isPlain = isInt32Array(argument) || isBigInt64Array(argument);
  if (make !== undefined && (isPlain || integerOf(argument) !== undefined)) values[2] = make(world);
  if (command === f.F_SETOWN_EX && isInt32Array(argument) && argument.length > 1) {
    argument[0] = world.random.below(4);
    argument[1] = world.random.pick([0, process.pid, 2 ** 30]);
  }
}

/** Options that hold no pointer, load no module and let no close wait. */
const OPTIONS: readonly (readonly [level: number, options: readonly number[]])[] = [
  [f.SOL_SOCKET, [2, 3, 4, 6, 7, 8, 9, 10, 15, 17, 20, 21, 30, 38, 39]],
  [f.IPPROTO_TCP, [1, 3, 4, 5, 6, 9, 11, 18]],
  [f.IPPROTO_IPV6, [26]],
];

export function socketOption(): Parameter[] {
  return [
    oneOf(...OPTIONS.map(([level]) => level)),
    oneOf(...OPTIONS.flatMap(([, options]) => options)),
  ];
}

export function tameOption(values: unknown[], { random }: World): void {
  const [level, option] = [integerOf(values[1]), integerOf(values[2])];
  if (level === undefined || option === undefined || level < 0 || option < 0) return;
  const [safe, options] = random.pick(OPTIONS);
  values[1] = safe;
  values[2] = random.pick(options);
}
