/**
 * A mapping: a part of a file, or fresh memory, as an ArrayBuffer that can kill nobody.
 */
import * as argument from '../kernel/argument.js';
import { check, SluiceError } from '../kernel/error.js';
import * as f from '../kernel/flags.js';
import { type Advice, checkAdvice } from './advice.js';
import type { Access } from './options.js';
import type { Piece } from './piece.js';
import { advise } from './placing.js';
import type { MemoryRuntime } from './runtime.js';

export interface FlushOptions {
  /** Where to begin, in bytes of the mapping. 0 without. */
  readonly offset?: number | undefined;
  /** How much, in bytes; all that follows without. */
  readonly length?: number | undefined;
  /** MS_ASYNC: do not wait for the disk; Linux writes in its own time. */
  readonly async?: boolean | undefined;
  /** MS_INVALIDATE: asks other mappings of the file to look again. On Linux they always do. */
  readonly invalidate?: boolean | undefined;
}

const FLUSH_CHECKS: argument.Checks<FlushOptions> = {
  offset: argument.count,
  length: argument.count,
  async: argument.boolean,
  invalidate: argument.boolean,
};

/** Where a mapping lives, and how it is let go and made longer: alone, or in a reservation. */
export interface Home {
  readonly bytes: Uint8Array;
  /** Of the first byte. */
  readonly address: number;
  readonly pieces: readonly Piece[];
  readonly access: Access;
  /** Whether the memory is there: its reservation may be closed. */
  readonly open: boolean;
  /** Lets it go. */
  close(): void;
  /** The same with another length; this home is closed then. Throws, and all is as before. */
  resized(length: number): Home;
}

const IDLE_CHECK_MS = 5;

/**
 * A mapping, as `map` makes it. Its memory is that of the file, so a load or store of `bytes` is
 * all there is to do. It ends by `close`, `using`, or when nobody has it or a view of it any more
 * (a leak that SLUICE_LEAKS=1 reports).
 *
 * **What was lost is reported, and nobody dies.** Where the file becomes shorter, its disk is full
 * or fails, Linux sends SIGBUS to who touches the page. Here such pages become zeros, `damaged` is
 * true from then on, and `checkedRead` and `flush` throw ERR_SLUICE_MAPPING_LOST. A file that
 * became shorter and longer again between two looks of ours, within one page, cannot be told: agree
 * with who writes it, or share memory whose size is sealed.
 *
 * **No view reaches memory of others.** After `close` each view has length 0. Work of Node's own
 * that began before, on another thread (`fs.write`, a zlib or crypto job), finds zeros instead; but
 * zlib does not take it well that its buffer is gone (Node 20 aborts), so with such work under way
 * use `closeWhenIdle`.
 *
 * **Not `bytes.sort()`** while others change the memory: V8 sorts in place and its algorithm may
 * then leave the array. Sort a copy.
 */
export class Mapping {
  readonly #runtime: MemoryRuntime;
  #home: Home;

  /** For `map`, `reserve` and the like. */
  constructor(runtime: MemoryRuntime, home: Home) {
    this.#runtime = runtime;
    this.#home = home;
  }

  /** The mapped bytes, all of them: a view of `buffer`. Made anew by `resize`. */
  get bytes(): Uint8Array {
    this.#refuseClosed();
    return this.#home.bytes;
  }

  /**
   * The ArrayBuffer: just the mapping's, or that of the whole reservation it lies in, at
   * `bytes.byteOffset`. postMessage and structuredClone do not take it: Node ≥ 22 throws, Node 20
   * copies it. Its `transfer()` moves the memory, and nothing tells us: never give what comes out
   * of that to another thread, for when this one ends it is unmapped, and a look at it kills.
   */
  get buffer(): ArrayBuffer {
    return this.bytes.buffer as ArrayBuffer;
  }

  /** In bytes. 0 once it is closed. */
  get length(): number {
    return this.#home.bytes.length;
  }

  /** Whether `close` was called, or the memory went to another ArrayBuffer that is gone. */
  get closed(): boolean {
    return !this.#home.open;
  }

  /**
   * Whether bytes of the file were lost under it: a page had to be replaced by zeros, or the file
   * is shorter than what is mapped. Once true it stays true, after `close` too.
   */
  get damaged(): boolean {
    return this.#home.pieces.some((piece) => piece.damaged);
  }

  /** How many bytes had to be replaced by zeros, in whole pages. */
  get lost(): number {
    return this.#home.pieces.reduce((sum, piece) => sum + piece.lost, 0);
  }

  /**
   * Whether the guard is in place: true, for asking puts it there again where another library has
   * taken SIGBUS since. `process.on('SIGBUS')` needs no asking where the main thread has imported
   * sluice too: nobody tells a worker of it, and a thread that faults then hangs.
   */
  get guarded(): boolean {
    return this.#runtime.kernel.guard_renew() >= 0;
  }

  /**
   * A copy of some bytes, which are what the file had: checked before and after.
   *
   * @param offset where in the mapping, in bytes; 0 without
   * @param length how many; all that follow without
   * @returns the bytes, in memory of JavaScript
   * @throws ERR_SLUICE_MAPPING_LOST `damaged`; ERR_SLUICE_CLOSED; RangeError they are not all in it
   */
  checkedRead(offset = 0, length = this.length - offset): Uint8Array {
    this.#refuseClosed();
    this.#within(offset, length);
    check(this.#runtime.kernel.guard_renew(), 'sigaction');
    this.#refuseDamaged();
    const copy = this.#home.bytes.slice(offset, offset + length);
    this.#refuseDamaged();
    return copy;
  }

  /**
   * Resolves when the changed pages are on the disk, by msync(2) on a thread. Others who read the
   * file see stores at once, without it.
   *
   * @throws ERR_SLUICE_MAPPING_LOST `damaged`: not everything that was stored is in the file;
   *   ERR_SLUICE_MAPPING it is no mapping with access 'write', so nothing is ever written;
   *   ERR_SLUICE_CLOSED it was closed, or is closed meanwhile; EIO, ENOSPC, EDQUOT the disk;
   *   RangeError the range is not all in it
   * @see msync(2)
   */
  async flush(options: FlushOptions = {}): Promise<void> {
    argument.checkOptions(options, FLUSH_CHECKS);
    const { offset = 0, async = false, invalidate = false } = options;
    const { length = this.length - offset } = options;
    this.#refuseClosed();
    this.#refuseUnshared();
    this.#within(offset, length);
    check(this.#runtime.kernel.guard_renew(), 'sigaction');
    this.#refuseDamaged();
    let home = this.#home;
    let result = await this.#sync(offset, length, async, invalidate);
    // What was synced may have been let go by `resize` before; the file has its stores.
    while (home !== this.#home && !this.closed) {
      home = this.#home;
      result = await this.#runtime.offload('fsync', [home.pieces[0]?.fd ?? -1]);
    }
    this.#refuseClosed();
    this.#refuseDamaged();
    check(result, 'msync');
  }

  /**
   * madvise(2): how it will be used.
   *
   * @throws ERR_OUT_OF_RANGE another word; also one that would throw bytes away, as 'dontneed'
   * @see madvise(2)
   */
  advise(advice: Advice | readonly Advice[]): void {
    this.#refuseClosed();
    checkAdvice(advice, 'advice');
    const { address, length } = this.#pages(0, this.length);
    advise(this.#runtime.kernel, address, length, advice);
  }

  /**
   * Makes the mapping longer or shorter, and the file longer where it is too short (access
   * 'write'). `bytes` and `buffer` are new ones afterwards, and old views have length 0; in a
   * reservation they stay. What was stored stays.
   *
   * @param length in bytes
   * @throws RangeError longer than the file, or than one ArrayBuffer; ERR_SLUICE_MAPPING it has
   *   several pieces; ERR_SLUICE_MAPPING_LOST `damaged`; ENOSPC no room on the disk; ENOMEM no room
   *   for it in memory. It is as before
   */
  resize(length: number): void {
    this.#refuseClosed();
    argument.count(length, 'length');
    this.#refuseDamaged();
    this.#home = this.#home.resized(length);
  }

  /**
   * Ends the mapping: every view has length 0 from then on. Stores of access 'write' are in the
   * file as read(2) sees it; for a promise about the disk `flush` before. Closing twice is fine.
   */
  close(): void {
    this.#home.close();
  }

  /**
   * As `close`, when no work of Node's is under way on this thread that may use its bytes: `zlib`
   * fails, on Node 20 with an abort of the process, when its buffer goes. What begins meanwhile is
   * waited for too.
   *
   * @throws ERR_SLUICE_UNSUPPORTED elsewhere than on Node
   */
  async closeWhenIdle(): Promise<void> {
    const { kernel } = this.#runtime;
    for (;;) {
      const requests = kernel.requests();
      if (requests < 0) {
        throw new SluiceError('ERR_SLUICE_UNSUPPORTED', 'only Node says what is under way');
      }
      if (requests === 0) break;
      await this.#runtime.pause(IDLE_CHECK_MS);
    }
    this.close();
  }

  /** As `close`, at the end of a `using` scope. */
  [Symbol.dispose](): void {
    this.close();
  }

  async #sync(offset: number, size: number, async: boolean, again: boolean): Promise<number> {
    const { address, length } = this.#pages(offset, size);
    const flags = (async ? f.MS_ASYNC : f.MS_SYNC) | (again ? f.MS_INVALIDATE : 0);
    if (async) return this.#runtime.kernel.msync(address, length, flags);
    return this.#runtime.offload('msync', [address, length, flags]);
  }

  /** The pages that these bytes are in. */
  #pages(offset: number, size: number): { address: number; length: number } {
    const page = this.#runtime.kernel.page_size();
    const first = this.#home.address + offset;
    const address = first - (first % page);
    return { address, length: first + size - address };
  }

  #within(offset: number, length: number): void {
    argument.count(offset, 'offset');
    argument.count(length, 'length');
    if (offset + length <= this.length) return;
    const expected = `within the ${this.length} bytes of the mapping`;
    throw new argument.ArgumentOutOfRange('length', expected, offset + length);
  }

  #refuseClosed(): void {
    if (this.closed) throw new SluiceError('ERR_SLUICE_CLOSED', 'the mapping is closed');
  }

  #refuseUnshared(): void {
    if (this.#home.access === 'write' && this.#home.pieces.some(({ fd }) => fd >= 0)) return;
    const message = "nothing of it is ever written to a file: flush is for access: 'write'";
    throw new SluiceError('ERR_SLUICE_MAPPING', message);
  }

  #refuseDamaged(): void {
    if (!this.damaged) return;
    const message =
      `the file lost bytes under the mapping (${this.lost} were replaced by zeros): it became ` +
      'shorter, or its disk is full or failed';
    throw new SluiceError('ERR_SLUICE_MAPPING_LOST', message);
  }
}
