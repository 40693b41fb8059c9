/**
 * What a row of the conformance suite is given, and what of it is the same on every kernel: all
 * that calls alone can do.
 */
import * as f from '../../src/kernel/flags.js';
import type { Address, Calls, Kernel, Memory, SleepingCall } from '../../src/kernel/kernel.js';
import type { Names } from '../../src/kernel/sim/file/names.js';
import { succeeds } from './claims.js';
import type { TestProcess } from './process.js';
import { connection, LOOPBACK } from './sockets.js';

/**
 * What a row is given: a kernel, and the means to let it sleep, be inherited and be interrupted.
 */
export interface Subject {
  readonly kernel: Kernel;
  /** Who this process is. */
  readonly credentials: Credentials;
  /** Closes the descriptor when the row ends; answers it. */
  keep(fd: number): number;
  /** Closes a kept descriptor now. */
  close(fd: number): void;
  /** A pipe, its ends kept: [read end, write end]. */
  pipe(flags?: number): [reader: number, writer: number];
  /** A socket pair of AF_UNIX, its ends kept. `type` may carry SOCK_NONBLOCK. */
  socketPair(type?: number): [left: number, right: number];
  /** A connection over TCP on 127.0.0.1, its ends kept. */
  tcpPair(): [client: number, server: number];
  /** A new regular file, open for reading and writing at offset 0, kept. */
  file(content?: Uint8Array): number;
  /** A name that is not taken yet, in a directory that goes with the row. */
  path(): string;
  /** A new empty directory. */
  directory(): string;
  unlink(path: string): void;
  /** The open descriptors of this process and what each is. */
  openDescriptors(): readonly string[];
  /** What is done to names beside the calls. */
  readonly names: TreeOfNames;
  /** Zeroed memory of the kernel's own, for `load` and `store`; it goes with the row. */
  memory(length?: number): Address;
  /** A mapping at an address that the kernel chose; it goes with the row. Answers the address. */
  map(length: number, protection: number, flags: number, fd?: number, offset?: number): number;
  /** What the kernel says of the mapping that begins at the address. */
  area(address: number): Area;
  /** The call on a thread where it may sleep. */
  offload<Name extends SleepingCall>(
    name: Name,
    ...parameters: Parameters<Calls[Name]>
  ): Promise<number>;
  /** Another process, which inherits these descriptors; it ends with the row. */
  process(inherit?: readonly number[]): Promise<TestProcess>;
  /** From now on deliveries of the signal to this process are recorded. */
  signal(signal: number): SignalProbe;
}

/** What a row does. */
export type Body = (subject: Subject) => void | Promise<void>;

export interface Credentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** Those of a sim kernel's own functions that rows need, for Linux by node:fs. */
export type TreeOfNames = Pick<
  Names,
  'mkdir' | 'symlink' | 'readlink' | 'rename' | 'readdir' | 'utimes' | 'writeFile'
>;

/** A line of /proc/self/maps. */
export interface Area {
  /** rwx, then s(hared) or p(rivate). */
  readonly permissions: string;
  /** How much of it is in memory. */
  readonly residentBytes: number;
}

/** The deliveries of one signal to this process. */
export interface SignalProbe {
  /** The oldest record not yet taken, in the places of SIGNAL_…; undefined when there is none. */
  take(): Int32Array | undefined;
}

/** A subject made of the kernel's own calls. */
export abstract class CallSubject implements Subject {
  abstract readonly kernel: Kernel;
  abstract readonly credentials: Credentials;
  readonly #kept = new Set<number>();
  readonly #mapped: [address: number, length: number][] = [];
  readonly #watched: number[] = [];

  keep = (fd: number): number => {
    this.#kept.add(succeeds(fd));
    return fd;
  };

  close = (fd: number): void => {
    this.#kept.delete(fd);
    succeeds(this.kernel.close(fd), 0);
  };

  pipe = (flags = 0): [number, number] => {
    const fds = new Int32Array(2);
    succeeds(this.kernel.pipe2(flags | f.O_CLOEXEC, fds), 0);
    return [this.keep(fds[0] as number), this.keep(fds[1] as number)];
  };

  socketPair = (type: number = f.SOCK_STREAM): [number, number] => {
    const fds = new Int32Array(2);
    succeeds(this.kernel.socketpair(f.AF_UNIX, type | f.SOCK_CLOEXEC, 0, fds), 0);
    return [this.keep(fds[0] as number), this.keep(fds[1] as number)];
  };

  tcpPair = (): [number, number] => connection(this, LOOPBACK);

  file = (content?: Uint8Array): number => {
    const flags = f.O_RDWR | f.O_CREAT | f.O_EXCL | f.O_CLOEXEC;
    const fd = this.keep(this.kernel.openat(f.AT_FDCWD, this.path(), flags, 0o600));
    if (content !== undefined) succeeds(this.kernel.pwrite(fd, content, 0), content.length);
    return fd;
  };

  memory = (length = 4096): Address => {
    const protection = f.PROT_READ | f.PROT_WRITE;
    const address = this.map(length, protection, f.MAP_PRIVATE | f.MAP_ANONYMOUS);
    return new BigUint64Array([BigInt(address), BigInt(length)]);
  };

  map = (length: number, protection: number, flags: number, fd = -1, offset = 0): number => {
    const address = succeeds(this.kernel.mmap(0, length, protection, flags, fd, offset));
    this.#mapped.push([address, length]);
    return address;
  };

  offload = <Name extends SleepingCall>(
    name: Name,
    ...parameters: Parameters<Calls[Name]>
  ): Promise<number> =>
    new Promise((resolve) => {
      const ticket = this.kernel.offload(name, parameters, resolve);
      if (ticket < 0) resolve(ticket);
    });

  signal = (signal: number): SignalProbe => {
    const reader = this.keep(this.kernel.signal_watch(signal));
    this.#watched.push(signal);
    return {
      take: () => {
        const record = new Int32Array(f.SIGNAL_RECORD_BYTES / 4);
        const bytes: Memory = new Uint8Array(record.buffer);
        return this.kernel.read(reader, bytes) === bytes.length ? record : undefined;
      },
    };
  };

  abstract path: () => string;
  abstract directory: () => string;
  abstract unlink: (path: string) => void;
  abstract openDescriptors: () => readonly string[];
  abstract readonly names: TreeOfNames;
  abstract area: (address: number) => Area;
  abstract process: (inherit?: readonly number[]) => Promise<TestProcess>;

  /** The row is over. A subclass ends what it has made itself, then calls this. */
  async end(): Promise<void> {
    for (const signal of this.#watched) this.kernel.signal_unwatch(signal);
    for (const fd of this.#kept) this.kernel.close(fd);
    for (const [address, length] of this.#mapped) this.kernel.munmap(address, length);
  }
}
