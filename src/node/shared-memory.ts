/** `SharedMemory` on this machine's kernel. */
import type { Descriptor } from '../kernel/argument.js';
import { Memory } from '../memory/shared.js';
import { createParts, openParts } from '../memory/shared-open.js';
import {
  checkName,
  type OpenSharedMemoryOptions,
  pathOf,
  type SharedMemoryOptions,
} from '../memory/shared-options.js';
import { fs } from './builtin.js';
import { linuxRuntime } from './runtime.js';

const host = { pid: process.pid, unlink: (path: string) => fs().unlinkSync(path) };

/**
 * Memory that processes share: what one stores, the others load, at once and without a call. Made
 * by `create`, and opened by others from its descriptor, or by its name.
 *
 * - **Nobody is hurt by the others.** The size of memory without a name is sealed, so nobody can
 *   take it away; `open` refuses memory that is not. With a name, which rules seals out, what
 *   another process takes away becomes zeros and `damaged` says so.
 * - **`Atomics` work across processes** on views of `buffer`, but for waiting: `wait` and `notify`
 *   wait for a word in the event loop, without a thread.
 * - **`lock` survives deaths.** The lock of a process that is killed goes to the next in line,
 *   which is told.
 *
 * Handing it over:
 *
 * - to a child by `stdio`, see below
 * - through a Unix socket: `socket.sendFds(shared.stdio)`, and at its other end
 *   `SharedMemory.open(fds[0], { doorbell: fds[1] })`
 * - to a worker by numbers, which stay this thread's:
 *   `SharedMemory.open({ fd }, { doorbell: { fd: doorbell } })`
 *
 * Whoever has the doorbell can ring it, make it useless, and, ill-natured, stop who rings it: it is
 * for those who wait for one another.
 *
 * A worker that is terminated keeps no lock, and leaves no descriptor open.
 *
 * @example
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import { spawn } from 'node:child_process';
 * import { once } from 'node:events';
 * import { SharedMemory } from 'sluice';
 *
 * // In the child, descriptor 3 is the memory and 4 the doorbell.
 * const program = `
 *   import { SharedMemory } from 'sluice';
 *   const shared = SharedMemory.open(3, { doorbell: 4 });
 *   const words = new Int32Array(shared.buffer);
 *   await shared.wait(0, 0);
 *   Atomics.store(words, 1, 2 * Atomics.load(words, 0));
 *   shared.notify();
 * `;
 * using shared = SharedMemory.create(1 << 20);
 * const words = new Int32Array(shared.buffer);
 * const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
 *   stdio: ['ignore', 'inherit', 'inherit', ...shared.stdio],
 * });
 * Atomics.store(words, 0, 21);
 * shared.notify();
 * equal(await shared.wait(1, 0), 'ok');
 * equal(Atomics.load(words, 1), 42);
 * if (child.exitCode === null) await once(child, 'exit');
 * ```
 *
 * @example A lock, and what is told of an owner that died.
 * ```ts
 * import { equal } from 'node:assert/strict';
 * import { SharedMemory } from 'sluice';
 *
 * using shared = SharedMemory.create(4096);
 * const balance = new Int32Array(shared.buffer, 8, 2);
 * {
 *   using held = await shared.lock(0);
 *   if (held.abandoned) balance[1] = balance[0] ?? 0; // what it left half done
 *   balance[0] = (balance[0] ?? 0) + 1;
 *   balance[1] = balance[0];
 * }
 * equal(balance[1], 1);
 * ```
 */
export class SharedMemory extends Memory {
  /**
   * Makes shared memory, zeros.
   *
   * @param bytes its size, for good
   * @param options.name a name for others to open it by: 1 to 255 bytes without a slash. It stays
   *   until `SharedMemory.unlink`. All of its memory is taken now
   * @param options.seal 'size' (as without, where there is no name), 'future-write' or `false`
   * @param options.doorbell whether `wait` and `notify` shall work: `true` where it has no name
   * @returns the memory; give it to `using`, or call `close`
   * @throws EEXIST the name is taken; ENOSPC no room for a name's memory in /dev/shm; EACCES,
   *   ENOENT there is no such folder to write to; EMFILE, ENFILE no more descriptors; ENOMEM no
   *   room in the address space; ERR_OUT_OF_RANGE a name and seals, more than one ArrayBuffer, or
   *   as named; ERR_INVALID_ARG_TYPE as named
   * @see memfd_create(2), shm_open(3), fcntl(2), F_ADD_SEALS
   */
  static create(bytes: number, options?: SharedMemoryOptions): SharedMemory {
    return new SharedMemory(createParts(linuxRuntime, host, bytes, options));
  }

  /**
   * Opens what another process, or this one, has made.
   *
   * @param source a name; a number, which is ours from then on, if all goes well; or an object that
   *   has one (`fd`), which is duplicated
   * @param options.doorbell the doorbell that came with it, in the same shapes
   * @param options.readOnly only reads it
   * @param options.unsealed takes a descriptor whose size can still change
   * @throws ERR_SLUICE_UNSEALED its size can still change; ERR_SLUICE_MAPPING it is no file, or an
   *   empty one, or the doorbell is none; EPERM it is sealed against writing: `readOnly`; ENOENT no
   *   such name; EACCES somebody else's; ELOOP the name is a symbolic link; EBADF not open; EMFILE
   *   no more descriptors; ERR_OUT_OF_RANGE, ERR_INVALID_ARG_TYPE as named
   */
  static open(source: string | Descriptor, options?: OpenSharedMemoryOptions): SharedMemory {
    return new SharedMemory(openParts(linuxRuntime, host, source, options));
  }

  /**
   * Takes the name away. The memory is gone with the last who has it.
   *
   * @throws ENOENT no such name; EACCES, EPERM not permitted; ERR_OUT_OF_RANGE,
   *   ERR_INVALID_ARG_TYPE no name
   * @see shm_unlink(3)
   */
  static unlink(name: string): void {
    checkName(name, 'name');
    fs().unlinkSync(pathOf(name));
  }
}
