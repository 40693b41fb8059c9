/**
 * Locks that a killed holder does not keep: locks of an open file description (fcntl(2),
 * F_OFD_SETLKW) on the bytes of a shared file, which Linux takes off with the holder's last
 * descriptor. This module is browser compatible.
 *
 * The lock of word i is a lock on the four bytes of that word. While it is held, the word says by
 * whom. A word that is not 0 when the lock is granted is left from an owner that has died.
 *
 * A description does not exclude itself. So the locks of one `LockFile` queue up by index before
 * they ask Linux, and each `LockFile` is a description of its own.
 */
import { OwnedNumber } from '../fd/lifetime.js';
import type { Runtime } from '../fd/runtime.js';
import { EAGAIN } from '../kernel/errno.js';
import { check, retry, SluiceError, throwIfAborted } from '../kernel/error.js';
import * as f from '../kernel/flags.js';
import type { Keeper } from './entrusted.js';
import { Turns } from './turns.js';

export interface LockOptions {
  /** Ends the wait with an AbortError. */
  readonly signal?: AbortSignal | undefined;
  /** 'exclusive' without; 'shared' with others that are 'shared', while nobody is 'exclusive'. */
  readonly mode?: LockMode | undefined;
}

export type LockMode = 'exclusive' | 'shared';

/** Bytes of a word. */
const WORD = 4;
const FREE = 0;

/** A lock while it is held. */
export class HeldLock {
  /** The word that it is about. */
  readonly index: number;
  /**
   * The pid of an owner that died with the lock held, or closed the memory with it; 0 where there
   * is none. Of the owner's own pid namespace: a hint for people, nothing to signal to.
   */
  readonly formerOwner: number;
  #release: (() => void) | undefined;

  constructor(index: number, formerOwner: number, release: () => void) {
    this.index = index;
    this.formerOwner = formerOwner;
    this.#release = release;
  }

  /**
   * Whether the last owner died while it held the lock: what the lock protects may be half changed.
   * Said to one who takes it exclusively once; to those who share it until then.
   */
  get abandoned(): boolean {
    return this.formerOwner !== FREE;
  }

  /** Gives the lock up. A second time does nothing. */
  release(): void {
    const release = this.#release;
    this.#release = undefined;
    release?.();
  }

  /** As `release`, at the end of a `using` scope. */
  [Symbol.dispose](): void {
    this.release();
  }
}

/** A file with locks: owns a description of it, which has the locks. */
export class LockFile extends OwnedNumber {
  readonly #words: Int32Array;
  readonly #owner: number;
  readonly #keeper: Keeper | undefined;
  readonly #turns = new Map<number, Turns>();

  /**
   * @param words the file's words in memory
   * @param owner what a word says while its lock is held: a pid
   * @param keeper closes the description of a thread that is no more: its locks go with it
   */
  constructor(runtime: Runtime, fd: number, words: Int32Array, owner: number, keeper?: Keeper) {
    super(runtime, fd);
    this.#words = words;
    this.#owner = owner;
    this.#keeper = keeper;
    keeper?.entrust(fd);
  }

  async lock(index: number, options: LockOptions = {}): Promise<HeldLock> {
    const { signal, mode = 'exclusive' } = options;
    throwIfAborted(signal);
    void this.number;
    const turns = this.#turns.get(index) ?? new Turns();
    this.#turns.set(index, turns);
    try {
      await turns.enter(mode === 'shared', signal);
    } finally {
      this.#forget(index, turns);
    }
    try {
      throwIfAborted(signal);
      await this.#acquire(index, mode, signal);
      // Granted while it was being closed: the lock went with the description.
      if (this.closed) throw closed();
    } catch (error) {
      this.#leave(index, turns);
      throw error;
    }
    return this.#hold(index, mode, turns);
  }

  /**
   * Who waits rejects with ERR_SLUICE_CLOSED. What is held is given up as by a death: its word
   * stays, so that the next owner knows.
   */
  override close(): void {
    if (!this.closed) this.#keeper?.reclaim(this.number);
    try {
      super.close();
    } finally {
      for (const turns of this.#turns.values()) turns.fail(closed());
    }
  }

  #hold(index: number, mode: LockMode, turns: Turns): HeldLock {
    if (mode === 'shared') {
      const former = Atomics.load(this.#words, index);
      return new HeldLock(index, former, () => this.#leave(index, turns));
    }
    const former = Atomics.exchange(this.#words, index, this.#owner);
    return new HeldLock(index, former, () => {
      // Before the unlock: held and said to be free is no death, the other way round is one.
      if (!this.closed) Atomics.store(this.#words, index, FREE);
      this.#leave(index, turns);
    });
  }

  /** The last one out unlocks, before the next one comes. */
  #leave(index: number, turns: Turns): void {
    try {
      if (turns.inside === 1 && !this.closed) {
        check(this.#set(index, f.F_UNLCK), 'fcntl', this.number);
      }
    } finally {
      turns.leave();
      this.#forget(index, turns);
    }
  }

  /** One who leaves late finds others there, by whose turns it is now. */
  #forget(index: number, turns: Turns): void {
    if (turns.idle && this.#turns.get(index) === turns) this.#turns.delete(index);
  }

  async #acquire(index: number, mode: LockMode, signal: AbortSignal | undefined): Promise<void> {
    const type = mode === 'exclusive' ? f.F_WRLCK : f.F_RDLCK;
    const fd = this.number;
    let result = this.#set(index, type);
    if (result === -EAGAIN) {
      result = await this.sleep('fcntl', [fd, f.F_OFD_SETLKW, rangeOf(index, type)], signal);
    }
    check(result, 'fcntl', fd);
  }

  #set(index: number, type: number): number {
    const fd = this.number;
    return retry(() => this.runtime.kernel.fcntl(fd, f.F_OFD_SETLK, rangeOf(index, type)));
  }
}

/** [type, whence, start, length, pid] of the word's bytes. */
function rangeOf(index: number, type: number): BigInt64Array {
  const start = BigInt(index) * BigInt(WORD);
  return BigInt64Array.of(BigInt(type), BigInt(f.SEEK_SET), start, BigInt(WORD), 0n);
}

function closed(): SluiceError {
  return new SluiceError('ERR_SLUICE_CLOSED', 'the shared memory is closed');
}
