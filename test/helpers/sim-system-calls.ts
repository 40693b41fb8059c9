/**
 * The calls of the helper process on a sim kernel: what it is given as registers, and the calls
 * that `Kernel` has not.
 */
import { EPERM, ESRCH } from '../../src/kernel/errno.js';
import { SystemError } from '../../src/kernel/error.js';
import * as f from '../../src/kernel/flags.js';
import type { Vector } from '../../src/kernel/kernel.js';
import { Inode } from '../../src/kernel/sim/file/inode.js';
import type { Process } from '../../src/kernel/sim/processes.js';
import type { SimKernel } from '../../src/kernel/sim/sim.js';
import type { Parameter } from './process.js';
import { type CallName, LAYOUTS } from './system-calls.js';

/** Who calls. */
interface Caller {
  readonly kernel: SimKernel;
  readonly caller: Process;
}

type OtherCall = (who: Caller, ...parameters: never[]) => number | undefined;

/** The answer of a call that `Kernel` has not, or has otherwise; undefined for all others. */
export function otherCall(
  who: Caller,
  name: CallName,
  parameters: readonly Parameter[],
): number | undefined {
  return OTHER_CALLS[name]?.(who, ...(parameters as never[]));
}

/** The parameters as `Kernel` has them. */
export function parametersOf(
  { kernel }: Caller,
  name: CallName,
  parameters: readonly Parameter[],
): unknown[] {
  if (name === 'accept4') return [parameters[0], parameters[3], null];
  return parameters.map((value, index) =>
    LAYOUTS[name].kinds[index] === 'vector' && value instanceof BigUint64Array
      ? vectorAt(kernel, value)
      : value,
  );
}

const APPEND_ONLY = 0x20;
const FS_IOC_SETFLAGS = 0x40086602;

const OTHER_CALLS: Partial<Record<CallName, OtherCall>> = {
  getpid: ({ caller }) => caller.pid,
  setpgid: ({ caller }, pid: number, group: number) => {
    const target = pid === 0 ? caller : caller.machine.processes.get(pid);
    if (target === undefined) return -ESRCH;
    target.group = group === 0 ? target.pid : group;
    return 0;
  },
  setsid: ({ caller }) => {
    if (caller.group === caller.pid) return -EPERM;
    caller.group = caller.pid;
    return caller.pid;
  },
  setresuid: ({ caller }, uid: number) => {
    if (!caller.isPrivileged && caller.uid !== uid) return -EPERM;
    caller.uid = uid;
    return 0;
  },
  setresgid: ({ caller }, gid: number) => {
    if (!caller.isPrivileged && caller.gid !== gid) return -EPERM;
    caller.gid = gid;
    return 0;
  },
  kill: ({ kernel }, pid: number, signal: number) => kernel.kill(pid, signal),
  mknodat: ({ kernel }, _directory: number, path: string, mode: number) =>
    errnoOf(() => kernel.mkfifo(path, mode & 0o7777)),
  lseek: ({ kernel }, fd: number, offset: number, whence: number) => {
    const position = new BigInt64Array(1);
    return kernel.lseek(fd, offset, whence, position) || Number(position[0]);
  },
  fcntl: ({ kernel }, fd: number, command: number) => {
    if (command !== f.F_GETOWN) return undefined;
    const owner = new Int32Array(2);
    const result = kernel.fcntl(fd, f.F_GETOWN_EX, owner);
    const [type, id = 0] = owner;
    return result || (type === f.F_OWNER_PGRP ? -id : id);
  },
  ioctl: ({ caller }, fd: number, request: number, flags: Int32Array) => {
    const object = caller.table.get(fd)?.object;
    if (request !== FS_IOC_SETFLAGS || !(object instanceof Inode)) return undefined;
    object.isAppendOnly = ((flags[0] ?? 0) & APPEND_ONLY) !== 0;
    return 0;
  },
};

function errnoOf(deed: () => void): number {
  try {
    deed();
    return 0;
  } catch (error) {
    if (error instanceof SystemError) return error.errno;
    throw error;
  }
}

/** The iovec at an address: [address, count]. What cannot be read names nothing. */
function vectorAt(kernel: SimKernel, [address = 0n, count = 0n]: BigUint64Array): Vector {
  if (count > f.IOV_MAX) return Array(f.IOV_MAX + 1).fill(new Uint8Array(0));
  const words = new BigUint64Array(2 * Number(count));
  kernel.load(address, new Uint8Array(words.buffer));
  return Array.from({ length: Number(count) }, (_, index) => words.subarray(2 * index));
}
