/**
 * A part of a file at its place in memory, guarded against SIGBUS. It knows what was lost: by the
 * guard, which counts what it had to replace, and by the size of the file, since of a page that the
 * end of the file goes through the rest reads as zeros without a signal.
 */
import { FIRST_AFTER_STDIO } from '../fd/fd.js';
import { check } from '../kernel/error.js';
import * as f from '../kernel/flags.js';
import type { LinuxKernel } from '../kernel/linux-kernel.js';

export interface PieceOfFile {
  /** Only borrowed: the piece has a duplicate of its own. −1: memory without a file. */
  readonly fd: number;
  /** Where the piece begins in the file, in bytes: a multiple of `unit`. */
  readonly offset: number;
  /** The size of its pages. */
  readonly unit: number;
  /** The file must reach to this byte; 0 where it has no size of its own (a device). */
  readonly end: number;
}

const FAULTS = 0;
const LOST = 1;

export class Piece {
  readonly #kernel: LinuxKernel;
  readonly #end: number;
  readonly #ticket: number;
  readonly #state = new BigInt64Array(2);
  #short = false;
  #closed = false;

  /** Its own number of the file, or −1. */
  readonly fd: number;

  /** `length` is in whole pages. */
  constructor(kernel: LinuxKernel, address: number, length: number, file: PieceOfFile) {
    const { unit, offset, end } = file;
    const fd = file.fd < 0 ? -1 : kernel.fcntl(file.fd, f.F_DUPFD_CLOEXEC, FIRST_AFTER_STDIO);
    if (fd !== -1) check(fd, 'fcntl', file.fd);
    const ticket = kernel.guard(address, length, unit, fd, offset);
    if (ticket < 0 && fd >= 0) kernel.close(fd);
    this.#ticket = check(ticket, 'mmap');
    this.#kernel = kernel;
    this.#end = end;
    this.fd = fd;
  }

  /**
   * Whether a page had to be replaced, or the file was seen to be too short. Of a closed one, as it
   * was then.
   */
  get damaged(): boolean {
    if (this.#read(FAULTS) > 0) return true;
    if (!this.#short && !this.#closed && this.#end > 0)
      this.#short = sizeOf(this.#kernel, this.fd) < this.#end;
    return this.#short;
  }

  /** How many bytes were replaced, in whole pages. */
  get lost(): number {
    return this.#read(LOST);
  }

  /** Ends the guard, before the range is anything else's. */
  close(): void {
    if (this.#closed) return;
    void this.damaged;
    this.#closed = true;
    this.#kernel.unguard(this.#ticket);
  }

  #read(field: number): number {
    if (!this.#closed) this.#kernel.guard_state(this.#ticket, this.#state);
    return Number(this.#state[field]);
  }
}

function sizeOf(kernel: LinuxKernel, fd: number): number {
  const stat = new BigInt64Array(f.STAT_FIELDS);
  return kernel.fstat(fd, stat) < 0 ? 0 : Number(stat[f.STAT_SIZE]);
}
