/**
 * The intermediate pipes of all flows of a runtime: splice(2) needs a pipe on one side, so what
 * goes from socket to socket goes through one of these. This module is browser compatible.
 *
 * - A pipe is leased only while bytes are in it, so a thousand connections that rest need none.
 * - It is taken back only when it is empty, by our own count: bytes of one connection in the pipe
 *   of the next would be the worst that a relay can do.
 * - What the pipes hold together is bounded, for an ordinary user's pipes share one budget
 *   (pipe-user-pages-soft) with all his other programs. Whoever gets no pipe copies.
 */
import * as f from '../kernel/flags.js';
import type { Kernel } from '../kernel/kernel.js';

/** What a pipe has if nobody asks: fs/pipe.c, PIPE_DEF_BUFFERS. Less is slower than copying. */
export const SMALL_PIPE = 65536;

/** What Linux gives an ordinary user at most: /proc/sys/fs/pipe-max-size, unless it was changed. */
export const LARGE_PIPE = 1 << 20;

/** 16 MiB: a quarter of what an ordinary user has before his pipes shrink to two pages. */
export const PIPE_PAGES = 4096;

/**
 * Enlarges a pipe, of whoever it is: a trip to a disk or to a thread takes what it holds, so a
 * larger one is fewer trips. Where that is refused (the user's share of pages), and for what is no
 * pipe, all stays as it is. Answers the capacity, or −errno.
 */
export function enlarge(kernel: Kernel, pipe: number): number {
  const capacity = kernel.fcntl(pipe, f.F_GETPIPE_SZ);
  if (capacity < 0 || capacity >= LARGE_PIPE) return capacity;
  const enlarged = kernel.fcntl(pipe, f.F_SETPIPE_SZ, LARGE_PIPE);
  return enlarged < 0 ? capacity : enlarged;
}

/** How many empty pipes are kept at hand. */
const KEPT = 16;

/** After a refusal so many callers copy before the next one asks Linux again. */
const REFUSED_FOR = 64;

/** After Linux refused a large pipe so many wishes for one are met by a small one. */
const SMALL_FOR = 1024;

export interface IntermediatePipe {
  readonly reader: number;
  readonly writer: number;
  /** What Linux really gave, in bytes. It fills by slots, so it may be full with far less in it. */
  readonly capacity: number;
  /** How many bytes are in it. Whoever has the lease keeps this count. */
  count: number;
}

export class PipePool {
  readonly #kernel: Kernel;
  readonly #pageBytes: number;
  readonly #pagesAllowed: number;
  readonly #idle: IntermediatePipe[] = [];
  readonly #fds = new Int32Array(2);
  #pages = 0;
  #largest = LARGE_PIPE;
  #wishes = 0;
  #refusals = 0;

  constructor(kernel: Kernel, pagesAllowed = PIPE_PAGES) {
    this.#kernel = kernel;
    this.#pagesAllowed = pagesAllowed;
    this.#pageBytes = kernel.page_size();
  }

  /** The pages of all pipes, leased and idle. */
  get pages(): number {
    return this.#pages;
  }

  /** The empty pipes at hand. */
  get idle(): readonly IntermediatePipe[] {
    return this.#idle;
  }

  /**
   * An empty pipe of `wanted` bytes if that can be had, of fewer if not; undefined where there is
   * none at all (EMFILE, ENFILE, the budget): copy then.
   */
  lease(wanted: number): IntermediatePipe | undefined {
    if (wanted > this.#largest && ++this.#wishes === SMALL_FOR) this.#askAgain();
    const least = Math.min(wanted, this.#largest);
    for (let at = this.#idle.length - 1; at >= 0; at--) {
      if ((this.#idle[at] as IntermediatePipe).capacity >= least) return this.#take(at);
    }
    const made = this.#make(least);
    if (made !== undefined || this.#idle.length === 0) return made;
    return this.#take(this.#idle.length - 1);
  }

  /** Ends a lease. A pipe with bytes in it is closed, and they are lost with it. */
  release(pipe: IntermediatePipe): void {
    if (pipe.count > 0) {
      this.#close(pipe);
      return;
    }
    this.#idle.push(pipe);
    if (this.#idle.length > KEPT) this.#close(this.#takeSmallest());
  }

  /** Closes what nobody has leased. */
  clear(): void {
    for (const pipe of this.#idle) this.#close(pipe);
    this.#idle.length = 0;
    this.#refusals = 0;
    this.#askAgain();
  }

  /** The user's other programs may have given pages back. */
  #askAgain(): void {
    this.#largest = LARGE_PIPE;
    this.#wishes = 0;
  }

  #take(at: number): IntermediatePipe {
    const pipe = this.#idle[at] as IntermediatePipe;
    const last = this.#idle.pop() as IntermediatePipe;
    if (at < this.#idle.length) this.#idle[at] = last;
    return pipe;
  }

  /** Many small ones must not keep a flood from finding its large one again. */
  #takeSmallest(): IntermediatePipe {
    const capacities = this.#idle.map(({ capacity }) => capacity);
    return this.#take(capacities.indexOf(Math.min(...capacities)));
  }

  /** A new pipe within the budget; a small one where a large one does not fit. */
  #make(wanted: number): IntermediatePipe | undefined {
    if (this.#refusals > 0) {
      this.#refusals--;
      return undefined;
    }
    const room = (this.#pagesAllowed - this.#pages) * this.#pageBytes;
    if (room < SMALL_PIPE) return undefined;
    const flags = f.O_CLOEXEC | f.O_NONBLOCK;
    if (this.#kernel.pipe2(flags, this.#fds) < 0) return this.#refused();
    return this.#sized(Math.min(wanted, room));
  }

  /** Linux gives two pages to a user with many pipes, and may refuse to enlarge one: read back. */
  #sized(wanted: number): IntermediatePipe | undefined {
    const [reader, writer] = this.#fds as unknown as [number, number];
    if (wanted > SMALL_PIPE && this.#kernel.fcntl(writer, f.F_SETPIPE_SZ, wanted) < 0) {
      this.#largest = SMALL_PIPE;
    }
    const capacity = this.#kernel.fcntl(writer, f.F_GETPIPE_SZ);
    this.#pages += Math.max(capacity, 0) / this.#pageBytes;
    const pipe = { reader, writer, capacity, count: 0 };
    if (capacity >= SMALL_PIPE) return pipe;
    this.#close(pipe);
    return this.#refused();
  }

  #refused(): undefined {
    this.#refusals = REFUSED_FOR;
    return undefined;
  }

  /** No one waits for these two and nobody else knows them, so the poller need not hear of it. */
  #close({ reader, writer, capacity }: IntermediatePipe): void {
    this.#kernel.close(reader);
    this.#kernel.close(writer);
    this.#pages -= Math.max(capacity, 0) / this.#pageBytes;
  }
}
