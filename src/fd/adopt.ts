/**
 * Descriptors that somebody else opened. This module is browser compatible: it knows numbers and
 * objects that carry one; Node's sockets and streams are recognised in `src/node/sockets.ts`.
 */
import * as argument from '../kernel/argument.js';
import { check } from '../kernel/error.js';
import * as f from '../kernel/flags.js';
import { Fd } from './fd.js';
import { FIRST_AFTER_STDIO } from './lifetime.js';
import type { Runtime } from './runtime.js';

/**
 * Owns a number, or a duplicate of what an object with `fd` has. `takeInput` gives what was read
 * from it before; it runs when nothing can fail any more.
 */
export function adopt(
  runtime: Runtime,
  source: argument.Descriptor,
  takeInput: () => Uint8Array | undefined = () => undefined,
): Fd {
  const fd = argument.descriptor(source, 'source');
  if (typeof source === 'number') own(runtime, fd);
  const owned = typeof source === 'number' ? fd : duplicate(runtime, fd);
  return new Fd(runtime, owned, { buffered: takeInput() });
}

function duplicate(runtime: Runtime, fd: number): number {
  const { kernel } = runtime;
  return check(kernel.fcntl(fd, f.F_DUPFD_CLOEXEC, FIRST_AFTER_STDIO), 'fcntl', fd);
}

/** Checks that it is open; from 3 on no child shall inherit it by accident. */
function own({ kernel }: Runtime, fd: number): void {
  const flags = check(kernel.fcntl(fd, f.F_GETFD), 'fcntl', fd);
  if (fd < FIRST_AFTER_STDIO || (flags & f.FD_CLOEXEC) !== 0) return;
  check(kernel.fcntl(fd, f.F_SETFD, flags | f.FD_CLOEXEC), 'fcntl', fd);
}
