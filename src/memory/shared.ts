/** Memory that processes share. */
import type { Fd } from '../fd/fd.js';
import * as argument from '../kernel/argument.js';
import { check, SluiceError } from '../kernel/error.js';
import * as f from '../kernel/flags.js';
import { Doorbell } from './doorbell.js';
import { type HeldLock, LockFile, type LockOptions } from './lock.js';
import type { Mapping } from './mapping.js';
import type { MemoryRuntime } from './runtime.js';
import { checkLockOptions, checkWaitOptions } from './shared-options.js';
import { type WaitOptions, type WaitResult, waitForChange } from './word.js';

/** What a `SharedMemory` is made of; it is its to close. */
export interface Parts {
  readonly runtime: MemoryRuntime;
  /** What a locked word says: who has it. */
  readonly pid: number;
  readonly mapping: Mapping;
  readonly fd: Fd;
  readonly doorbell: Fd | undefined;
  readonly name: string | undefined;
  readonly readOnly: boolean;
}

/** Bytes of a word. */
const WORD = 4;

/** What every `SharedMemory` can do. See src/node/shared-memory.ts. */
export class Memory {
  readonly #parts: Parts;
  readonly #words: Int32Array;
  readonly #bell: Doorbell | undefined;
  /** Opened by the first `lock`. */
  #locks: LockFile | undefined;

  /** For `create` and `open`. */
  constructor(parts: Parts) {
    const { runtime, doorbell, mapping } = parts;
    const { buffer, byteOffset, length } = mapping.bytes;
    this.#parts = parts;
    this.#words = new Int32Array(buffer, byteOffset, Math.floor(length / WORD));
    this.#bell = doorbell && new Doorbell(runtime, doorbell, runtime.kernel);
  }

  /** All of it: `buffer` as bytes. */
  get bytes(): Uint8Array {
    return this.#parts.mapping.bytes;
  }

  /**
   * The memory. `Atomics` work on views of it, across processes too, but for `Atomics.wait` and
   * `Atomics.waitAsync`, which throw, and `Atomics.notify`, which wakes nobody: `wait` and `notify`
   * here are in their place.
   */
  get buffer(): ArrayBuffer {
    return this.#parts.mapping.buffer;
  }

  /** In bytes. */
  get size(): number {
    return this.#parts.mapping.length;
  }

  /** What others open it by, where it has a name. */
  get name(): string | undefined {
    return this.#parts.name;
  }

  /** The memory as a descriptor, to hand over; it is closed with this. */
  get fd(): Fd {
    return this.#parts.fd;
  }

  /** The descriptor behind `wait` and `notify`, to hand over beside `fd`. */
  get doorbell(): Fd | undefined {
    return this.#parts.doorbell;
  }

  /**
   * What a child needs of it, to be put behind the first three of `stdio`: [fd, doorbell]. The
   * child opens them as 3 and 4.
   */
  get stdio(): Fd[] {
    const { fd, doorbell } = this.#parts;
    return doorbell === undefined ? [fd] : [fd, doorbell];
  }

  /** Whether stores reach the others. */
  get readOnly(): boolean {
    return this.#parts.readOnly;
  }

  /**
   * Whether bytes were lost: another process made the memory shorter. Never where its size is
   * sealed.
   */
  get damaged(): boolean {
    return this.#parts.mapping.damaged;
  }

  /** Whether `close` was called. */
  get closed(): boolean {
    return this.#parts.fd.closed;
  }

  /**
   * Waits, without a thread, until a word is no longer what was expected: whoever changes it calls
   * `notify` after the change, in any process. No such change is lost; one that is taken back
   * before anybody looks is not seen.
   *
   * @param index which word, 32 bits each, from 0
   * @param expected what it is now
   * @param options.signal ends the wait with an AbortError
   * @param options.timeoutMs ends the wait after so long
   * @returns 'ok' it has changed; 'not-equal' it was another from the start; 'timed-out'
   * @throws ERR_SLUICE_CLOSED it is closed, or closed meanwhile; ERR_SLUICE_UNSUPPORTED it has no
   *   doorbell; EMFILE, ENOSPC no more descriptors or watches; ERR_OUT_OF_RANGE,
   *   ERR_INVALID_ARG_TYPE as named
   */
  async wait(index: number, expected: number, options: WaitOptions = {}): Promise<WaitResult> {
    checkWaitOptions(options);
    this.#checkIndex(index);
    const value = argument.integer(expected, 'expected') | 0;
    const { clock } = this.#parts.runtime;
    return waitForChange(this.#words, index, value, this.#ringer(), clock, options);
  }

  /**
   * Has everyone who waits, in every process, look at its word.
   *
   * @throws ERR_SLUICE_CLOSED; ERR_SLUICE_UNSUPPORTED it has no doorbell
   */
  notify(): void {
    this.#refuseClosed();
    this.#ringer().ring();
  }

  /**
   * Takes the lock of a word, and waits for it on a thread. It excludes every other `SharedMemory`
   * of this memory, in any process, and everybody else of this one, in the order in which they ask.
   * Of several processes Linux chooses the next. The word belongs to the lock: it says who has it,
   * and is 0 while nobody has.
   *
   * Linux takes the lock off when its holder dies, however it dies. The next one gets it then, with
   * `abandoned` true: what the lock protects may be half changed.
   *
   * A lock is no thread's: who takes it twice waits for itself. Nobody looks for deadlocks. At most
   * 64 waits of a process, with all its other calls on threads, sleep at once; further ones queue.
   *
   * @param index which word, 32 bits each, from 0
   * @param options.signal ends the wait with an AbortError
   * @param options.mode 'exclusive', as without; or 'shared', with others who share. The word stays
   *   0
   * @returns the lock; `release` it, or give it to `using`
   * @throws ERR_SLUICE_CLOSED it is closed, or closed meanwhile; EACCES, ENOENT the memory cannot
   *   be opened anew through /proc; EMFILE, ENOLCK no more descriptors or locks; ERR_OUT_OF_RANGE,
   *   ERR_INVALID_ARG_TYPE as named, 'exclusive' of memory that is only read too
   * @see fcntl(2), F_OFD_SETLKW
   */
  async lock(index = 0, options: LockOptions = {}): Promise<HeldLock> {
    checkLockOptions(options);
    this.#checkIndex(index);
    const { mode = 'exclusive' } = options;
    if (this.readOnly && mode === 'exclusive') {
      throw new argument.ArgumentOutOfRange('mode', "'shared': the memory is only read", mode);
    }
    this.#locks ??= this.#openLocks();
    return this.#locks.lock(index, options);
  }

  /**
   * Ends this object's part in the memory; the others keep theirs. Each view has length 0 from then
   * on. Waits reject with ERR_SLUICE_CLOSED. Locks that are held go to the next in line as if their
   * holder had died: release them before. Closing twice is fine.
   */
  close(): void {
    const { mapping, fd, doorbell } = this.#parts;
    closeAll([this.#locks, this.#bell, doorbell, fd, mapping]);
  }

  /** As `close`, at the end of a `using` scope. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** A description of its own: locks belong to descriptions. */
  #openLocks(): LockFile {
    const { runtime, fd, pid, readOnly } = this.#parts;
    const path = `/proc/self/fd/${fd.fd}`;
    const flags = (readOnly ? f.O_RDONLY : f.O_RDWR) | f.O_CLOEXEC;
    const { kernel } = runtime;
    const own = check(kernel.openat(f.AT_FDCWD, path, flags, 0), 'openat', undefined, path);
    return new LockFile(runtime, own, this.#words, pid, kernel);
  }

  #ringer(): Doorbell {
    if (this.#bell !== undefined) return this.#bell;
    const message = 'the memory has no doorbell: open it with the one that its creator has';
    throw new SluiceError('ERR_SLUICE_UNSUPPORTED', message);
  }

  #checkIndex(index: unknown): void {
    this.#refuseClosed();
    const count = this.#words.length;
    if (argument.count(index, 'index') < count) return;
    throw new argument.ArgumentOutOfRange('index', `one of the ${count} words`, index);
  }

  #refuseClosed(): void {
    if (this.closed) throw new SluiceError('ERR_SLUICE_CLOSED', 'the shared memory is closed');
  }
}

/** Closes each, whatever the others do, and throws the first error. */
function closeAll(all: readonly ({ close(): void } | undefined)[]): void {
  const errors: unknown[] = [];
  for (const one of all) {
    try {
      one?.close();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}
