/** Making shared memory, and opening what another process has made. */
import { adopt } from '../fd/adopt.js';
import { Fd } from '../fd/fd.js';
import * as argument from '../kernel/argument.js';
import { EINVAL } from '../kernel/errno.js';
import { check, retry, SluiceError, SystemError } from '../kernel/error.js';
import * as f from '../kernel/flags.js';
import { createBell } from './doorbell.js';
import { entrusted } from './entrusted.js';
import { map } from './map.js';
import type { MemoryRuntime } from './runtime.js';
import type { Parts } from './shared.js';
import {
  bare,
  checkName,
  checkOpenOptions,
  checkSharedMemoryOptions,
  type OpenSharedMemoryOptions,
  pathOf,
  type Seal,
  type SharedMemoryOptions,
} from './shared-options.js';

/** The process that this is in. */
export interface Host {
  readonly pid: number;
  unlink(path: string): void;
}

const SIZE_SEALS = f.F_SEAL_SHRINK | f.F_SEAL_GROW;
const SEALS: Readonly<Record<Exclude<Seal, false>, number>> = {
  size: SIZE_SEALS | f.F_SEAL_SEAL,
  'future-write': SIZE_SEALS | f.F_SEAL_FUTURE_WRITE | f.F_SEAL_SEAL,
};
/**
 * As shm_open(3), whose files are this user's. O_NONBLOCK: a FIFO would have to wait for its peer.
 */
const OPEN = f.O_CLOEXEC | f.O_NOFOLLOW | f.O_NONBLOCK;
const PRIVATE = 0o600;
/** No program: required where vm.memfd_noexec is 2, unknown before Linux 6.3. */
const MFD_NOEXEC_SEAL = 8;

export function createParts(
  runtime: MemoryRuntime,
  host: Host,
  bytes: number,
  options: SharedMemoryOptions = {},
): Parts {
  argument.positiveCount(bytes, 'bytes');
  checkSharedMemoryOptions(options);
  const { name, seal = name === undefined ? 'size' : false } = options;
  const { doorbell = name === undefined } = options;
  const fd =
    name === undefined ? createMemfd(runtime, bytes) : createNamed(runtime, host, bytes, name);
  const made: Parts['mapping'][] = [];
  try {
    const mapping = mapAll(runtime, fd, bytes);
    made.push(mapping);
    // After the mapping: F_SEAL_FUTURE_WRITE leaves those alone that there are.
    if (seal !== false) addSeals(runtime, fd.fd, SEALS[seal]);
    const bell = doorbell ? new Fd(runtime, createBell(runtime)) : undefined;
    const parts = { runtime, pid: host.pid, mapping, ...keep(runtime, fd, bell) };
    return { ...parts, name: name && bare(name), readOnly: false };
  } catch (error) {
    for (const one of [...made, fd]) one.close();
    if (name !== undefined) host.unlink(pathOf(name));
    throw error;
  }
}

/**
 * @param source a name; a number, which is ours then; or an object whose descriptor is duplicated
 */
export function openParts(
  runtime: MemoryRuntime,
  host: Host,
  source: string | argument.Descriptor,
  options: OpenSharedMemoryOptions = {},
): Parts {
  checkOpenOptions(options);
  const { readOnly = false } = options;
  if (typeof source !== 'string') return openDescriptor(runtime, host, source, options);
  checkName(source, 'source');
  const fd = openNamed(runtime, source, readOnly ? f.O_RDONLY : f.O_RDWR);
  try {
    return openDescriptor(runtime, host, fd, { ...options, unsealed: true }, bare(source));
  } finally {
    fd.close();
  }
}

/** What came from somebody else is checked before it is taken. */
function openDescriptor(
  runtime: MemoryRuntime,
  host: Host,
  source: argument.Descriptor,
  { doorbell, readOnly = false, unsealed = false }: OpenSharedMemoryOptions,
  name?: string,
): Parts {
  const number = argument.descriptor(source, 'source');
  refuseNoMemory(runtime, number);
  if (!unsealed) refuseUnsealed(runtime, number);
  if (doorbell !== undefined) refuseNoBell(runtime, argument.descriptor(doorbell, 'doorbell'));
  const mapping = map(
    runtime,
    { fd: number },
    { access: readOnly ? 'read' : 'write', allocate: false },
  );
  try {
    const parts = { runtime, pid: host.pid, mapping, name, readOnly };
    return { ...parts, ...keep(runtime, ...take(runtime, source, doorbell)) };
  } catch (error) {
    mapping.close();
    throw error;
  }
}

/** Both or none: a number is ours only if all goes well. */
function take(
  runtime: MemoryRuntime,
  source: argument.Descriptor,
  doorbell: argument.Descriptor | undefined,
): [fd: Fd, doorbell: Fd | undefined] {
  const fd = adopt(runtime, source);
  try {
    return [fd, doorbell === undefined ? undefined : adopt(runtime, doorbell)];
  } catch (error) {
    if (typeof source === 'number') fd.release();
    else fd.close();
    throw error;
  }
}

/** A size that no ArrayBuffer has is a matter of `bytes`, which is what was asked. */
function mapAll(runtime: MemoryRuntime, fd: Fd, bytes: number): Parts['mapping'] {
  try {
    return map(runtime, fd, { access: 'write', allocate: false });
  } catch (error) {
    if (!(error instanceof argument.ArgumentOutOfRange)) throw error;
    throw new argument.ArgumentOutOfRange(
      'bytes',
      'at most what one ArrayBuffer holds here',
      bytes,
    );
  }
}

/** As its own, and closed with its thread. */
function keep(runtime: MemoryRuntime, fd: Fd, doorbell: Fd | undefined) {
  return { fd: entrusted(runtime, fd), doorbell: doorbell && entrusted(runtime, doorbell) };
}

function addSeals({ kernel }: MemoryRuntime, fd: number, seals: number): void {
  check(kernel.fcntl(fd, f.F_ADD_SEALS, seals), 'fcntl', fd);
}

function createMemfd(runtime: MemoryRuntime, bytes: number): Fd {
  const { kernel } = runtime;
  const create = (flags: number) => kernel.memfd_create('sluice', f.MFD_CLOEXEC | flags);
  const result = create(f.MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
  const number = result === -EINVAL ? create(f.MFD_ALLOW_SEALING) : result;
  const fd = new Fd(runtime, check(number, 'memfd_create'));
  const truncated = kernel.ftruncate(fd.fd, bytes);
  if (truncated < 0) fd.close();
  check(truncated, 'ftruncate');
  return fd;
}

/** With room for all of it: a full /dev/shm is ENOSPC here, not lost bytes later. */
function createNamed(runtime: MemoryRuntime, host: Host, bytes: number, name: string): Fd {
  const fd = openNamed(runtime, name, f.O_RDWR | f.O_CREAT | f.O_EXCL);
  const result = retry(() => runtime.kernel.fallocate(fd.fd, 0, 0, bytes));
  if (result >= 0) return fd;
  fd.close();
  host.unlink(pathOf(name));
  throw new SystemError(result, { syscall: 'fallocate', path: pathOf(name) });
}

function openNamed(runtime: MemoryRuntime, name: string, flags: number): Fd {
  const path = pathOf(name);
  const fd = retry(() => runtime.kernel.openat(f.AT_FDCWD, path, flags | OPEN, PRIVATE));
  return new Fd(runtime, check(fd, 'openat', undefined, path));
}

function refuseNoMemory(runtime: MemoryRuntime, fd: number): void {
  const stat = statOf(runtime, fd);
  const isFile = (Number(stat[f.STAT_MODE]) & f.S_IFMT) === f.S_IFREG;
  if (isFile && stat[f.STAT_SIZE] !== 0n) return;
  const why = isFile ? 'it is empty' : 'it is no file. Memory comes before its doorbell';
  throw new SluiceError('ERR_SLUICE_MAPPING', `the descriptor ${fd} is no memory: ${why}`);
}

/** What cannot be sealed at all, as a file on a disk, has none. */
function refuseUnsealed({ kernel }: MemoryRuntime, fd: number): void {
  const seals = kernel.fcntl(fd, f.F_GET_SEALS);
  if (seals >= 0 && (seals & SIZE_SEALS) === SIZE_SEALS) return;
  const message =
    `the size of the descriptor ${fd} can still change: who else has it can take the memory ` +
    'away. Its creator seals it (F_SEAL_SHRINK, F_SEAL_GROW), or open it with unsealed: true';
  throw new SluiceError('ERR_SLUICE_UNSEALED', message);
}

/**
 * An eventfd has no type. What a file, a pipe or a socket would be written is not ours to write.
 */
function refuseNoBell(runtime: MemoryRuntime, fd: number): void {
  if ((Number(statOf(runtime, fd)[f.STAT_MODE]) & f.S_IFMT) === 0) return;
  throw new SluiceError('ERR_SLUICE_MAPPING', `the descriptor ${fd} is no doorbell`);
}

function statOf({ kernel }: MemoryRuntime, fd: number): BigInt64Array {
  const stat = new BigInt64Array(f.STAT_FIELDS);
  check(kernel.fstat(fd, stat), 'fstat', fd);
  return stat;
}
