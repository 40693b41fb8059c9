/**
 * A part of a file at its place in memory, guarded against SIGBUS. It knows what was lost: by the
 * guard, which counts what it had to replace, and by the size of the file, since of a page that the
 * end of the file goes through the rest reads as zeros without a signal.
 */
import { FIRST_AFTER_STDIO } from '../fd/lifetime.js';
import { check } from '../kernel/error.js';
import * as f from '../kernel/flags.js';
import type { LinuxKernel } from '../kernel/linux-kernel.js';
import type { Opened } from './file.js';

export interface PieceOfFile {
  /** Only borrowed: the piece has a duplicate of its own. −1: memory without a file. */
  readonly fd: number;
  /** Where `fd` can be had instead of a duplicate. */
  readonly opened: Opened | undefined;
  /** Where the piece begins in the file, in bytes: a multiple of `unit`. */
  readonly offset: number;
  /** The size of its pages. */
  readonly unit: number;
  /** The file must reach to this byte; 0 where it has no size of its own (a device). */
  readonly end: number;
}

/** Filled and read at once, so one does for all. */
const state = new BigInt64Array(3);

export class Piece {
  readonly #kernel: LinuxKernel;
  readonly #length: number;
  readonly #end: number;
  readonly #ticket: number;
  #faults = 0;
  #lost = 0;
  #short = false;
  #closed = false;

  /** Its own number of the file, or −1. */
  readonly fd: number;

  /** `length` is in whole pages. */
  constructor(kernel: LinuxKernel, address: number, length: number, file: PieceOfFile) {
    const { unit, offset, end } = file;
    const fd = numberOf(kernel, file);
    const ticket = kernel.guard(address, length, unit, fd, offset);
    if (ticket < 0 && fd >= 0) kernel.close(fd);
    this.#ticket = check(ticket, 'mmap');
    this.#kernel = kernel;
    this.#length = length;
    this.#end = end;
    this.fd = fd;
  }

  /**
   * Whether a page had to be replaced, or the file was seen to be too short. Of a closed one, as it
   * was then.
   */
  get damaged(): boolean {
    this.#look();
    return this.#faults > 0 || this.#short;
  }

  /** How many bytes were replaced, in whole pages. */
  get lost(): number {
    this.#look();
    return this.#lost;
  }

  /** Ends the guard, before the range is anything else's. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#kernel.unguard(this.#ticket, state) >= 0) this.#keep();
  }

  #look(): void {
    if (!this.#closed && this.#kernel.guard_state(this.#ticket, state) >= 0) this.#keep();
  }

  /** Of what was filled just now. Too short once is too short for good. */
  #keep(): void {
    this.#faults = Number(state[0]);
    // A page is counted twice that was replaced alone, and then with all others.
    this.#lost = Math.min(Number(state[1]), this.#length);
    if (Number(state[2]) < this.#end) this.#short = true;
  }
}

/** The piece's own number of its file, or −1. */
function numberOf(kernel: LinuxKernel, { fd, opened }: PieceOfFile): number {
  if (fd < 0) return -1;
  const taken = opened?.take() ?? -1;
  if (taken >= 0) return taken;
  return check(kernel.fcntl(fd, f.F_DUPFD_CLOEXEC, FIRST_AFTER_STDIO), 'fcntl', fd);
}
