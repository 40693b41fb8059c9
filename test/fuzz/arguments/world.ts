/**
 * What the calls may touch: descriptors under numbers of the run's own, memory in a range of its
 * own, and files in the directory it runs in. Nothing here can block, so every description is
 * O_NONBLOCK.
 */
import * as f from '../../../src/kernel/flags.js';
import type { Address, Memory } from '../../../src/kernel/kernel.js';
import { linux } from '../../../src/kernel/linux.js';
import { succeeds } from '../../helpers/claims.js';
import type { Random } from './random.js';

/** Numbers far above those that Node and the run itself get. */
const FIRST_SLOT = 500;
const SLOTS = 48;

const RANGE_PAGES = 512;
/** What addresses begin in, so that 16 pages from there are in the range too. */
const USED_PAGES = 384;
const READ_WRITE = f.PROT_READ | f.PROT_WRITE;
const ANONYMOUS = f.MAP_PRIVATE | f.MAP_ANONYMOUS;

const GUARD = 0xa5;
const GUARD_BYTES = 32;

export class World {
  readonly page = linux.page_size();
  readonly base: number;
  /** A sockaddr that only the run's own sockets have. */
  readonly addresses: readonly Uint8Array[];
  /** ArrayBuffers over the range: never looked into. */
  readonly views: unknown[] = [];
  lastRegion = 0;
  readonly #listeners: number[] = [];
  readonly #guarded: Uint8Array[] = [];

  constructor(readonly random: Random) {
    const length = RANGE_PAGES * this.page;
    this.base = succeeds(linux.mmap(0, length, READ_WRITE, ANONYMOUS, -1, 0));
    this.addresses = [this.#listen(f.AF_INET), this.#listen(f.AF_UNIX)];
    for (let slot = 0; slot < SLOTS; slot++) this.#fill(FIRST_SLOT + slot);
  }

  /** A number of the pool; it may be closed. */
  slot(): number {
    return FIRST_SLOT + this.random.below(SLOTS);
  }

  /** Puts something new under a number of the pool. */
  renew(): void {
    this.#fill(this.slot());
  }

  isSlot(fd: number): boolean {
    return fd >= FIRST_SLOT && fd < FIRST_SLOT + SLOTS;
  }

  /** An address in the range, aligned as a rule. */
  address(): number {
    const inside = this.random.chance(0.2) ? this.random.below(this.page) : 0;
    return this.base + this.random.below(USED_PAGES) * this.page + inside;
  }

  /** At most 16 pages, so that it stays in the range from any address in it. */
  length(): number {
    return this.random.chance(0.5)
      ? this.random.below(16) * this.page
      : this.random.below(16 * this.page);
  }

  /** The range as it was: what it holds now is replaced in one step. */
  renewRange(): void {
    const length = RANGE_PAGES * this.page;
    const flags = ANONYMOUS | f.MAP_FIXED;
    succeeds(linux.mmap(this.base, length, READ_WRITE, flags, -1, 0), this.base);
  }

  /**
   * A mapping for one call that may tear a hole into it. A hole can be another thread's memory at
   * once, so whoever makes one must not touch it again.
   */
  region(): number {
    const flags = this.random.pick([ANONYMOUS, f.MAP_SHARED | f.MAP_ANONYMOUS]);
    this.lastRegion = succeeds(linux.mmap(0, 32 * this.page, READ_WRITE, flags, -1, 0));
    return this.lastRegion + this.random.below(16) * this.page;
  }

  /** Unmaps the last region, but for the pages from `start` to `end`, which are gone already. */
  endRegion(start = 0, end = start): void {
    const first = this.lastRegion;
    const last = first + 32 * this.page;
    this.lastRegion = 0;
    if (first === 0) return;
    if (end <= first || start >= last || start === end) {
      succeeds(linux.munmap(first, last - first), 0);
      return;
    }
    if (start > first) succeeds(linux.munmap(first, start - first), 0);
    if (end < last) succeeds(linux.munmap(end, last - end), 0);
  }

  /** Up to the end of its page. */
  roundUp(length: number): number {
    return Math.ceil(length / this.page) * this.page;
  }

  addressMemory(): Address {
    const unmapped = this.random.chance(0.3);
    const address = unmapped ? this.random.pick([0, 8, 4095, 2 ** 50]) : this.address();
    return new BigUint64Array([BigInt(address), BigInt(this.length())]);
  }

  memory(): Memory {
    const kind = this.random.next();
    if (kind < 0.3) return this.addressMemory();
    if (kind < 0.4) return Buffer.alloc(this.random.below(100));
    if (kind < 0.45) return new Uint8Array(this.random.below(70_000));
    return this.bytes(this.random.below(300));
  }

  /** Bytes with a guard on either side, which `check` looks at. */
  bytes(length: number): Uint8Array {
    const all = new Uint8Array(length + 2 * GUARD_BYTES).fill(GUARD);
    this.#guarded.push(all);
    return all.subarray(GUARD_BYTES, GUARD_BYTES + length);
  }

  /** Whether no guard was written over since the last time. */
  check(): boolean {
    let intact = true;
    for (const all of this.#guarded) {
      for (let index = 0; index < GUARD_BYTES; index++) {
        intact &&= all[index] === GUARD && all[all.length - 1 - index] === GUARD;
      }
    }
    this.#guarded.length = 0;
    return intact;
  }

  close(): void {
    for (let slot = 0; slot < SLOTS; slot++) linux.close(FIRST_SLOT + slot);
    for (const socket of this.#listeners) linux.close(socket);
  }

  #fill(slot: number): void {
    const [first, second] = this.#make();
    succeeds(linux.dup3(first, slot, f.O_CLOEXEC));
    linux.close(first);
    if (second === undefined) return;
    succeeds(linux.dup3(second, this.slot(), f.O_CLOEXEC));
    linux.close(second);
  }

  /** A new description, or the two of a pair. */
  #make(): [first: number, second?: number] {
    const { random } = this;
    const fds = new Int32Array(2);
    switch (random.below(8)) {
      case 0:
      case 1:
        succeeds(linux.pipe2(f.O_NONBLOCK, fds));
        return [fds[0] as number, fds[1] as number];
      case 2: {
        const type = random.pick([f.SOCK_STREAM, f.SOCK_DGRAM, f.SOCK_SEQPACKET]);
        succeeds(linux.socketpair(f.AF_UNIX, type | f.SOCK_NONBLOCK, 0, fds));
        return [fds[0] as number, fds[1] as number];
      }
      case 3: {
        const socket = this.#socket(f.AF_INET, random.pick([f.SOCK_STREAM, f.SOCK_DGRAM]));
        return [socket];
      }
      case 4:
        return [succeeds(linux.eventfd(random.below(3), f.EFD_NONBLOCK))];
      case 5:
        return [succeeds(linux.epoll_create1(0))];
      case 6:
        return [succeeds(linux.memfd_create('fuzz', random.below(4)))];
      default:
        return [this.#open()];
    }
  }

  #open(): number {
    const { random } = this;
    if (random.chance(0.1)) return succeeds(linux.openat(f.AT_FDCWD, '.', f.O_RDONLY, 0));
    const flags = random.pick([f.O_RDWR, f.O_RDONLY, f.O_WRONLY, f.O_RDWR | f.O_APPEND, f.O_PATH]);
    const create = flags === f.O_PATH ? 0 : f.O_CREAT;
    const fd = linux.openat(
      f.AT_FDCWD,
      `f${random.below(6)}`,
      flags | create | f.O_NONBLOCK,
      0o600,
    );
    return fd >= 0 ? fd : succeeds(linux.openat(f.AT_FDCWD, '.', f.O_PATH, 0));
  }

  /** Bound to the loopback, so that `listen` is heard by nobody else. */
  #socket(domain: number, type: number): number {
    const socket = succeeds(linux.socket(domain, type | f.SOCK_NONBLOCK, 0));
    if (domain === f.AF_INET) succeeds(linux.bind(socket, loopback()));
    return socket;
  }

  /** A listener that is kept for as long as the run, so its address is nobody else's. */
  #listen(domain: number): Uint8Array {
    const socket = this.#socket(domain, f.SOCK_STREAM);
    if (domain === f.AF_UNIX) succeeds(linux.bind(socket, Uint8Array.of(f.AF_UNIX, 0)));
    succeeds(linux.listen(socket, 16), 0);
    this.#listeners.push(socket);
    const address = new Uint8Array(128);
    return address.subarray(0, succeeds(linux.getsockname(socket, address)));
  }
}

function loopback(): Uint8Array {
  return Uint8Array.from([f.AF_INET, 0, 0, 0, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
}
